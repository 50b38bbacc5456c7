"""Contracts against themselves and against the books: what they billed, what waits, and what was released. For
`ledger.tie_outs`; one statement each, as in `checks`.

A deferral is named by its lot, a part by its number within it.
"""

from ledger.reports.checks import Check, Offender, offenders

# A contract line of a posted invoice bills a period and, where it comes to anything, waits as it was posted. A commitment of
# which nothing stays billed may have moved to another contract since.
LINES = """
WITH billing AS (
    SELECT l.*, d.posted_number, d.account_id, d.currency_id, d.exchange_rate, d.business_group_id,
           d.type = 'invoice' AND d.state = 'posted' AND l.role = 'contract' AS billed
    FROM prepaid_salesline l JOIN prepaid_salesdocument d ON d.id = l.document_id
)
SELECT coalesce(l.posted_number, c.lot), format('line %%s, %%s net: billed period %%s, deferral %%s', l.line_no, l.net,
                                                coalesce(b.id::text, 'none'), coalesce(c.lot || ' of ' || c.amount, 'none'))
FROM billing l
LEFT JOIN prepaid_billedperiod b ON b.line_id = l.id
LEFT JOIN prepaid_servicecommitment s ON s.id = b.commitment_id
FULL JOIN (SELECT *, 'contract:' || id AS lot FROM prepaid_contractdeferral) c ON c.line_id = l.id
WHERE (l.billed OR c.id IS NOT NULL)
  AND (l.billed IS NOT TRUE OR b.id IS NULL OR (c.id IS NOT NULL) <> (l.net > 0)
       OR c.id IS NOT NULL
          AND ((c.amount, c.amount_lcy, c.account_id, c.currency_id, c.exchange_rate, c.business_group_id,
                c.product_group_id, c.deferral_account_id, c.starts_on, c.ends_on, c.commitment_id)
               IS DISTINCT FROM (l.net, l.due_lcy, l.account_id, l.currency_id, l.exchange_rate, l.business_group_id,
                                 l.product_group_id, l.ledger_account_id, b.starts_on, b.ends_on, b.commitment_id)
               OR b.kept_until >= b.starts_on AND c.contract_id IS DISTINCT FROM s.contract_id))
"""

AT_ITS_RATE = """
SELECT 'contract:' || d.id, format('%%s at %%s is LCY %%s, not %%s', d.amount, d.exchange_rate,
                                   round(d.amount * d.exchange_rate, lcy.decimals), d.amount_lcy)
FROM prepaid_contractdeferral d
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
WHERE d.amount_lcy <> round(d.amount * d.exchange_rate, lcy.decimals)
"""

CUT_WHOLE = """
SELECT 'contract:' || d.id, format('%%s, LCY %%s from %%s to %%s; its parts come to %%s and %%s over %%s days', d.amount,
                                   d.amount_lcy, d.starts_on, d.ends_on, coalesce(p.amount, 0), coalesce(p.amount_lcy, 0),
                                   coalesce(p.days, 0))
FROM prepaid_contractdeferral d
LEFT JOIN (
    SELECT deferral_id, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy, sum(ends_on - starts_on + 1) AS days,
           min(starts_on) AS first, max(ends_on) AS last, count(DISTINCT date_trunc('month', starts_on)) AS months,
           count(*) AS n
    FROM prepaid_deferralline WHERE date_trunc('month', starts_on) = date_trunc('month', ends_on) GROUP BY 1
) p ON p.deferral_id = d.id
WHERE (p.amount, p.amount_lcy, p.first, p.last, p.days, p.months)
    IS DISTINCT FROM (d.amount, d.amount_lcy, d.starts_on, d.ends_on, (d.ends_on - d.starts_on + 1)::bigint, p.n)
"""

