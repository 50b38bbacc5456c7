-- A company of %(accounts)s accounts and %(purchases)s purchases: the same from the same seed. Lots expire within the year
-- around %(on)s; one in four is drawn by a milestone, half of those are completed and wait for the next night.
CREATE FUNCTION pg_temp.pick(what text, i bigint, choices bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || left(md5(%(seed)s || what || i), 8))::bit(32)::bigint %% choices
$$;

INSERT INTO opportunities_account (number, name, dimensions, currency_id, business_group_id)
SELECT 'G' || lpad(i::text, 7, '0'), 'Generated customer ' || i, '{}',
       (ARRAY['USD', 'EUR', 'GBP', 'JPY'])[1 + pg_temp.pick('currency', i, 4)],
       (ARRAY['DOMESTIC', 'EXPORT'])[1 + pg_temp.pick('group', i, 2)]
FROM generate_series(1, %(accounts)s) i;

INSERT INTO opportunities_project (number, name, account_id, currency_id)
SELECT 'G' || lpad(a.id::text, 8, '0'), a.name || ' programme', a.id, a.currency_id
FROM opportunities_account a WHERE a.number LIKE 'G%%';

CREATE TEMP TABLE lot ON COMMIT DROP AS
SELECT i, a.id AS account_id, a.currency_id, a.business_group_id, c.decimals, rate.rate, lcy.decimals AS lcy_decimals,
       1 + pg_temp.pick('credits', i, 50) AS credits,
       (5000 + pg_temp.pick('value', i, 20000)) * (ARRAY[1, 0.1, 0.01, 0.001])[c.decimals + 1] AS value,
       bought.purchased_on,
       %(on)s::date - 180 + pg_temp.pick('expires', i, 360)::int AS expires_on,
       pg_temp.pick('discount', i, 10) AS discount
FROM generate_series(1, %(purchases)s) i
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM opportunities_account WHERE number LIKE 'G%%') a
  ON a.place = 1 + pg_temp.pick('account', i, %(accounts)s)
JOIN ledger_currency c ON c.code = a.currency_id
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
CROSS JOIN LATERAL (SELECT %(on)s::date - 400 + pg_temp.pick('bought', i, 390)::int AS purchased_on) bought
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.currency_id = s.lcy_id THEN 1 ELSE
        (SELECT r.rate FROM ledger_exchangerate r WHERE r.currency_id = a.currency_id AND r.starting_on <= bought.purchased_on
         ORDER BY r.starting_on DESC LIMIT 1) END AS rate
) rate;

-- The paid price: full, a discount of 10 to 40 percent, or free.
ALTER TABLE lot ADD paid numeric;
UPDATE lot SET paid = CASE WHEN discount = 9 THEN 0 ELSE round(value * (10 - greatest(discount - 4, 0)) / 10, decimals) END;

INSERT INTO credits_purchase (
    number, account_id, purchased_on, currency_id, starts_on, expires_on, number_of_credits, value_per_credit,
    amount_paid_per_credit, description, dimensions, draft, confirmations, product_group_id, business_group_id, deferral_account_id,
    exchange_rate, paid_total_lcy, credits_allocated, credits_expired, credits_refunded, credits_released, released, released_lcy)
SELECT 'SCG-' || lpad(i::text, 8, '0'), account_id, purchased_on, currency_id, least(purchased_on, expires_on), expires_on, credits,
       value, paid, 'Generated', '{}', false, 1, 'CREDITS', lot.business_group_id,
       CASE WHEN paid > 0 THEN g.deferral_id END, CASE WHEN paid > 0 THEN rate END,
       round(credits * paid * rate, lcy_decimals), 0, 0, 0, 0, 0, 0
FROM lot JOIN ledger_postingsetup g ON g.business_group_id = lot.business_group_id AND g.product_group_id = 'CREDITS'
ORDER BY i;
