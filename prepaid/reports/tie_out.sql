-- Prepaid services against their liability accounts at the end of %(on)s, by posting date: per account, product group and
-- currency. Units are what the prepaid ledger entries say: of an amount, the amount. Money is read from the journal, lot by
-- lot; what remains is read from the balances of the inflows as they stand now, less what was posted after that day; so that
-- each can be held against the other and against the account.
WITH moved AS MATERIALIZED (
    SELECT l.lot, l.account_id, l.product_group_id, l.currency_id, coalesce(r.kind, e.kind) AS kind,
           e.posting_date <= %(on)s AS counts, (l.credit + l.credit_lcy > 0) = (r.id IS NULL) AS grows,
           sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    LEFT JOIN ledger_journalentry r ON r.id = e.reverses_id
    WHERE l.account_id IN (SELECT deferral_account_id FROM prepaid_prepaidentry
                           UNION SELECT code FROM ledger_setup_account WHERE purpose = 'deferral')
      AND l.lot LIKE 'prepaid:%%'
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
-- An invoice adds what it tops up and takes what is used; a credit memo adds what comes back of usage, and takes what is left
-- of a top-up.
caused AS (
    SELECT *, CASE WHEN kind = 'sales_invoice' AND grows THEN 'sold'
                   WHEN kind = 'sales_invoice' OR (kind = 'sales_credit_memo' AND grows) THEN 'consumed'
                   WHEN kind = 'sales_credit_memo' THEN 'refunded'
                   WHEN kind = 'prepaid_expiry' THEN 'expired'
                   WHEN kind = 'prepaid_entry' AND grows THEN 'sold'
                   WHEN kind = 'prepaid_entry' THEN 'refunded' END AS cause
    FROM moved
),
journal AS MATERIALIZED (
    SELECT lot, account_id, product_group_id, currency_id,
           coalesce(sum(amount) FILTER (WHERE counts AND cause = 'sold'), 0) AS sold,
           coalesce(sum(amount_lcy) FILTER (WHERE counts AND cause = 'sold'), 0) AS sold_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND cause = 'consumed'), 0) AS consumed,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND cause = 'consumed'), 0) AS consumed_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND cause = 'expired'), 0) AS expired,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND cause = 'expired'), 0) AS expired_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND cause = 'refunded'), 0) AS refunded,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND cause = 'refunded'), 0) AS refunded_lcy,
           coalesce(sum(amount) FILTER (WHERE counts), 0) AS books,
           coalesce(sum(amount_lcy) FILTER (WHERE counts), 0) AS books_lcy,
           coalesce(sum(amount) FILTER (WHERE NOT counts), 0) AS later,
           coalesce(sum(amount_lcy) FILTER (WHERE NOT counts), 0) AS later_lcy
    FROM caused GROUP BY 1, 2, 3, 4
),
-- Every entry with the day on which the books took it: its own, where they did not. What a contract line tops up comes on the
-- first day of its period, whenever its invoice was posted.
entries AS MATERIALIZED (
    SELECT p.id, p.entry_type, CASE WHEN l.role = 'contract' THEN p.posted_on ELSE coalesce(e.posting_date, p.posted_on) END AS day
    FROM prepaid_prepaidentry p
    LEFT JOIN prepaid_salesline l ON l.id = p.line_id
    LEFT JOIN ledger_journalentry e ON e.event_key = p.event_key
),
taken AS MATERIALIZED (
    SELECT a.inflow_id,
           coalesce(sum(a.amount + a.quantity) FILTER (WHERE o.day <= %(on)s AND o.entry_type = 'consumption'), 0) AS consumed,
           coalesce(sum(a.amount + a.quantity) FILTER (WHERE o.day <= %(on)s AND o.entry_type = 'dissolution'), 0) AS expired,
           coalesce(sum(a.amount + a.quantity) FILTER (WHERE o.day <= %(on)s AND o.entry_type = 'negative'), 0) AS refunded,
           coalesce(sum(a.amount + a.quantity) FILTER (WHERE o.day > %(on)s), 0) AS later
    FROM prepaid_application a JOIN entries o ON o.id = a.outflow_id
    GROUP BY a.inflow_id
),
lots AS (
    SELECT 'prepaid:' || i.id AS lot, i.deferral_account_id AS account_id,
           CASE WHEN i.deferral_account_id IS NULL THEN i.product_group_id ELSE i.deferral_group_id END AS product_group_id,
           i.currency_id, i.quantity > 0 AS counted, n.day <= %(on)s AS there,
           CASE WHEN i.came_from_id IS NULL THEN i.amount + i.quantity ELSE 0 END AS sold,
           coalesce(t.consumed, 0) - CASE WHEN i.came_from_id IS NULL THEN 0 ELSE i.amount + i.quantity END AS consumed,
           coalesce(t.expired, 0) AS expired, coalesce(t.refunded, 0) AS refunded,
           coalesce(b.remaining + b.remaining_quantity, 0) + coalesce(t.later, 0) AS remaining,
           CASE WHEN i.deferral_account_id IS NULL THEN 0 ELSE coalesce(b.remaining, 0) END AS left_now,
           CASE WHEN i.deferral_account_id IS NULL THEN 0 ELSE coalesce(b.remaining_lcy, 0) END AS left_now_lcy
    FROM prepaid_prepaidentry i
    JOIN entries n ON n.id = i.id
    LEFT JOIN prepaid_inflowbalance b ON b.entry_id = i.id
    LEFT JOIN taken t ON t.inflow_id = i.id
    WHERE i.entry_type = 'positive'
),
per_lot AS (
    SELECT coalesce(j.account_id, l.account_id, '') AS account_id,
           coalesce(j.product_group_id, l.product_group_id, '') AS product_group_id,
           coalesce(j.currency_id, l.currency_id) AS currency_id, coalesce(l.counted, false) AS counted,
           coalesce(l.there, false) AS there, l.sold, l.consumed, l.expired, l.refunded, l.remaining,
           j.sold AS sold_own, j.sold_lcy, j.consumed AS consumed_own, j.consumed_lcy, j.expired AS expired_own, j.expired_lcy,
           j.refunded AS refunded_own, j.refunded_lcy, j.books, j.books_lcy,
           coalesce(l.left_now, 0) - coalesce(j.later, 0) AS remaining_own,
           coalesce(l.left_now_lcy, 0) - coalesce(j.later_lcy, 0) AS remaining_lcy
    FROM lots l
    FULL JOIN journal j ON j.lot = l.lot AND (j.account_id, j.product_group_id, j.currency_id)
        IS NOT DISTINCT FROM (l.account_id, l.product_group_id, l.currency_id)
)
SELECT account_id, product_group_id, currency_id, counted,
       coalesce(sum(sold) FILTER (WHERE there), 0), coalesce(sum(consumed) FILTER (WHERE there), 0),
       coalesce(sum(expired) FILTER (WHERE there), 0), coalesce(sum(refunded) FILTER (WHERE there), 0),
       coalesce(sum(remaining) FILTER (WHERE there), 0),
       coalesce(sum(sold_own), 0), coalesce(sum(consumed_own), 0), coalesce(sum(expired_own), 0), coalesce(sum(refunded_own), 0),
       coalesce(sum(remaining_own), 0),
       coalesce(sum(sold_lcy), 0), coalesce(sum(consumed_lcy), 0), coalesce(sum(expired_lcy), 0), coalesce(sum(refunded_lcy), 0),
       coalesce(sum(remaining_lcy), 0),
       coalesce(sum(books), 0), coalesce(sum(books_lcy), 0)
FROM per_lot
GROUP BY account_id, product_group_id, currency_id, counted
HAVING bool_or(there) OR coalesce(sum(books), 0) <> 0 OR coalesce(sum(remaining_own), 0) <> 0
ORDER BY account_id, product_group_id, currency_id, counted