# Months that are cut take theirs by days, whole ones share the rest: each part is within one minor unit of that, and its LCY
# within one of its share. Cut by equal months, as in Business Central, only the LCY is. `days` and `share` are whole numbers.
SHARES = """
WITH parts AS (
    SELECT p.*, p.ends_on - p.starts_on + 1 AS days,
           p.starts_on = date_trunc('month', p.starts_on)
               AND p.ends_on = date_trunc('month', p.starts_on) + interval '1 month - 1 day' AS whole
    FROM prepaid_deferralline p
), counted AS (
    SELECT *, sum(days) OVER one AS total, greatest(count(*) FILTER (WHERE whole) OVER one, 1) AS wholes,
           coalesce(sum(days) FILTER (WHERE whole) OVER one, 0) AS whole_days
    FROM parts WINDOW one AS (PARTITION BY deferral_id)
)
SELECT 'contract:' || d.id, format('part %%s, %%s to %%s, is %%s of %%s and LCY %%s of %%s; by days %%s and %%s', p.line_no,
                                   p.starts_on, p.ends_on, p.amount, d.amount, p.amount_lcy, d.amount_lcy,
                                   round(exact.amount / exact.parts, c.decimals + 1),
                                   round(d.amount_lcy * p.amount / d.amount, lcy.decimals + 1))
FROM counted p
JOIN prepaid_contractdeferral d ON d.id = p.deferral_id
JOIN ledger_currency c ON c.code = d.currency_id
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
CROSS JOIN LATERAL (
    SELECT d.amount * CASE WHEN p.whole THEN p.whole_days ELSE p.days * p.wholes END AS amount, p.total * p.wholes AS parts
) exact
WHERE NOT d.by_equal_months AND (p.amount < 0 OR abs(p.amount * exact.parts - exact.amount) * 10 ^ c.decimals >= exact.parts)
   OR abs(p.amount_lcy * d.amount - d.amount_lcy * p.amount) * 10 ^ lcy.decimals >= d.amount
"""

# A part is due on its first or its last day, as the setup said, and not before its invoice.
DUE_DAYS = """
SELECT 'contract:' || d.id, format('part %%s, %%s to %%s, of an invoice of %%s is due on %%s', p.line_no, p.starts_on,
                                   p.ends_on, i.posted_on, p.due_on)
FROM prepaid_deferralline p
JOIN prepaid_contractdeferral d ON d.id = p.deferral_id
JOIN prepaid_salesline l ON l.id = d.line_id
JOIN prepaid_salesdocument i ON i.id = l.document_id
WHERE p.due_on NOT IN (greatest(p.starts_on, i.posted_on), greatest(p.ends_on, i.posted_on))
"""

WAITING = """
WITH lots AS (
    SELECT 'contract:' || d.id AS lot, d.deferral_account_id AS account_id, d.product_group_id, d.currency_id,
           sum(p.amount) AS amount, sum(p.amount_lcy) AS amount_lcy
    FROM prepaid_contractdeferral d
    JOIN prepaid_deferralline p ON p.deferral_id = d.id AND p.run_id IS NULL AND p.closed_by_id IS NULL
    GROUP BY d.id
), books AS (
    SELECT lot, account_id, product_group_id, currency_id, sum(credit - debit) AS amount,
           sum(credit_lcy - debit_lcy) AS amount_lcy
    FROM ledger_journalline
    WHERE lot LIKE 'contract:%%' AND account_id IN (SELECT code FROM ledger_setup_account WHERE purpose = 'deferral'
                                                    UNION SELECT deferral_account_id FROM prepaid_contractdeferral)
    GROUP BY 1, 2, 3, 4
)
SELECT coalesce(l.lot, b.lot), format('%%s %%s waits, LCY %%s; the journal says %%s and %%s on account %%s',
                                      coalesce(l.currency_id, b.currency_id), coalesce(l.amount, 0),
                                      coalesce(l.amount_lcy, 0), coalesce(b.amount, 0), coalesce(b.amount_lcy, 0),
                                      coalesce(l.account_id, b.account_id))
FROM lots l
FULL JOIN books b ON b.lot = l.lot AND (b.account_id, b.product_group_id, b.currency_id)
    IS NOT DISTINCT FROM (l.account_id, l.product_group_id, l.currency_id)
WHERE (coalesce(l.amount, 0), coalesce(l.amount_lcy, 0)) <> (coalesce(b.amount, 0), coalesce(b.amount_lcy, 0))
"""

