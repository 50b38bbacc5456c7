"""Prepaid services against themselves and against the books: each check finds what should not exist, in one statement.

What is left of an inflow is worked out anew from the entries; money is compared with the journal under the lot key of the
inflow, event by event; documents are in `document_checks`.
"""

from ledger.reports.checks import Check, Offender, offenders
from prepaid.reports import document_checks

BALANCES = """
WITH taken AS (
    SELECT a.inflow_id, sum(a.amount) AS amount, sum(a.amount_lcy) AS amount_lcy, sum(a.quantity) AS quantity,
           coalesce(sum(a.amount) FILTER (WHERE o.entry_type = 'dissolution'), 0) AS expired,
           coalesce(sum(a.amount_lcy) FILTER (WHERE o.entry_type = 'dissolution'), 0) AS expired_lcy,
           coalesce(sum(a.quantity) FILTER (WHERE o.entry_type = 'dissolution'), 0) AS expired_quantity
    FROM prepaid_application a JOIN prepaid_prepaidentry o ON o.id = a.outflow_id GROUP BY a.inflow_id
), said AS (
    SELECT i.id, i.service_id, i.amount - coalesce(t.amount, 0) AS amount, i.amount_lcy - coalesce(t.amount_lcy,
        0) AS amount_lcy,
           i.quantity - coalesce(t.quantity, 0) AS quantity, coalesce(t.expired, 0) AS expired,
           coalesce(t.expired_lcy, 0) AS expired_lcy, coalesce(t.expired_quantity, 0) AS expired_quantity
    FROM prepaid_prepaidentry i LEFT JOIN taken t ON t.inflow_id = i.id WHERE i.entry_type = 'positive'
)
SELECT 'entry ' || coalesce(s.id, b.entry_id),
       format('%%s, LCY %%s, quantity %%s left, and %%s, LCY %%s expired; its entries say %%s, %%s, %%s, and %%s, LCY %%s',
              b.remaining, b.remaining_lcy, b.remaining_quantity, b.expired + b.expired_quantity, b.expired_lcy, s.amount,
              s.amount_lcy, s.quantity, s.expired + s.expired_quantity, s.expired_lcy)
FROM said s FULL JOIN prepaid_inflowbalance b ON b.entry_id = s.id
WHERE (b.service_id, b.remaining, b.remaining_lcy, b.remaining_quantity, b.expired, b.expired_lcy, b.expired_quantity)
    IS DISTINCT FROM (s.service_id, s.amount, s.amount_lcy, s.quantity, s.expired, s.expired_lcy, s.expired_quantity)
"""

OUTFLOWS = """
SELECT 'entry ' || o.id, format('%%s, LCY %%s, quantity %%s; its applications come to %%s, %%s and %%s', o.amount,
    o.amount_lcy,
                                o.quantity, coalesce(a.amount, 0), coalesce(a.amount_lcy, 0), coalesce(a.quantity, 0))
FROM prepaid_prepaidentry o
LEFT JOIN (
    SELECT outflow_id, -sum(amount) AS amount, -sum(amount_lcy) AS amount_lcy, -sum(quantity) AS quantity
    FROM prepaid_application GROUP BY 1
) a ON a.outflow_id = o.id
WHERE CASE WHEN o.entry_type = 'positive' THEN a.outflow_id IS NOT NULL
           ELSE (o.amount, o.amount_lcy, o.quantity) IS DISTINCT FROM (a.amount, a.amount_lcy, a.quantity) END
"""

GIVEN_BACK = """
SELECT 'entry ' || i.id, format('%%s, LCY %%s, quantity %%s; what was given back into it comes to %%s, %%s and %%s', i.amount,
                                i.amount_lcy, i.quantity, coalesce(g.amount, 0), coalesce(g.amount_lcy, 0),
                                coalesce(g.quantity, 0))
FROM prepaid_prepaidentry i
LEFT JOIN (
    SELECT inflow_id, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy, sum(quantity) AS quantity
    FROM prepaid_giveback GROUP BY 1
) g ON g.inflow_id = i.id
WHERE (i.came_from_id IS NOT NULL OR g.inflow_id IS NOT NULL)
  AND (i.came_from_id IS NULL OR (i.amount, i.amount_lcy, i.quantity) IS DISTINCT FROM (g.amount, g.amount_lcy, g.quantity))
"""

