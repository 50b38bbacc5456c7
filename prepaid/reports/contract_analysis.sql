-- Contract deferrals month by month, by posting date. Invoiced and released are what came to the deferral account and to the
-- revenue account of the deferral; credited is what credit memos took from both, so that invoiced - credited - released is what
-- the deferral account moved by, `total`. Without a month: what it held before the first.
WITH asked AS (
    SELECT 'contract:' || d.id AS lot, d.contract_id, d.deferral_account_id, d.revenue_account_id
    FROM prepaid_contractdeferral d
    WHERE d.contract_id = coalesce(%(contract)s, d.contract_id) AND d.account_id = coalesce(%(account)s, d.account_id)
          AND d.currency_id = coalesce(%(currency)s, d.currency_id)
),
moved AS (
    SELECT a.contract_id, l.currency_id, e.kind, l.account_id = a.deferral_account_id AS waits,
           CASE WHEN e.posting_date < %(first)s THEN NULL ELSE date_trunc('month', e.posting_date)::date END AS month,
           sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM asked a
    JOIN ledger_journalline l ON l.lot = a.lot AND l.account_id IN (a.deferral_account_id, a.revenue_account_id)
    JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE e.posting_date <= %(last)s
    GROUP BY 1, 2, 3, 4, 5
),
told AS (
    SELECT contract_id, currency_id, month, cause.name, m.amount * cause.sign AS amount, m.amount_lcy * cause.sign AS amount_lcy
    FROM moved m
    CROSS JOIN LATERAL (VALUES
        ('total', 1, waits),
        ('invoiced', 1, month IS NOT NULL AND waits AND kind = 'sales_invoice'),
        ('credited', -1, month IS NOT NULL AND kind = 'sales_credit_memo'),
        ('released', 1, month IS NOT NULL AND NOT waits)
    ) AS cause (name, sign, holds)
    WHERE cause.holds
)
SELECT contract_id, currency_id, month, name, sum(amount), sum(amount_lcy) FROM told GROUP BY 1, 2, 3, 4