# The entries of releases, with what their keys say: contract-release:<part>:<run>, and :undone where it was taken back.
RELEASES = r"""
releases AS (
    SELECT e.*, substring(e.event_key FROM '^contract-release:(\d{1,18}):\d{1,18}(?::undone)?$')::bigint AS part_id,
           substring(e.event_key FROM '^contract-release:\d{1,18}:(\d{1,18})(?::undone)?$')::bigint AS run_id,
           e.event_key LIKE '%%:undone' AS undone
    FROM ledger_journalentry e
    WHERE (e.event_key LIKE 'contract-release:%%' OR e.kind LIKE 'contract_release%%') AND e.reverses_id IS NULL
)
"""

# What is released has its entry, and what has an entry is released, or was taken back with its run.
RELEASED = f"""
WITH {RELEASES}, events AS (
    SELECT regexp_replace(event_key, ':undone$', '') AS event_key, bool_or(undone) AS undone, bool_and(undone) AS only_undone
    FROM releases GROUP BY 1
), said AS (
    SELECT 'contract-release:' || id || ':' || run_id AS event_key FROM prepaid_deferralline
    WHERE run_id IS NOT NULL AND (amount <> 0 OR amount_lcy <> 0)
)
SELECT coalesce(e.event_key, s.event_key),
       CASE WHEN e.only_undone THEN 'is taken back, but was not posted'
            WHEN s.event_key IS NULL THEN 'is posted, but not released' ELSE 'is released, but not posted' END
FROM said s FULL JOIN events e ON e.event_key = s.event_key
WHERE e.only_undone OR (s.event_key IS NOT NULL) IS DISTINCT FROM (NOT e.undone)
"""

# Line by line, out of the deferral into revenue, as the part was cut; taken back, the mirror of it.
RELEASE_AMOUNTS = f"""
WITH {RELEASES}, said AS (
    SELECT r.event_key, side.account_id, 'contract:' || d.id AS lot, d.product_group_id, d.currency_id,
           side.sign * CASE WHEN r.undone THEN -p.amount ELSE p.amount END AS amount,
           side.sign * CASE WHEN r.undone THEN -p.amount_lcy ELSE p.amount_lcy END AS amount_lcy
    FROM releases r
    JOIN prepaid_deferralline p ON p.id = r.part_id
    JOIN prepaid_contractdeferral d ON d.id = p.deferral_id
    CROSS JOIN LATERAL (VALUES (d.deferral_account_id, 1), (d.revenue_account_id, -1)) AS side (account_id, sign)
), posted AS (
    SELECT r.event_key, l.account_id, l.lot, l.product_group_id, l.currency_id, sum(l.debit - l.credit) AS amount,
           sum(l.debit_lcy - l.credit_lcy) AS amount_lcy
    FROM releases r JOIN ledger_journalline l ON l.entry_id = r.id GROUP BY 1, 2, 3, 4, 5
)
SELECT event_key, format('account %%s, %%s: the part is %%s, LCY %%s; its journal entry %%s and %%s', account_id, lot,
                         coalesce(s.amount, 0), coalesce(s.amount_lcy, 0), coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
FROM said s FULL JOIN posted p USING (event_key, account_id, lot, product_group_id, currency_id)
WHERE (coalesce(s.amount, 0), coalesce(s.amount_lcy, 0)) <> (coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
"""