TAKEN = """
WITH back AS (
    SELECT application_id, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy, sum(quantity) AS quantity
    FROM prepaid_giveback GROUP BY 1
)
SELECT 'application ' || a.id, format('took %%s, LCY %%s, quantity %%s of entry %%s; %%s, %%s and %%s were given back',
    a.amount,
                                      a.amount_lcy, a.quantity, a.inflow_id, back.amount, back.amount_lcy, back.quantity)
FROM prepaid_application a JOIN back ON back.application_id = a.id
WHERE back.amount > a.amount OR back.amount_lcy > a.amount_lcy OR back.quantity > a.quantity
UNION ALL
SELECT 'application ' || a.id, format('was given back into entry %%s, which did not come from entry %%s, by a line that does '
                                      'not correct what it paid for', g.inflow_id, a.inflow_id)
FROM prepaid_giveback g
JOIN prepaid_application a ON a.id = g.application_id
JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
JOIN prepaid_prepaidentry i ON i.id = g.inflow_id
JOIN prepaid_salesline l ON l.id = g.line_id
WHERE o.entry_type <> 'consumption' OR i.came_from_id IS DISTINCT FROM a.inflow_id
   OR l.corrects_line_id IS DISTINCT FROM a.used_line_id
"""

# What comes back of an inflow is held as the inflow was, and can be used as long.
ORIGIN = """
SELECT 'entry ' || i.id, format('differs from entry %%s, where it came from, in its valid-until, groups, account or rate',
    o.id)
FROM prepaid_prepaidentry i JOIN prepaid_prepaidentry o ON o.id = i.came_from_id
WHERE (i.service_id, i.valid_until, i.product_group_id, i.business_group_id, i.deferral_account_id, i.deferral_group_id,
    i.exchange_rate)
    IS DISTINCT FROM
      (o.service_id, o.valid_until, o.product_group_id, o.business_group_id, o.deferral_account_id, o.deferral_group_id,
          o.exchange_rate)
"""

# What is gone of an inflow has taken its share of the LCY, rounded half up, in whatever order the parts left.
LCY_SHARE = """
SELECT 'entry ' || i.id, format('LCY %%s left of %%s with %%s of %%s gone; its share is %%s', b.remaining_lcy, i.amount_lcy,
                                i.amount - b.remaining, i.amount, due.left_lcy)
FROM prepaid_inflowbalance b
JOIN prepaid_prepaidentry i ON i.id = b.entry_id
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
CROSS JOIN LATERAL (
    SELECT i.amount_lcy - ledger_cumulative(i.amount_lcy, i.amount - b.remaining, i.amount, lcy.decimals) AS left_lcy
) due
WHERE i.amount > 0 AND b.remaining_lcy <> due.left_lcy
"""

# A receipt is worth in LCY what the rate of its day makes of it; what came back keeps what it had.
AT_ITS_RATE = """
SELECT 'entry ' || i.id, format('%%s at %%s is LCY %%s, not %%s', i.amount, i.exchange_rate,
                                round(i.amount * i.exchange_rate, lcy.decimals), i.amount_lcy)
FROM prepaid_prepaidentry i
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
WHERE i.entry_type = 'positive' AND i.came_from_id IS NULL AND i.amount > 0
  AND i.amount_lcy IS DISTINCT FROM round(i.amount * i.exchange_rate, lcy.decimals)
"""

