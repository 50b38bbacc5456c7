-- What will become of the money that inflows of prepaid services hold in deferred revenue. What is left of one lapses on the
-- day after its valid-until, as the night will have it; without one it is used on a day that nobody knows. Valid-until is
-- frozen with the inflow, so that it was always known as it is now.
SELECT h.id, i.valid_until, due.day, coalesce(due.day < %(on)s, false),
       CASE WHEN i.valid_until IS NULL THEN 'recognise' ELSE 'lapse' END,
       CASE WHEN i.valid_until IS NULL THEN 'prepaid-service:' || i.service_id ELSE h.lot END, h.amount, h.amount_lcy
FROM held h
JOIN prepaid_prepaidentry i ON h.lot = 'prepaid:' || i.id AND h.account_id = i.deferral_account_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN i.valid_until IS NOT NULL THEN greatest(least(i.valid_until + 1, DATE '9999-12-31'), i.posted_on) END AS day
) due