RELEASE_KINDS = f"""
WITH {RELEASES}
SELECT r.event_key, format('a journal entry %%s of %%s; the event is %%s of %%s', r.kind, r.effective_on,
                           CASE WHEN p.id IS NULL OR n.id IS NULL THEN 'nothing' WHEN r.undone THEN 'contract_release_undone'
                                ELSE 'contract_release' END, coalesce(p.due_on::text, 'no day'))
FROM releases r
LEFT JOIN prepaid_deferralline p ON p.id = r.part_id
LEFT JOIN prepaid_releaserun n ON n.id = r.run_id
WHERE n.id IS NULL OR (r.kind, r.effective_on)
    IS DISTINCT FROM (CASE WHEN r.undone THEN 'contract_release_undone' ELSE 'contract_release' END, p.due_on)
"""

# A run releases what is due by its day. One that was taken back keeps what credit memos had closed before, and nothing else.
RUNS = f"""
WITH {RELEASES}
SELECT 'release run ' || n.id, format('released up to %%s: part %%s of contract:%%s, due on %%s', n.released_until, p.line_no,
                                      p.deferral_id, p.due_on)
FROM prepaid_releaserun n JOIN prepaid_deferralline p ON p.run_id = n.id
WHERE p.due_on > n.released_until
UNION ALL
SELECT 'release run ' || n.id, format('was taken back, and part %%s of contract:%%s is still released', p.line_no,
                                      p.deferral_id)
FROM prepaid_releaserun n JOIN prepaid_deferralline p ON p.run_id = n.id
WHERE n.undone_at IS NOT NULL AND p.closed_by_id IS NULL
UNION ALL
SELECT 'release run ' || n.id, format('was not taken back, but %%s of its entries were', count(*))
FROM prepaid_releaserun n JOIN releases r ON r.run_id = n.id
WHERE r.undone AND n.undone_at IS NULL GROUP BY n.id
"""

# A credit memo's line closes what it is worth: all that waited, and all that was released where it takes back everything.
# What it left as released may wait again, where its run was taken back since: of a part of nothing no entry tells that.
CLOSED = f"""
WITH {RELEASES}, closed AS (
    SELECT closed_by_id AS line_id, deferral_id, sum(amount) AS amount, sum(amount_lcy) AS amount_lcy,
           count(run_id) AS released
    FROM prepaid_deferralline WHERE closed_by_id IS NOT NULL GROUP BY 1, 2
), memos AS (
    SELECT m.*, k.posted_number, k.state, k.credit_scope, d.id AS deferral_id
    FROM prepaid_salesline m
    JOIN prepaid_salesdocument k ON k.id = m.document_id
    JOIN prepaid_contractdeferral d ON d.line_id = m.corrects_line_id
    WHERE k.type = 'credit_memo' AND (k.state = 'posted' OR m.id IN (SELECT line_id FROM closed))
)
SELECT coalesce(m.posted_number, 'contract:' || c.deferral_id),
       format('line %%s, %%s net, LCY %%s, closes %%s and %%s of contract:%%s%%s', m.line_no, m.net, m.due_lcy,
              coalesce(c.amount, 0), coalesce(c.amount_lcy, 0), coalesce(m.deferral_id, c.deferral_id),
              CASE WHEN c.released > 0 THEN ', ' || c.released || ' of its parts released' END)
FROM memos m
FULL JOIN closed c ON c.line_id = m.id AND c.deferral_id = m.deferral_id
WHERE m.id IS NULL OR c.line_id IS NULL OR m.state <> 'posted' OR (m.net, m.due_lcy) <> (c.amount, c.amount_lcy)
   OR c.released > 0 AND m.credit_scope <> 'everything'
UNION ALL
SELECT DISTINCT m.posted_number, format('takes back %%s of contract:%%s, of which part %%s is left', m.credit_scope,
                                        m.deferral_id, p.line_no)
FROM memos m JOIN prepaid_deferralline p ON p.deferral_id = m.deferral_id
WHERE p.closed_by_id IS NULL AND (
    m.credit_scope = 'everything'
    OR p.run_id IS NULL AND (p.amount <> 0 OR p.amount_lcy <> 0)
       AND NOT EXISTS (SELECT FROM releases r WHERE r.undone AND r.part_id = p.id))
"""

