-- What every account holds per currency with any purchase, drafts as zero. What left the deferral of a lot is told apart by
-- its entry: a completion, an expiry, or the reversal of one.
WITH lots AS (
    SELECT account_id, currency_id,
           coalesce(sum(number_of_credits) FILTER (WHERE NOT draft), 0) AS purchased, sum(credits_allocated) AS allocated,
           sum(credits_expired + credits_refunded) AS expired,
           coalesce(sum(credits_available) FILTER (WHERE NOT draft), 0) AS available, sum(deferred) AS deferred,
           coalesce(sum(paid_total_lcy - released_lcy) FILTER (WHERE NOT draft), 0) AS deferred_lcy
    FROM credits_purchase GROUP BY account_id, currency_id
),
released AS (
    SELECT p.account_id, p.currency_id, coalesce(undone.kind, e.kind) AS kind, sum(l.debit - l.credit) AS amount,
           sum(l.debit_lcy - l.credit_lcy) AS amount_lcy
    FROM credits_purchase p
    JOIN ledger_journalline l ON l.lot = 'purchase:' || p.id AND l.account_id = p.deferral_account_id
    JOIN ledger_journalentry e ON e.id = l.entry_id
    LEFT JOIN ledger_journalentry undone ON undone.id = e.reverses_id
    GROUP BY 1, 2, 3
)
SELECT a.number, lots.currency_id, c.decimals, purchased, allocated, expired, available, deferred,
       coalesce(earned.amount, 0), coalesce(lapsed.amount, 0), deferred_lcy,
       coalesce(earned.amount_lcy, 0), coalesce(lapsed.amount_lcy, 0)
FROM lots
JOIN opportunities_account a ON a.id = lots.account_id
JOIN ledger_currency c ON c.code = lots.currency_id
LEFT JOIN released earned ON (earned.account_id, earned.currency_id) = (lots.account_id, lots.currency_id)
    AND earned.kind = 'completion'
LEFT JOIN released lapsed ON (lapsed.account_id, lapsed.currency_id) = (lots.account_id, lots.currency_id)
    AND lapsed.kind = 'expiry'
ORDER BY a.number, lots.currency_id