LIABILITY_PER_LOT = """
WITH lots AS (
    SELECT 'prepaid:' || i.id AS lot, i.deferral_account_id AS account_id, i.deferral_group_id AS product_group_id,
        i.currency_id,
           b.remaining AS amount, b.remaining_lcy AS amount_lcy
    FROM prepaid_prepaidentry i LEFT JOIN prepaid_inflowbalance b ON b.entry_id = i.id
    WHERE i.deferral_account_id IS NOT NULL
), books AS (
    SELECT lot, account_id, product_group_id, currency_id,
           sum(credit - debit) AS amount, sum(credit_lcy - debit_lcy) AS amount_lcy
    FROM ledger_journalline
    WHERE lot LIKE 'prepaid:%%' AND account_id IN (SELECT code FROM ledger_setup_account WHERE purpose = 'deferral'
                                                   UNION SELECT account_id FROM lots)
    GROUP BY 1, 2, 3, 4
)
SELECT 'lot ' || coalesce(l.lot, b.lot),
       format('%%s %%s left, LCY %%s; the journal says %%s and %%s on account %%s', coalesce(l.currency_id, b.currency_id),
              coalesce(l.amount, 0), coalesce(l.amount_lcy, 0), coalesce(b.amount, 0), coalesce(b.amount_lcy, 0),
              coalesce(l.account_id, b.account_id))
FROM lots l
FULL JOIN books b ON b.lot = l.lot AND (b.account_id, b.product_group_id, b.currency_id)
    IS NOT DISTINCT FROM (l.account_id, l.product_group_id, l.currency_id)
WHERE (coalesce(l.amount, 0), coalesce(l.amount_lcy, 0)) <> (coalesce(b.amount, 0), coalesce(b.amount_lcy, 0))
"""

# What an event did to an inflow's money is what its journal entry did to the deferral account, and the other way round.
POSTED = """
WITH said AS (
    SELECT event_key, lot, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy FROM (
        SELECT event_key, 'prepaid:' || id AS lot, amount, amount_lcy FROM prepaid_prepaidentry
        WHERE deferral_account_id IS NOT NULL
        UNION ALL
        SELECT o.event_key, 'prepaid:' || i.id, -a.amount, -a.amount_lcy
        FROM prepaid_application a
        JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
        JOIN prepaid_prepaidentry i ON i.id = a.inflow_id
        WHERE i.deferral_account_id IS NOT NULL
    ) moves GROUP BY 1, 2
), posted AS (
    SELECT e.event_key, l.lot, sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE l.lot LIKE 'prepaid:%%' AND l.account_id IN (
        SELECT code FROM ledger_setup_account WHERE purpose = 'deferral'
        UNION SELECT deferral_account_id FROM prepaid_prepaidentry)
    GROUP BY 1, 2
)
SELECT event_key, format('%%s: its prepaid entries say %%s, LCY %%s; its journal entry %%s and %%s', lot, coalesce(s.amount,
    0),
                         coalesce(s.amount_lcy, 0), coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
FROM said s FULL JOIN posted p USING (event_key, lot)
WHERE (coalesce(s.amount, 0), coalesce(s.amount_lcy, 0)) <> (coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
"""

# An event's journal entry is of its kind and its day, and there is none without an event. What a contract line tops up comes
# on the first day of its period, and leaves with its credit memo, or on that day where it is yet to come.
KINDS = """
WITH said AS (
    SELECT DISTINCT e.event_key, CASE WHEN e.posted_on = contract.day THEN d.posted_on ELSE e.posted_on END AS posted_on,
           CASE e.document_type WHEN 'invoice' THEN 'sales_invoice' WHEN 'credit_memo' THEN 'sales_credit_memo'
                                WHEN 'expiry' THEN 'prepaid_expiry' ELSE 'prepaid_entry' END AS kind
    FROM prepaid_prepaidentry e
    LEFT JOIN prepaid_salesline l ON l.id = e.line_id AND l.role = 'contract'
    LEFT JOIN prepaid_salesdocument d ON d.id = l.document_id
    LEFT JOIN prepaid_billedperiod b ON b.line_id = l.id
    LEFT JOIN LATERAL (
        SELECT coalesce(b.starts_on, greatest(d.posted_on, max(i.posted_on))) AS day
        FROM prepaid_application a JOIN prepaid_prepaidentry i ON i.id = a.inflow_id WHERE a.outflow_id = e.id
    ) contract ON l.id IS NOT NULL
    UNION
    SELECT 'sales-document:' || id, posted_on, 'sales_' || type FROM prepaid_salesdocument WHERE state = 'posted'
)
SELECT coalesce(e.event_key, s.event_key), format('a journal entry %%s of %%s; the event is %%s of %%s', e.kind,
    e.effective_on,
                                                  coalesce(s.kind, 'nothing'), coalesce(s.posted_on::text, 'no day'))
FROM ledger_journalentry e
LEFT JOIN said s ON s.event_key = e.event_key
WHERE (e.kind IN ('sales_invoice', 'sales_credit_memo', 'prepaid_expiry', 'prepaid_entry') OR s.event_key IS NOT NULL)
  AND e.reverses_id IS NULL AND (e.kind, e.effective_on) IS DISTINCT FROM (s.kind, s.posted_on)
"""

