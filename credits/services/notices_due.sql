-- What there is to tell of the accounts from %(first)s to %(last)s on the day %(on)s: a row for each notice that is to be open.
WITH held AS (  -- what can be drawn that day, and the last day of the latest lot, which may be used up
    SELECT account_id, currency_id, max(expires_on) AS last_day,
           coalesce(sum(credits_available) FILTER (
               WHERE starts_on <= %(on)s::date AND (expires_on >= %(on)s::date OR %(past_expiry)s)), 0) AS available
    FROM credits_purchase
    WHERE NOT draft AND account_id BETWEEN %(first)s AND %(last)s
    GROUP BY account_id, currency_id
),
-- A lot with credits left, at the nearest of the days of notice that it has come to. Another expiry date is told anew.
expiring AS (
    SELECT p.account_id, p.currency_id, p.id AS purchase_id, p.expires_on, p.credits_available, near.days
    FROM credits_purchase p
    CROSS JOIN LATERAL (
        SELECT min(days) AS days FROM unnest(%(days)s::int[]) AS days WHERE days >= p.expires_on - %(on)s::date
    ) near
    WHERE NOT p.draft AND p.credits_available > 0 AND p.expires_on >= %(on)s::date AND near.days IS NOT NULL
      AND p.account_id BETWEEN %(first)s AND %(last)s
),
-- Fewer credits than the account's own limit, or that of the setup. Who bought nothing that lasted until %(gone)s days ago has
-- left, and is no customer with a low balance. A balance that had recovered is told of anew when it falls again.
low AS (
    SELECT h.account_id, h.currency_id, h.available, coalesce(r.low_balance_credits, %(low)s::bigint) AS fewest,
           (SELECT count(*) FROM credits_notice n
            WHERE n.account_id = h.account_id AND n.currency_id = h.currency_id AND n.kind = 'low_balance'
              AND n.settled_on IS NOT NULL) AS recovered
    FROM held h
    LEFT JOIN credits_accountrules r ON r.account_id = h.account_id
    WHERE h.available < coalesce(r.low_balance_credits, %(low)s::bigint) AND h.last_day >= %(on)s::date - %(gone)s::int
),
-- Open milestones that wait for credits until a day that is near or past, with the day on which they draw. Another need, or
-- another allocation, is told anew.
waiting AS MATERIALIZED (
    SELECT m.*, o.account_id, o.currency_id, m.credits_needed - m.credits_allocated AS missing,
           greatest(m.target_on, %(on)s::date) AS day
    FROM credits_milestone m
    JOIN opportunities_project o ON o.id = m.project_id
    WHERE m.actual_on IS NULL AND m.credits_needed > m.credits_allocated AND m.status <> ALL (%(no_need)s::text[])
      AND m.target_on <= %(on)s::date + %(soon)s::int AND o.account_id BETWEEN %(first)s AND %(last)s
),
-- Served by target date, those that the credits of their days do not reach: what is needed from some day up to theirs is more
-- than the lots hold that can be drawn in between.
short AS (
    SELECT w.*, gap.lacking
    FROM waiting w
    CROSS JOIN LATERAL (
        SELECT max(needed.credits - coalesce(there.credits, 0)) AS lacking
        FROM waiting since
        CROSS JOIN LATERAL (
            SELECT sum(x.missing) AS credits FROM waiting x
            WHERE (x.account_id, x.currency_id) = (w.account_id, w.currency_id)
              AND (x.target_on, x.number) BETWEEN (since.target_on, since.number) AND (w.target_on, w.number)
        ) needed
        CROSS JOIN LATERAL (
            SELECT sum(p.credits_available) AS credits FROM credits_purchase p
            WHERE NOT p.draft AND p.credits_available > 0 AND (p.account_id, p.currency_id) = (w.account_id, w.currency_id)
              AND p.starts_on <= w.day AND (p.expires_on >= since.day OR (%(past_expiry)s AND p.expires_on < %(on)s::date))
        ) there
        WHERE (since.account_id, since.currency_id) = (w.account_id, w.currency_id)
          AND (since.target_on, since.number) <= (w.target_on, w.number)
    ) gap
    WHERE gap.lacking > 0
)
SELECT 'expiring:' || purchase_id || ':' || expires_on || ':' || days AS key, 'expiring' AS kind, account_id, currency_id,
       purchase_id, NULL::bigint AS milestone_id, expires_on AS due_on, days::bigint AS threshold, credits_available AS credits
FROM expiring
UNION ALL
SELECT 'low_balance:' || account_id || ':' || currency_id || ':' || recovered, 'low_balance', account_id, currency_id,
       NULL, NULL, NULL, fewest, available::bigint
FROM low
UNION ALL
SELECT 'short:' || id || ':' || credits_needed || ':' || credits_allocated, 'short', account_id, currency_id,
       NULL, id, target_on, missing, least(missing, lacking)::bigint
FROM short
