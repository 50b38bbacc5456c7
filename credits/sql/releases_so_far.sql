-- The releases of everything that was posted before there was a table of them: earned and reopened completions, expiries. Their
-- amounts are those of the journal.
INSERT INTO credits_release (event_key, cause, milestone_id, purchase_id, units, amount, amount_lcy, effective_on, created_at)
WITH deferral AS MATERIALIZED (
    SELECT e.event_key, e.effective_on, e.created_at, p.id AS purchase_id,
           sum(l.debit - l.credit) AS amount, sum(l.debit_lcy - l.credit_lcy) AS amount_lcy
    FROM ledger_journalentry e
    JOIN ledger_journalline l ON l.entry_id = e.id
    JOIN credits_purchase p ON l.lot = 'purchase:' || p.id AND l.account_id = p.deferral_account_id
    GROUP BY 1, 2, 3, 4
),
earned AS (
    -- As it was when completed: nothing of it changes until it is reopened.
    SELECT d.milestone_id, d.sequence, d.actual_on, d.completed_at, d.reopened_at, c.purchase_id, sum(c.credits) AS units
    FROM credits_completion d
    JOIN credits_consumption c ON c.milestone_id = d.milestone_id
    WHERE d.earned_on IS NOT NULL AND (d.reopened_at IS NULL OR c.created_at <= d.completed_at)
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(c.credits) <> 0
),
events AS (
    SELECT 'milestone:' || milestone_id || ':complete:' || sequence AS event_key, 'consumed' AS cause, milestone_id, purchase_id,
           units, actual_on AS effective_on, completed_at AS at
    FROM earned
    UNION ALL
    SELECT 'milestone:' || milestone_id || ':reopen:' || sequence, 'consumed', milestone_id, purchase_id, -units,
           (reopened_at AT TIME ZONE s.time_zone)::date, reopened_at
    FROM earned CROSS JOIN ledger_ledgersetup s WHERE reopened_at IS NOT NULL
    UNION ALL
    SELECT a.event_key, 'expired', NULL, c.purchase_id, c.credits, c.consumed_on, c.created_at
    FROM credits_consumption c JOIN credits_allocation a ON a.id = c.allocation_id WHERE c.consumption_type = 'expiry'
)
SELECT v.event_key, v.cause, v.milestone_id, v.purchase_id, v.units, coalesce(d.amount, 0), coalesce(d.amount_lcy, 0),
       coalesce(d.effective_on, v.effective_on), coalesce(d.created_at, v.at)
FROM events v LEFT JOIN deferral d ON d.event_key = v.event_key AND d.purchase_id = v.purchase_id
ORDER BY coalesce(d.created_at, v.at), v.event_key, v.purchase_id;

UPDATE credits_purchase p SET credits_consumed = r.units
FROM (SELECT purchase_id, sum(units) AS units FROM credits_release WHERE cause = 'consumed' GROUP BY purchase_id) r
WHERE r.purchase_id = p.id AND r.units <> 0;