# What was used of an inflow with money behind it names its revenue account; nothing else does.
REVENUE_NAMED = """
SELECT 'application ' || a.id, format('a %%s of entry %%s, %%s, for revenue account %%s', o.entry_type, i.id,
                                      coalesce('on account ' || i.deferral_account_id, 'with no money behind it'),
                                      coalesce(a.revenue_account_id, 'none'))
FROM prepaid_application a
JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
JOIN prepaid_prepaidentry i ON i.id = a.inflow_id
WHERE (a.revenue_account_id IS NOT NULL) <> (o.entry_type = 'consumption' AND i.deferral_account_id IS NOT NULL)
"""

# It is revenue of that account and group in the books, and what came back is not any more.
REVENUE = """
WITH said AS (
    SELECT event_key, lot, account_id, group_id, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy FROM (
        SELECT o.event_key, 'prepaid:' || a.inflow_id AS lot, a.revenue_account_id AS account_id,
               a.revenue_group_id AS group_id, a.amount, a.amount_lcy
        FROM prepaid_application a JOIN prepaid_prepaidentry o ON o.id = a.outflow_id WHERE a.revenue_account_id IS NOT NULL
        UNION ALL
        SELECT i.event_key, 'prepaid:' || i.id, a.revenue_account_id, a.revenue_group_id, -g.amount, -g.amount_lcy
        FROM prepaid_giveback g
        JOIN prepaid_prepaidentry i ON i.id = g.inflow_id
        JOIN prepaid_application a ON a.id = g.application_id
        WHERE a.revenue_account_id IS NOT NULL
    ) used GROUP BY 1, 2, 3, 4
), posted AS (
    SELECT e.event_key, l.lot, l.account_id, l.product_group_id AS group_id, sum(l.credit - l.debit) AS amount,
           sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    JOIN ledger_ledgeraccount a ON a.code = l.account_id
    WHERE l.lot LIKE 'prepaid:%%' AND a.category = 'revenue' AND e.kind IN ('sales_invoice', 'sales_credit_memo')
    GROUP BY 1, 2, 3, 4
)
SELECT event_key, format('%%s: %%s, LCY %%s used as revenue of account %%s, group %%s; its journal entry says %%s and %%s',
                         lot, coalesce(s.amount, 0), coalesce(s.amount_lcy, 0), account_id, group_id, coalesce(p.amount, 0),
                         coalesce(p.amount_lcy, 0))
FROM said s FULL JOIN posted p USING (event_key, lot, account_id, group_id)
WHERE (coalesce(s.amount, 0), coalesce(s.amount_lcy, 0)) <> (coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
"""

IN_TIME = """
SELECT 'application ' || a.id, format('a %%s of %%s took of entry %%s, received on %%s and valid until %%s', o.entry_type,
                                      o.posted_on, i.id, i.posted_on, coalesce(i.valid_until::text, 'any day'))
FROM prepaid_application a
JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
JOIN prepaid_prepaidentry i ON i.id = a.inflow_id
WHERE o.posted_on < i.posted_on
   OR ((o.entry_type = 'consumption' OR o.document_type = 'credit_memo') AND i.valid_until < o.posted_on)
   OR (o.entry_type = 'dissolution' AND (i.valid_until IS NULL OR i.valid_until >= o.posted_on))
   OR i.service_id <> o.service_id OR i.entry_type <> 'positive' OR o.entry_type = 'positive'
"""

FITS = """
SELECT 'entry ' || e.id, format('%%s, quantity %%s, in %%s%%s; prepaid service %%s is %%s, %%s, in %%s', e.amount, e.quantity,
                                e.currency_id, ', deferred on account ' || e.deferral_account_id, s.number, s.accrual, s.type,
                                coalesce(s.currency_id, 'no currency'))
FROM prepaid_prepaidentry e JOIN prepaid_prepaidservice s ON s.id = e.service_id
WHERE e.currency_id IS DISTINCT FROM s.currency_id OR (s.type = 'amount') <> (e.amount <> 0)
   OR (s.accrual = 'one_time' AND s.type <> 'amount') OR (s.accrual = 'periodic' AND e.deferral_account_id IS NOT NULL)
"""

