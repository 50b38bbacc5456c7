"""The invariants of the books, each looked for in what is stored, as one set-based question.

The database refuses all of this at the time of writing; a check believes nothing and looks again, so that what went past
the triggers (a restored backup, a superuser's hand) is found and named.
"""

from ledger.reports import manual_checks, seal_checks
from ledger.reports.offenders import Check, Offender, offenders


def unbalanced() -> list[Offender]:
    """Debits equal credits in each entry, per currency and in LCY."""
    return offenders(
        "an entry balances",
        """
        SELECT e.event_key, 'in ' || l.currency_id || ': debit ' || sum(l.debit) || ', credit ' || sum(l.credit)
               || ', LCY debit ' || sum(l.debit_lcy) || ', credit ' || sum(l.credit_lcy)
        FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
        GROUP BY e.id, l.currency_id
        HAVING sum(l.debit) <> sum(l.credit) OR sum(l.debit_lcy) <> sum(l.credit_lcy)
        ORDER BY e.id
        """,
    )


def incomplete() -> list[Offender]:
    """An entry has as many lines as its header says, at least two, numbered from 1 without a gap."""
    return offenders(
        "an entry is complete",
        """
        SELECT e.event_key, count(l.id) || ' of ' || e.line_count || ' lines, numbered '
               || coalesce(string_agg(l.line_no::text, ', ' ORDER BY l.line_no), 'not at all')
        FROM ledger_journalentry e LEFT JOIN ledger_journalline l ON l.entry_id = e.id
        GROUP BY e.id
        HAVING count(l.id) <> e.line_count OR e.line_count < 2 OR min(l.line_no) <> 1
            OR max(l.line_no) <> e.line_count OR count(DISTINCT l.line_no) <> count(l.id)
        ORDER BY e.id
        """,
    )


def without_entry() -> list[Offender]:
    """No line stands outside an entry."""
    return offenders(
        "a line belongs to an entry",
        """
        SELECT 'line ' || l.id, 'names entry ' || l.entry_id || ', which does not exist'
        FROM ledger_journalline l WHERE NOT EXISTS (SELECT FROM ledger_journalentry e WHERE e.id = l.entry_id)
        ORDER BY l.id
        """,
    )


def other_currency() -> list[Offender]:
    """A line has the currency of its entry."""
    return offenders(
        "a line has its entry's currency",
        """
        SELECT e.event_key, 'line ' || l.line_no || ' is in ' || l.currency_id || ', the entry in ' || e.currency_id
        FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
        WHERE l.currency_id <> e.currency_id
        ORDER BY e.id, l.line_no
        """,
    )


def not_one_side() -> list[Offender]:
    """A line uses exactly one side and no amount is negative."""
    return offenders(
        "a line is one debit or one credit",
        """
        SELECT e.event_key, 'line ' || l.line_no || ': debit ' || l.debit || ', credit ' || l.credit
               || ', LCY debit ' || l.debit_lcy || ', credit ' || l.credit_lcy
        FROM ledger_journalline l LEFT JOIN ledger_journalentry e ON e.id = l.entry_id
        WHERE least(l.debit, l.credit, l.debit_lcy, l.credit_lcy) < 0
           OR (l.debit <> 0 OR l.debit_lcy <> 0) = (l.credit <> 0 OR l.credit_lcy <> 0)
        ORDER BY e.id, l.line_no
        """,
    )


def not_mirrored() -> list[Offender]:
    """A reversal mirrors, line by line, what it reverses, and what it reverses is no reversal."""
    return offenders(
        "a reversal mirrors its entry",
        """
        WITH wanted AS (
            SELECT e.id, l.line_no, (l.account_id, l.product_group_id, l.currency_id, l.credit, l.debit, l.credit_lcy,
                                     l.debit_lcy, l.party, l.lot, l.dimensions) AS line
            FROM ledger_journalentry e JOIN ledger_journalline l ON l.entry_id = e.reverses_id
        ), posted AS (
            SELECT e.id, l.line_no, (l.account_id, l.product_group_id, l.currency_id, l.debit, l.credit, l.debit_lcy,
                                     l.credit_lcy, l.party, l.lot, l.dimensions) AS line
            FROM ledger_journalentry e JOIN ledger_journalline l ON l.entry_id = e.id WHERE e.reverses_id IS NOT NULL
        ), differing AS (
            SELECT id, min(line_no) AS line_no FROM wanted FULL JOIN posted USING (id, line_no)
            WHERE wanted.line IS DISTINCT FROM posted.line GROUP BY id
        )
        SELECT e.event_key, CASE WHEN r.reverses_id IS NULL THEN 'differs from ' || r.event_key || ' at line ' || d.line_no
                                 ELSE 'reverses ' || r.event_key || ', itself a reversal' END
        FROM ledger_journalentry e
        JOIN ledger_journalentry r ON r.id = e.reverses_id
        LEFT JOIN differing d ON d.id = e.id
        WHERE d.id IS NOT NULL OR r.reverses_id IS NOT NULL
        ORDER BY e.id
        """,
    )


