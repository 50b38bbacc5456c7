"""What is posted by hand, and what asked for it: one and the same, numbered without a gap."""

from ledger.reports.offenders import Check, Offender, offenders


def differing() -> list[Offender]:
    """A posted manual entry and its journal entry have the same currency, day, reason and lines. The few entries by hand are
    gathered first: on tables that nobody has analysed the planner would look through the journal for each."""
    return offenders(
        "a manual entry is posted as it was approved",
        """
        WITH by_hand AS MATERIALIZED (
            SELECT id FROM ledger_journalentry WHERE kind = 'manual'
            UNION SELECT entry_id FROM ledger_manualentry WHERE state = 'posted'
        ), wanted AS MATERIALIZED (
            SELECT m.entry_id, l.line_no, (m.currency_id, m.effective_on, m.reason, l.account_id, l.product_group_id,
                                           l.debit, l.credit, l.dimensions) AS line
            FROM ledger_manualentry m JOIN ledger_manualentryline l ON l.manual_entry_id = m.id
            WHERE m.state = 'posted'
        ), posted AS MATERIALIZED (
            SELECT e.id AS entry_id, l.line_no, (l.currency_id, e.effective_on, e.reason, l.account_id, l.product_group_id,
                                                 l.debit, l.credit, l.dimensions) AS line
            FROM by_hand JOIN ledger_journalentry e USING (id) JOIN ledger_journalline l ON l.entry_id = e.id
        )
        SELECT e.event_key, CASE WHEN m.id IS NULL THEN 'has no manual entry'
                                 ELSE 'differs from ' || m.number || ' at line ' || min(line_no) END
        FROM wanted FULL JOIN posted USING (entry_id, line_no)
        JOIN ledger_journalentry e ON e.id = entry_id
        LEFT JOIN ledger_manualentry m ON m.entry_id = e.id
        WHERE wanted.line IS DISTINCT FROM posted.line
        GROUP BY e.id, m.id
        ORDER BY e.id
        """,
    )


def approved_by_maker() -> list[Offender]:
    """Whoever approved it had no hand in it."""
    return offenders(
        "a manual entry is approved by another",
        """
        SELECT coalesce(nullif(number, ''), 'manual entry ' || id),
               'is approved by one of its makers, user ' || approved_by_id
        FROM ledger_manualentry WHERE approved_by_id = ANY (makers)
        ORDER BY id
        """,
    )


def numbers_missing() -> list[Offender]:
    """The places of manual entries in their series run from 1 to the last one given, and each number ends in its place:
    what stands before it has changed whenever the series did."""
    return offenders(
        "manual entries are numbered without a gap",
        """
        WITH given AS (
            SELECT number, sequence, lag(sequence, 1, 0::bigint) OVER (ORDER BY sequence) AS before
            FROM ledger_manualentry WHERE state = 'posted'
        )
        SELECT number, 'follows number ' || before FROM given WHERE sequence IS DISTINCT FROM before + 1
        UNION ALL
        SELECT number, 'is number ' || sequence || ' of its series' FROM given
        WHERE right(number, length(sequence::text)) <> sequence::text
        UNION ALL
        SELECT s.code, 'has given ' || s.last_number || ' numbers, the last entry has number '
                       || coalesce(max(sequence), 0)
        FROM ledger_numberseries s LEFT JOIN given ON true
        WHERE s.code = 'MANUAL' GROUP BY s.code, s.last_number HAVING s.last_number <> coalesce(max(sequence), 0)
        """,
    )


CHECKS: dict[str, Check] = {
    "manual entries agree": differing,
    "manual entries approved by another": approved_by_maker,
    "manual entries numbered": numbers_missing,
}