CLOSED = """
SELECT s.number, format('is closed with %%s and a quantity of %%s left', sum(b.remaining), sum(b.remaining_quantity))
FROM prepaid_prepaidservice s JOIN prepaid_inflowbalance b ON b.service_id = s.id
WHERE s.closed GROUP BY s.id HAVING sum(b.remaining) <> 0 OR sum(b.remaining_quantity) <> 0
"""

# What waits for review had lapsed before anybody proposed it, so that nothing of it can be used; what was approved has its
# Dissolution.
PROPOSALS = """
SELECT 'proposal ' || p.id, format('of %%s for entry %%s, which is valid until %%s', p.proposed_on, i.id,
                                   coalesce(i.valid_until::text, 'any day'))
FROM prepaid_dissolutionproposal p JOIN prepaid_prepaidentry i ON i.id = p.inflow_id
WHERE i.valid_until IS NULL OR i.valid_until > p.proposed_on
UNION ALL
SELECT 'proposal ' || p.id, format('is posted, but nothing of entry %%s has expired', p.inflow_id)
FROM prepaid_dissolutionproposal p
WHERE p.state = 'posted' AND NOT EXISTS (
    SELECT FROM prepaid_application a JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
    WHERE a.inflow_id = p.inflow_id AND o.entry_type = 'dissolution')
"""

# An entry by hand is what was asked for, once, and what was above the threshold was approved by somebody else.
BY_HAND = """
SELECT coalesce(e.event_key, 'prepaid-entry:' || r.id),
       format('asked for: %%s %%s on %%s, %%s; written: %%s %%s on %%s', r.entry_type, r.amount + r.quantity, r.posted_on,
              r.state, e.entry_type, abs(e.amount + e.quantity), e.posted_on)
FROM (SELECT * FROM prepaid_prepaidentry WHERE document_type IN ('by_hand', 'opening')) e
FULL JOIN (SELECT * FROM prepaid_entryrequest WHERE state = 'posted') r ON e.event_key = 'prepaid-entry:' || r.id
WHERE (e.service_id, e.entry_type, e.posted_on, abs(e.amount), abs(e.quantity), e.document_type, e.reason)
    IS DISTINCT FROM (r.service_id, r.entry_type, r.posted_on, r.amount, r.quantity, r.document_type, r.reason)
   OR (r.needs_approval AND (r.decided_by_id IS NULL OR r.decided_by_id = r.requested_by_id))
UNION ALL
SELECT event_key, 'is written by ' || count(*) || ' entries'
FROM prepaid_prepaidentry WHERE document_type IN ('by_hand', 'opening', 'expiry') GROUP BY event_key HAVING count(*) > 1
"""


def _check(name: str, sql: str) -> tuple[str, Check]:
    def look() -> list[Offender]:
        return offenders(name, sql)

    return name, look


CHECKS: dict[str, Check] = dict(
    [
        _check("prepaid balances follow their entries", BALANCES),
        _check("prepaid outflows are their applications", OUTFLOWS),
        _check("what comes back to a prepaid service was given back", GIVEN_BACK),
        _check("no more of a prepaid service is given back than was used", TAKEN),
        _check("what comes back is held as it was", ORIGIN),
        _check("what is left of a prepaid inflow in LCY is its share", LCY_SHARE),
        _check("prepaid receipts are at the rate of their day", AT_ITS_RATE),
        _check("each prepaid lot's liability is in the journal", LIABILITY_PER_LOT),
        _check("what prepaid entries move is posted", POSTED),
        _check("prepaid events and their journal entries agree", KINDS),
        _check("only what is used of deferred money is revenue", REVENUE_NAMED),
        _check("what is used is revenue of its account", REVENUE),
        _check("prepaid inflows are used while they are valid", IN_TIME),
        _check("prepaid entries fit their service", FITS),
        _check("closed prepaid services are at zero", CLOSED),
        _check("what waits for review had lapsed", PROPOSALS),
        _check("prepaid entries by hand were asked for", BY_HAND),
        *(_check(name, sql) for name, sql in document_checks.CHECKS.items()),
    ]
)