def reversed_twice() -> list[Offender]:
    """An entry is reversed once."""
    return offenders(
        "an entry is reversed once",
        """
        SELECT r.event_key, 'is reversed by ' || string_agg(e.event_key, ', ' ORDER BY e.id)
        FROM ledger_journalentry e JOIN ledger_journalentry r ON r.id = e.reverses_id
        GROUP BY r.id HAVING count(*) > 1
        ORDER BY r.id
        """,
    )


def posted_twice() -> list[Offender]:
    """A business event is posted once."""
    return offenders(
        "an event is posted once",
        """
        SELECT event_key, 'is posted by ' || string_agg(id::text, ', ' ORDER BY id)
        FROM ledger_journalentry GROUP BY event_key HAVING count(*) > 1 OR event_key = ''
        ORDER BY event_key
        """,
    )


def posted_after_close() -> list[Offender]:
    """Nothing was posted behind the end of a period after it was closed, nor by the night after it was soft-closed, nor
    before the day of its event. (Who may post into soft-closed periods changes; so people are not looked at.)"""
    return offenders(
        "a posting date is open and not before its day",
        """
        SELECT e.event_key, 'posted on ' || e.posting_date || ', effective ' || e.effective_on
               || coalesce(', into ' || p.name || ', which was closed before', '')
        FROM ledger_journalentry e
        LEFT JOIN LATERAL (
            SELECT name FROM ledger_accountingperiod
            WHERE e.posting_date <= ends_on AND (
                closed_at < e.created_at OR (soft_closed_at < e.created_at AND e.created_by_id IS NULL))
            ORDER BY starts_on LIMIT 1
        ) p ON true
        WHERE p.name IS NOT NULL OR e.posting_date < e.effective_on
        ORDER BY e.id
        """,
    )


def finer_than_currency() -> list[Offender]:
    """No amount has more decimals than its currency, nor an LCY amount more than the LCY."""
    return offenders(
        "an amount has its currency's decimals",
        """
        SELECT e.event_key, 'line ' || l.line_no || ': ' || l.debit + l.credit || ' ' || c.code
               || ', LCY ' || l.debit_lcy + l.credit_lcy
        FROM ledger_journalline l
        JOIN ledger_currency c ON c.code = l.currency_id
        LEFT JOIN ledger_journalentry e ON e.id = l.entry_id
        CROSS JOIN (SELECT c.decimals FROM ledger_ledgersetup s JOIN ledger_currency c ON c.code = s.lcy_id) lcy
        WHERE scale(trim_scale(l.debit + l.credit)) > c.decimals
           OR scale(trim_scale(l.debit_lcy + l.credit_lcy)) > lcy.decimals
        ORDER BY e.id, l.line_no
        """,
    )


def lcy_differs() -> list[Offender]:
    """A line in the LCY has the same amount in both."""
    return offenders(
        "an amount in the LCY is its own LCY amount",
        """
        SELECT e.event_key, 'line ' || l.line_no || ': ' || l.debit + l.credit || ' ' || l.currency_id
               || ', LCY ' || l.debit_lcy + l.credit_lcy
        FROM ledger_journalline l
        JOIN ledger_ledgersetup s ON s.lcy_id = l.currency_id
        LEFT JOIN ledger_journalentry e ON e.id = l.entry_id
        WHERE l.debit <> l.debit_lcy OR l.credit <> l.credit_lcy
        ORDER BY e.id, l.line_no
        """,
    )


CHECKS: dict[str, Check] = {
    "entries balance": unbalanced,
    "entries are complete": incomplete,
    "lines have an entry": without_entry,
    "lines have their entry's currency": other_currency,
    "lines use one side": not_one_side,
    "reversals mirror": not_mirrored,
    "reversed once": reversed_twice,
    "events posted once": posted_twice,
    "posting dates are open": posted_after_close,
    "decimals of the currency": finer_than_currency,
    "LCY equals itself": lcy_differs,
    **manual_checks.CHECKS,
    **seal_checks.CHECKS,
}
