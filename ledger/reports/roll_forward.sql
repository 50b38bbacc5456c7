-- The contract liability month by month: what the deferral accounts held, what came, what was recognised, what lapsed.
-- A movement is told apart by what stands against it in its entry, lot by lot: a receivable (with its VAT) is an addition, or a
-- refund where it takes from the deferral, or is a credit memo's, and is no reversal of an addition; a breakage account is breakage, other revenue is
-- revenue, another liability alone is a refund, with what the exchange rate made of it since. What is left is a change, and
-- so is what a person entered.
WITH deferral AS (
    SELECT code FROM ledger_setup_account WHERE purpose = 'deferral'
),
breakage AS (
    SELECT code FROM ledger_setup_account WHERE purpose = 'breakage'
),
sales AS (
    SELECT code FROM ledger_setup_account WHERE purpose = 'sales'
),
movement AS (
    SELECT l.entry_id, l.lot, l.currency_id, {key} AS key,
           CASE WHEN e.posting_date < %(first)s THEN NULL ELSE date_trunc('month', e.posting_date)::date END AS month,
           sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE l.account_id IN (SELECT code FROM deferral) AND e.posting_date <= %(last)s AND e.created_at < %(known_before)s
    GROUP BY 1, 2, 3, 4, 5
),
against AS (
    SELECT m.month, m.key, m.currency_id, c.debit - c.credit AS amount, c.debit_lcy - c.credit_lcy AS amount_lcy,
           CASE WHEN coalesce(r.kind, e.kind) = 'prepaid_entry' THEN NULL
                WHEN a.category = 'asset' OR (a.category = 'liability' AND EXISTS (
                    SELECT FROM ledger_journalline o JOIN ledger_ledgeraccount oa ON oa.code = o.account_id
                    WHERE o.entry_id = c.entry_id AND oa.category = 'asset'))
                  -- Revenue that a credit memo gives back at once never came to the deferral again.
                  OR (a.category = 'revenue' AND e.kind = 'sales_credit_memo' AND EXISTS (
                    SELECT FROM ledger_journalline o JOIN ledger_ledgeraccount oa ON oa.code = o.account_id
                    WHERE o.entry_id = c.entry_id AND o.lot = c.lot AND oa.category = 'asset'))
                THEN CASE WHEN r.id IS NULL AND (m.amount < 0 OR e.kind = 'sales_credit_memo') THEN 'refunds'
                          ELSE 'additions' END
                WHEN a.category = 'liability' THEN 'refunds'
                WHEN a.code = (SELECT exchange_difference_id FROM ledger_ledgersetup) THEN 'refunds'
                -- An account may serve for both: then what lapses or is kept is told by its event.
                WHEN a.code IN (SELECT code FROM breakage) AND (
                    a.code NOT IN (SELECT code FROM sales) OR coalesce(r.kind, e.kind) ~ 'expiry|refund|estimate') THEN 'breakage'
                WHEN a.category = 'revenue' THEN 'revenue' END AS cause
    FROM movement m
    JOIN ledger_journalentry e ON e.id = m.entry_id
    LEFT JOIN ledger_journalentry r ON r.id = e.reverses_id
    JOIN ledger_journalline c ON c.entry_id = m.entry_id AND c.lot = m.lot AND c.account_id NOT IN (SELECT code FROM deferral)
    JOIN ledger_ledgeraccount a ON a.code = c.account_id
    WHERE m.month IS NOT NULL
)
SELECT month, key, currency_id, cause, sum(amount), sum(amount_lcy) FROM against WHERE cause IS NOT NULL GROUP BY 1, 2, 3, 4
UNION ALL
SELECT month, key, currency_id, 'total', sum(amount), sum(amount_lcy) FROM movement GROUP BY 1, 2, 3
