-- What will become of the money that the lots of services credits hold in deferred revenue. Credits of a milestone that has
-- not been earned are due on its actual date, or on its target date; the rest of a lot lapses on the day after its expiry and
-- grace. The money is cut as the night will cut it (credits/services/release.py), in the order in which it falls due.
WITH turned AS MATERIALIZED (
    -- The changes of lots that were ever taken back, with the last sale and the last way back to draft that were known.
    SELECT p.id AS purchase_id, c.id, c.at, c.changes,
           max(c.id) FILTER (WHERE c.at < %(known_before)s AND c.changes #>> '{draft,1}' = 'false') OVER one_lot AS sold,
           max(c.id) FILTER (WHERE c.at < %(known_before)s AND c.changes #>> '{draft,1}' = 'true') OVER one_lot AS back
    FROM credits_purchase p
    JOIN ledger_changelogentry c ON c."table" = 'credits_purchase' AND c."row" = p.id::text AND c.kind = 'update'
    WHERE p.confirmations > 1 OR (p.draft AND p.confirmations = 1)
    WINDOW one_lot AS (PARTITION BY p.id)
),
-- The terms of such a lot as they were known: what the first change after that found of each. While it was a draft, its
-- past had the terms that it was last sold on: what the way back to draft, and the changes after it, found.
known AS MATERIALIZED (
    SELECT purchase_id, jsonb_object_agg(name, pair -> 0 ORDER BY id DESC) AS terms
    FROM turned CROSS JOIN jsonb_each(changes) AS change (name, pair)
    WHERE at >= %(known_before)s OR (back > coalesce(sold, 0) AND id >= back)
    GROUP BY purchase_id
),
lots AS MATERIALIZED (
    SELECT h.id AS held_id, h.lot, h.amount, h.amount_lcy, p.id AS purchase_id, c.decimals, lcy.decimals AS lcy_decimals,
           coalesce((k.terms ->> 'number_of_credits')::bigint, p.number_of_credits) AS whole,
           coalesce((k.terms ->> 'paid_total')::numeric, p.paid_total) AS paid,
           coalesce((k.terms ->> 'paid_total_lcy')::numeric, p.paid_total_lcy, h.amount_lcy) AS paid_lcy,
           coalesce((k.terms ->> 'expires_on')::date, moved.old_expires_on, p.expires_on) AS expires_on,
           coalesce(grace.before, s.grace_period_days, 0) AS grace
    FROM held h
    JOIN credits_purchase p ON h.lot = 'purchase:' || p.id
    JOIN ledger_currency c ON c.code = h.currency_id
    CROSS JOIN ledger_ledgersetup g
    JOIN ledger_currency lcy ON lcy.code = g.lcy_id
    LEFT JOIN credits_creditssetup s ON true
    LEFT JOIN known k ON k.purchase_id = p.id
    LEFT JOIN (
        SELECT (changes #>> '{grace_period_days,0}')::integer AS before FROM ledger_changelogentry
        WHERE "table" = 'credits_creditssetup' AND kind = 'update' AND changes ? 'grace_period_days' AND at >= %(known_before)s
        ORDER BY id LIMIT 1
    ) grace ON true
    LEFT JOIN (
        -- The expiry date as it was known: what the first change after that found.
        SELECT DISTINCT ON (purchase_id) purchase_id, old_expires_on FROM credits_purchasedatechange
        WHERE changed_at >= %(known_before)s ORDER BY purchase_id, changed_at, id
    ) moved ON moved.purchase_id = p.id
),
completions AS (
    SELECT milestone_id, actual_on FROM credits_completion
    WHERE completed_at < %(known_before)s AND actual_on <= %(on)s
      AND coalesce(reopened_at >= least(%(known_before)s, %(day_ends)s), true)
),
-- Credits whose money has left the deferral: with their entries, or on their day where nothing was paid for them.
released AS MATERIALIZED (
    SELECT r.purchase_id, r.milestone_id, r.cause, r.units, r.breakage_rate, r.id
    FROM credits_release r LEFT JOIN ledger_journalentry e ON e.event_key = r.event_key
    WHERE coalesce(e.posting_date, r.effective_on) <= %(on)s AND coalesce(e.created_at, r.created_at) < %(known_before)s
),
gone AS (
    SELECT purchase_id, sum(units) AS units, coalesce(sum(units) FILTER (WHERE cause = 'consumed'), 0) AS consumed,
           coalesce(sum(units) FILTER (WHERE cause = 'refunded'), 0) AS refunded,
           coalesce((array_agg(breakage_rate ORDER BY id DESC) FILTER (WHERE breakage_rate IS NOT NULL))[1], 0) AS rate
    FROM released GROUP BY purchase_id
),
waiting AS (
    SELECT l.held_id, l.purchase_id, c.milestone_id, sum(c.credits) - coalesce(max(r.units), 0) AS units
    FROM lots l
    JOIN credits_consumption c ON c.purchase_id = l.purchase_id
    LEFT JOIN (
        SELECT purchase_id, milestone_id, sum(units) AS units FROM released WHERE milestone_id IS NOT NULL GROUP BY 1, 2
    ) r ON r.purchase_id = c.purchase_id AND r.milestone_id = c.milestone_id
    WHERE c.milestone_id IS NOT NULL AND c.consumed_on <= %(on)s AND c.created_at < %(known_before)s
    GROUP BY 1, 2, 3 HAVING sum(c.credits) > coalesce(max(r.units), 0)
),
-- The target dates as they were known.
targets AS (
    SELECT m.id, CASE WHEN later.id IS NULL THEN m.target_on ELSE (later.changes #>> '{target_on,0}')::date END AS target_on
    FROM credits_milestone m
    LEFT JOIN (
        SELECT DISTINCT ON ("row") id, "row", changes FROM ledger_changelogentry
        WHERE "table" = 'credits_milestone' AND at >= %(known_before)s AND changes ? 'target_on' AND kind = 'update'
        ORDER BY "row", id
    ) later ON later."row" = m.id::text
    WHERE m.id IN (SELECT milestone_id FROM waiting)
),
units AS (
    SELECT w.held_id, coalesce(d.actual_on, m.target_on) AS due_on,
           d.actual_on IS NULL AND coalesce(m.target_on < %(on)s, true) AS overdue,
           'recognise' AS cause, 'milestone:' || m.id AS behind, w.units
    FROM waiting w
    JOIN targets m ON m.id = w.milestone_id
    LEFT JOIN completions d ON d.milestone_id = m.id
    UNION ALL
    SELECT l.held_id, l.expires_on + l.grace + 1, l.expires_on + l.grace + 1 < %(on)s, 'lapse', l.lot,
           l.whole - coalesce(g.units, 0) - coalesce(w.units, 0)
    FROM lots l
    LEFT JOIN gone g ON g.purchase_id = l.purchase_id
    LEFT JOIN (SELECT held_id, sum(units) AS units FROM waiting GROUP BY held_id) w ON w.held_id = l.held_id
    WHERE l.expires_on IS NOT NULL
),
running AS (
    SELECT l.*, u.due_on, u.overdue, u.cause, u.behind, coalesce(g.refunded, 0) AS refunded, coalesce(g.rate, 0) AS rate,
           l.whole - sum(u.units) OVER (PARTITION BY u.held_id) + sum(u.units) OVER falls_due AS k,
           coalesce(g.consumed, 0) + coalesce(sum(u.units) FILTER (WHERE u.cause = 'recognise') OVER falls_due, 0) AS used
    FROM units u
    JOIN lots l ON l.held_id = u.held_id
    LEFT JOIN gone g ON g.purchase_id = l.purchase_id
    WHERE u.units > 0
    WINDOW falls_due AS (PARTITION BY u.held_id ORDER BY u.due_on NULLS FIRST, length(u.behind), u.behind)
),
levels AS (
    SELECT *, greatest(paid - amount, credits_level(paid, whole, k, used, refunded, rate, decimals)) AS level,
           greatest(paid_lcy - amount_lcy, credits_level(paid_lcy, whole, k, used, refunded, rate, lcy_decimals)) AS level_lcy
    FROM running
)
SELECT held_id, expires_on, due_on, overdue, cause, behind, level - lag(level, 1, paid - amount) OVER before,
       level_lcy - lag(level_lcy, 1, paid_lcy - amount_lcy) OVER before
FROM levels WINDOW before AS (PARTITION BY held_id ORDER BY k)
