-- Services credits against their liability accounts at the end of %(on)s, by posting date: per account, product group and
-- currency. What was sold, consumed and expired is read from the journal, lot by lot; what remains is read from the lots
-- as they stand now, less what was posted after that day; so that each can be held against the other and against the account.
WITH moved AS MATERIALIZED (
    SELECT l.lot, l.account_id, l.product_group_id, l.currency_id, coalesce(r.kind, e.kind) AS kind,
           e.posting_date <= %(on)s AS counts, sum(l.credit - l.debit) AS amount, sum(l.credit_lcy - l.debit_lcy) AS amount_lcy
    FROM ledger_journalline l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    LEFT JOIN ledger_journalentry r ON r.id = e.reverses_id
    -- Those that the lots wait on now, and those that they may have waited on before they were taken back and sold again.
    WHERE l.account_id IN (SELECT deferral_account_id FROM credits_purchase
                           UNION SELECT code FROM ledger_setup_account WHERE purpose = 'deferral')
      AND l.lot LIKE 'purchase:%%'
    GROUP BY 1, 2, 3, 4, 5, 6
),
journal AS MATERIALIZED (
    SELECT lot, account_id, product_group_id, currency_id,
           coalesce(sum(amount) FILTER (WHERE counts AND kind = 'purchase'), 0) AS sold,
           coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind = 'purchase'), 0) AS sold_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND kind IN ('completion', 'allocation', 'deallocation')), 0) AS consumed,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind IN ('completion', 'allocation', 'deallocation')), 0) AS consumed_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND kind IN ('expiry', 'estimate')), 0) AS expired,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind IN ('expiry', 'estimate')), 0) AS expired_lcy,
           -coalesce(sum(amount) FILTER (WHERE counts AND kind = 'refund'), 0) AS refunded,
           -coalesce(sum(amount_lcy) FILTER (WHERE counts AND kind = 'refund'), 0) AS refunded_lcy,
           coalesce(sum(amount) FILTER (WHERE counts), 0) AS books,
           coalesce(sum(amount_lcy) FILTER (WHERE counts), 0) AS books_lcy,
           coalesce(sum(amount) FILTER (WHERE NOT counts), 0) AS later,
           coalesce(sum(amount_lcy) FILTER (WHERE NOT counts), 0) AS later_lcy
    FROM moved GROUP BY 1, 2, 3, 4
),
-- Credits with the day on which the books took them, negative where they came back.
units AS MATERIALIZED (
    SELECT r.purchase_id,
           coalesce(sum(r.units) FILTER (WHERE d.day <= %(on)s AND r.cause = 'consumed'), 0) AS consumed,
           coalesce(sum(r.units) FILTER (WHERE d.day <= %(on)s AND r.cause = 'expired'), 0) AS expired,
           coalesce(sum(r.units) FILTER (WHERE d.day <= %(on)s AND r.cause = 'refunded'), 0) AS refunded,
           coalesce(sum(r.units) FILTER (WHERE d.day > %(on)s), 0) AS later
    FROM credits_release r
    LEFT JOIN ledger_journalentry e ON e.event_key = r.event_key
    CROSS JOIN LATERAL (SELECT coalesce(e.posting_date, r.effective_on) AS day) d
    GROUP BY r.purchase_id
),
lots AS (
    SELECT 'purchase:' || p.id AS lot, p.deferral_account_id AS account_id, p.product_group_id, p.currency_id,
           p.number_of_credits AS whole, p.number_of_credits - p.credits_released AS left_now,
           p.deferred AS deferred_now, coalesce(p.paid_total_lcy, 0) - p.released_lcy AS deferred_now_lcy,
           p.paid_total = 0 AND NOT p.draft AND p.purchased_on <= %(on)s AS given_away,
           coalesce(u.consumed, 0) AS consumed, coalesce(u.expired, 0) AS expired, coalesce(u.refunded, 0) AS refunded,
           coalesce(u.later, 0) AS later
    FROM credits_purchase p LEFT JOIN units u ON u.purchase_id = p.id
),
-- A lot that went back to draft after that day is still named by its entries.
per_lot AS (
    SELECT coalesce(j.account_id, l.account_id, '') AS account_id, coalesce(j.product_group_id, l.product_group_id, '') AS product_group_id,
           coalesce(j.currency_id, l.currency_id) AS currency_id,
           -- What the books took by that day, or what was given away by then.
           coalesce(j.sold <> 0, l.given_away) AS there, coalesce(l.whole, 0) AS whole, coalesce(l.consumed, 0) AS consumed,
           coalesce(l.expired, 0) AS expired, coalesce(l.refunded, 0) AS refunded,
           coalesce(l.left_now + l.later, 0) AS remaining,
           j.sold AS sold_own, j.sold_lcy, j.consumed AS consumed_own, j.consumed_lcy, j.expired AS expired_own, j.expired_lcy,
           j.refunded AS refunded_own, j.refunded_lcy, j.books, j.books_lcy,
           coalesce(l.deferred_now, 0) - coalesce(j.later, 0) AS remaining_own,
           coalesce(l.deferred_now_lcy, 0) - coalesce(j.later_lcy, 0) AS remaining_lcy
    FROM lots l
    FULL JOIN journal j ON j.lot = l.lot AND j.currency_id = l.currency_id
         AND (l.account_id IS NULL OR (j.account_id, j.product_group_id) IS NOT DISTINCT FROM (l.account_id, l.product_group_id))
)
SELECT account_id, product_group_id, currency_id,
       coalesce(sum(whole) FILTER (WHERE there), 0), coalesce(sum(consumed) FILTER (WHERE there), 0),
       coalesce(sum(expired) FILTER (WHERE there), 0), coalesce(sum(refunded) FILTER (WHERE there), 0),
       coalesce(sum(remaining) FILTER (WHERE there), 0),
       coalesce(sum(sold_own), 0), coalesce(sum(consumed_own), 0), coalesce(sum(expired_own), 0), coalesce(sum(refunded_own), 0),
       coalesce(sum(remaining_own), 0),
       coalesce(sum(sold_lcy), 0), coalesce(sum(consumed_lcy), 0), coalesce(sum(expired_lcy), 0), coalesce(sum(refunded_lcy), 0),
       coalesce(sum(remaining_lcy), 0),
       coalesce(sum(books), 0), coalesce(sum(books_lcy), 0)
FROM per_lot
GROUP BY account_id, product_group_id, currency_id
HAVING coalesce(bool_or(there), false) OR coalesce(sum(books), 0) <> 0 OR coalesce(sum(remaining_own), 0) <> 0
ORDER BY account_id, product_group_id, currency_id