# Lot by lot: what waited leaves the deferral, what was released leaves revenue.
CREDITED = """
WITH said AS (
    SELECT 'sales-document:' || m.document_id AS event_key, 'contract:' || d.id AS lot,
           CASE WHEN p.run_id IS NULL THEN d.deferral_account_id ELSE d.revenue_account_id END AS account_id,
           d.product_group_id, sum(p.amount) AS amount, sum(p.amount_lcy) AS amount_lcy
    FROM prepaid_deferralline p
    JOIN prepaid_contractdeferral d ON d.id = p.deferral_id
    JOIN prepaid_salesline m ON m.id = p.closed_by_id
    GROUP BY 1, 2, 3, 4
), posted AS (
    SELECT e.event_key, l.lot, l.account_id, l.product_group_id, sum(l.debit - l.credit) AS amount,
           sum(l.debit_lcy - l.credit_lcy) AS amount_lcy
    FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE e.kind = 'sales_credit_memo' AND l.lot LIKE 'contract:%%' AND l.account_id IN (
        SELECT deferral_account_id FROM prepaid_contractdeferral
        UNION SELECT revenue_account_id FROM prepaid_contractdeferral)
    GROUP BY 1, 2, 3, 4
)
SELECT event_key, format('%%s: %%s, LCY %%s is closed on account %%s; its journal entry says %%s and %%s', lot,
                         coalesce(s.amount, 0), coalesce(s.amount_lcy, 0), account_id, coalesce(p.amount, 0),
                         coalesce(p.amount_lcy, 0))
FROM said s FULL JOIN posted p USING (event_key, lot, account_id, product_group_id)
WHERE (coalesce(s.amount, 0), coalesce(s.amount_lcy, 0)) <> (coalesce(p.amount, 0), coalesce(p.amount_lcy, 0))
"""

# No day of a commitment is billed twice, and its next billing date is the first that no invoice bills.
BILLED = """
WITH kept AS (
    SELECT b.*, max(b.kept_until) OVER (PARTITION BY b.commitment_id ORDER BY b.starts_on, b.id
                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM prepaid_billedperiod b WHERE b.kept_until >= b.starts_on
), open AS (
    SELECT c.id, c.starts_on, c.next_billing_on, coalesce(
        min(coalesce(k.before + 1, c.starts_on)) FILTER (WHERE k.starts_on > coalesce(k.before + 1, c.starts_on)),
        max(k.kept_until) + 1, c.starts_on) AS day
    FROM prepaid_servicecommitment c LEFT JOIN kept k ON k.commitment_id = c.id
    GROUP BY c.id
)
SELECT 'commitment ' || k.commitment_id, format('is billed from %%s to %%s, and up to %%s before', k.starts_on, k.kept_until,
                                                k.before)
FROM kept k WHERE k.starts_on <= k.before
UNION ALL
SELECT 'commitment ' || id, format('is billed next from %%s, but the first day that is not billed is %%s', next_billing_on,
                                   day)
FROM open WHERE next_billing_on <> day
UNION ALL
SELECT 'commitment ' || b.commitment_id, format('from %%s: period %%s to %%s is billed by a line %%s of %%s', c.starts_on,
                                                b.starts_on, b.ends_on, l.role, d.type)
FROM prepaid_billedperiod b
JOIN prepaid_servicecommitment c ON c.id = b.commitment_id
JOIN prepaid_salesline l ON l.id = b.line_id
JOIN prepaid_salesdocument d ON d.id = l.document_id
WHERE l.role <> 'contract' OR d.type <> 'invoice' OR b.starts_on < c.starts_on
"""

