-- Contract deferrals against their liability accounts at the end of %(on)s, by posting date: per account, product group and
-- currency. Units are the amounts of the deferrals and of their parts. Money is read from the journal, lot by lot; what remains
-- is read from the parts that wait now, less what was posted after that day; so that each can be held against the other and
-- against the account.
WITH moved AS MATERIALIZED (
    SELECT l.lot, l.account_id, l.product_group_id, l.currency_id, coalesce(r.kind, e.kind) AS kind,
           e.posting_date <= %(on)s AS counts, sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    LEFT JOIN ledger_journalentry r ON r.id = e.reverses_id
    WHERE l.account_id IN (SELECT deferral_account_id FROM prepaid_contractdeferral
                           UNION SELECT code FROM ledger_setup_account WHERE purpose = 'deferral')
      AND l.lot LIKE 'contract:%%'
    GROUP BY 1, 2, 3, 4, 5, 6
),
journal AS MATERIALIZED (
    SELECT lot, account_id, product_group_id, currency_id,
           coalesce(sum(amount) FILTER (WHERE counts AND kind = 'sales_invoice'), 0) AS sold,
           coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind = 'sales_invoice'), 0) AS sold_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND kind LIKE 'contract_release%%'), 0) AS consumed,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind LIKE 'contract_release%%'), 0) AS consumed_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND kind = 'sales_credit_memo'), 0) AS refunded,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind = 'sales_credit_memo'), 0) AS refunded_lcy,
           coalesce(sum(amount) FILTER (WHERE counts), 0) AS books,
           coalesce(sum(amount_lcy) FILTER (WHERE counts), 0) AS books_lcy,
           coalesce(sum(amount) FILTER (WHERE NOT counts), 0) AS later,
           coalesce(sum(amount_lcy) FILTER (WHERE NOT counts), 0) AS later_lcy
    FROM moved GROUP BY 1, 2, 3, 4
),
-- Each release of a part and each time that it was taken back (contract-release:<part>:<run>, :undone).
releases AS MATERIALIZED (
    SELECT substring(event_key FROM '^contract-release:(\d{1,18}):')::bigint AS part_id,
           coalesce(sum(CASE WHEN kind = 'contract_release' THEN 1 ELSE -1 END) FILTER (WHERE posting_date <= %(on)s), 0) AS n,
           coalesce(sum(CASE WHEN kind = 'contract_release' THEN 1 ELSE -1 END) FILTER (WHERE posting_date > %(on)s), 0) AS later
    FROM ledger_journalentry WHERE kind LIKE 'contract_release%%' AND reverses_id IS NULL GROUP BY 1
),
parts AS (
    SELECT p.deferral_id, sum(p.amount * coalesce(r.n, 0)) AS consumed,
           coalesce(sum(p.amount) FILTER (WHERE p.closed_by_id IS NOT NULL AND p.run_id IS NULL AND m.posting_date <= %(on)s), 0)
               AS refunded,
           sum(p.amount * (coalesce(r.later, 0) + CASE WHEN p.run_id IS NULL AND (
               p.closed_by_id IS NULL OR m.posting_date > %(on)s) THEN 1 ELSE 0 END)) AS remaining,
           coalesce(sum(p.amount) FILTER (WHERE p.run_id IS NULL AND p.closed_by_id IS NULL), 0) AS left_now,
           coalesce(sum(p.amount_lcy) FILTER (WHERE p.run_id IS NULL AND p.closed_by_id IS NULL), 0) AS left_now_lcy
    FROM prepaid_deferralline p
    LEFT JOIN releases r ON r.part_id = p.id
    LEFT JOIN prepaid_salesline l ON l.id = p.closed_by_id
    LEFT JOIN ledger_journalentry m ON m.event_key = 'sales-document:' || l.document_id
    GROUP BY p.deferral_id
),
lots AS (
    SELECT 'contract:' || d.id AS lot, d.deferral_account_id AS account_id, d.product_group_id, d.currency_id,
           e.posting_date <= %(on)s AS there, d.amount AS sold, p.consumed, p.refunded, p.remaining, p.left_now, p.left_now_lcy
    FROM prepaid_contractdeferral d
    JOIN prepaid_salesline l ON l.id = d.line_id
    LEFT JOIN ledger_journalentry e ON e.event_key = 'sales-document:' || l.document_id
    LEFT JOIN parts p ON p.deferral_id = d.id
),
per_lot AS (
    SELECT coalesce(j.account_id, l.account_id) AS account_id,
           coalesce(j.product_group_id, l.product_group_id, '') AS product_group_id,
           coalesce(j.currency_id, l.currency_id) AS currency_id, coalesce(l.there, false) AS there, l.sold, l.consumed,
           l.refunded, l.remaining, j.sold AS sold_own, j.sold_lcy, j.consumed AS consumed_own, j.consumed_lcy,
           j.refunded AS refunded_own, j.refunded_lcy, j.books, j.books_lcy,
           coalesce(l.left_now, 0) - coalesce(j.later, 0) AS remaining_own,
           coalesce(l.left_now_lcy, 0) - coalesce(j.later_lcy, 0) AS remaining_lcy
    FROM lots l
    FULL JOIN journal j ON j.lot = l.lot AND (j.account_id, j.product_group_id, j.currency_id)
        IS NOT DISTINCT FROM (l.account_id, l.product_group_id, l.currency_id)
)
SELECT account_id, product_group_id, currency_id,
       coalesce(sum(sold) FILTER (WHERE there), 0), coalesce(sum(consumed) FILTER (WHERE there), 0), 0,
       coalesce(sum(refunded) FILTER (WHERE there), 0), coalesce(sum(remaining) FILTER (WHERE there), 0),
       coalesce(sum(sold_own), 0), coalesce(sum(consumed_own), 0), 0, coalesce(sum(refunded_own), 0),
       coalesce(sum(remaining_own), 0),
       coalesce(sum(sold_lcy), 0), coalesce(sum(consumed_lcy), 0), 0, coalesce(sum(refunded_lcy), 0),
       coalesce(sum(remaining_lcy), 0),
       coalesce(sum(books), 0), coalesce(sum(books_lcy), 0)
FROM per_lot
GROUP BY account_id, product_group_id, currency_id
HAVING bool_or(there) OR coalesce(sum(books), 0) <> 0 OR coalesce(sum(remaining_own), 0) <> 0
ORDER BY account_id, product_group_id, currency_id