# Each billed period brings its prepaid service what it says, on its first day, with no money behind it.
TOPPED_UP = """
WITH due AS (
    SELECT l.id AS line_id, d.posted_number, b.starts_on, l.prepaid_service_id, d.id AS document_id,
           CASE s.type WHEN 'amount' THEN l.net ELSE 0 END AS amount, CASE s.type WHEN 'amount' THEN l.due_lcy ELSE 0 END
               AS amount_lcy, CASE s.type WHEN 'amount' THEN 0 ELSE b.top_up_quantity END AS quantity
    FROM prepaid_billedperiod b
    JOIN prepaid_salesline l ON l.id = b.line_id
    JOIN prepaid_salesdocument d ON d.id = l.document_id
    JOIN prepaid_prepaidservice s ON s.id = l.prepaid_service_id
    WHERE d.state = 'posted'
), came AS (
    SELECT e.* FROM prepaid_prepaidentry e JOIN prepaid_salesline l ON l.id = e.line_id
    WHERE l.role = 'contract' AND e.entry_type = 'positive'
)
SELECT coalesce(d.posted_number, e.document_no),
       format('%%s and a quantity of %%s from %%s are billed; entry %%s is %%s, quantity %%s of %%s%%s',
              coalesce(d.amount, 0), coalesce(d.quantity, 0), coalesce(d.starts_on::text, 'no day'),
              coalesce(e.id::text, 'none'), coalesce(e.amount, 0), coalesce(e.quantity, 0),
              coalesce(e.posted_on::text, 'no day'), ', on account ' || e.deferral_account_id)
FROM (SELECT * FROM due WHERE amount + amount_lcy + quantity > 0) d
FULL JOIN came e ON e.line_id = d.line_id
WHERE (d.document_id, d.prepaid_service_id, d.amount, d.amount_lcy, d.quantity, d.starts_on)
    IS DISTINCT FROM (e.document_id, e.service_id, e.amount, e.amount_lcy, e.quantity, e.posted_on)
   OR e.deferral_account_id IS NOT NULL OR e.valid_until IS NULL OR e.came_from_id IS NOT NULL
UNION ALL
SELECT min(d.posted_number), format('line %%s brought in %%s entries', e.line_id, count(*))
FROM came e JOIN due d ON d.line_id = e.line_id GROUP BY e.line_id HAVING count(*) > 1
"""

# A credit memo takes of the top-up of its line, or of what came back of it, no more than it credits; and all of it where it
# takes back everything, or the first day with the rest: nothing of its line was released.
TAKEN_BACK = """
WITH RECURSIVE brought AS (
    SELECT e.id, e.line_id FROM prepaid_prepaidentry e JOIN prepaid_salesline l ON l.id = e.line_id
    WHERE l.role = 'contract' AND e.entry_type = 'positive'
    UNION ALL
    SELECT e.id, b.line_id FROM prepaid_prepaidentry e JOIN brought b ON e.came_from_id = b.id
), memos AS (
    SELECT m.*, k.posted_number, k.posted_on, i.net AS invoiced, coalesce(p.top_up_quantity, 0) AS top_up,
           k.credit_scope = 'everything' OR i.net = 0 OR EXISTS (
               SELECT FROM prepaid_deferralline c WHERE c.closed_by_id = m.id AND c.line_no = 1) AS whole
    FROM prepaid_salesline m
    JOIN prepaid_salesdocument k ON k.id = m.document_id AND k.type = 'credit_memo' AND k.state = 'posted'
    JOIN prepaid_salesline i ON i.id = m.corrects_line_id
    LEFT JOIN prepaid_billedperiod p ON p.line_id = i.id
    WHERE m.role = 'contract' AND m.prepaid_service_id IS NOT NULL
)
SELECT m.posted_number, format('line %%s, %%s of %%s net, took %%s, quantity %%s of %%s, from entry %%s', m.line_no, m.net,
                               m.invoiced, a.amount, a.quantity, m.top_up, a.inflow_id)
FROM memos m
JOIN prepaid_prepaidentry e ON e.line_id = m.id
JOIN prepaid_application a ON a.outflow_id = e.id
LEFT JOIN brought b ON b.id = a.inflow_id
WHERE b.line_id IS DISTINCT FROM m.corrects_line_id OR e.entry_type <> 'negative'
   OR NOT m.whole
      AND (-e.amount > m.net OR -e.quantity > round(m.top_up * m.net / nullif(m.invoiced, 0), 4))
UNION ALL
SELECT m.posted_number, format('line %%s takes back everything, but %%s, quantity %%s of entry %%s is left', m.line_no,
                               i.remaining, i.remaining_quantity, i.entry_id)
FROM memos m
JOIN brought b ON b.line_id = m.corrects_line_id
JOIN prepaid_inflowbalance i ON i.entry_id = b.id
JOIN prepaid_prepaidentry e ON e.id = i.entry_id
WHERE m.whole AND i.remaining + i.remaining_quantity > 0 AND e.valid_until >= greatest(m.posted_on, e.posted_on)
"""

# The days of a line stay billed before the first part that credit memos closed: all of them where there is none, and none
# where it comes to nothing and is credited.
GIVEN_BACK = """
SELECT d.posted_number, format('line %%s bills %%s to %%s, of which %%s stays billed; by its credit memos it is up to %%s',
                               l.line_no, b.starts_on, b.ends_on, CASE WHEN b.kept_until < b.starts_on THEN 'nothing'
                                                                       ELSE 'up to ' || b.kept_until END, said.kept_until)
FROM prepaid_billedperiod b
JOIN prepaid_salesline l ON l.id = b.line_id
JOIN prepaid_salesdocument d ON d.id = l.document_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN l.net > 0 THEN coalesce((
        SELECT min(p.starts_on) - 1 FROM prepaid_deferralline p JOIN prepaid_contractdeferral c ON c.id = p.deferral_id
        WHERE c.line_id = l.id AND p.closed_by_id IS NOT NULL), b.ends_on)
    WHEN EXISTS (SELECT FROM prepaid_salesline m JOIN prepaid_salesdocument k ON k.id = m.document_id
                 WHERE m.corrects_line_id = l.id AND k.state = 'posted') THEN b.starts_on - 1
    ELSE b.ends_on END AS kept_until
) said
WHERE b.kept_until <> said.kept_until
"""


def _check(name: str, sql: str) -> tuple[str, Check]:
    def look() -> list[Offender]:
        return offenders(name, sql)

    return name, look


CHECKS: dict[str, Check] = dict(
    [
        _check("posted contract lines wait as they were posted", LINES),
        _check("contract deferrals are at the rate of their invoice", AT_ITS_RATE),
        _check("the parts of a contract deferral are all of it", CUT_WHOLE),
        _check("the parts of a contract deferral are their share", SHARES),
        _check("the parts of a contract deferral are due in their time", DUE_DAYS),
        _check("what waits of each contract deferral is in the journal", WAITING),
        _check("what is released of contract deferrals is posted", RELEASED),
        _check("releases are posted as the parts were cut", RELEASE_AMOUNTS),
        _check("releases and their journal entries agree", RELEASE_KINDS),
        _check("a release run releases what is due and lets go what it took back", RUNS),
        _check("credit memos close what they credit", CLOSED),
        _check("what credit memos close is in the journal", CREDITED),
        _check("no day of a commitment is billed twice or left out", BILLED),
        _check("days are billed again only as credit memos gave them back", GIVEN_BACK),
        _check("billed periods top up their prepaid service", TOPPED_UP),
        _check("credit memos take back of the top-up of their line", TAKEN_BACK),
    ]
)
