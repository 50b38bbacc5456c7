-- %(deferrals)s contract invoices, each of a year that is over, in twelve parts that nobody has released yet.
CREATE TEMP TABLE agreed ON COMMIT DROP AS
SELECT i, 'CCG-' || lpad(i::text, 8, '0') AS number, a.id AS account_id, a.currency_id, a.business_group_id, c.decimals,
       rate.rate, lcy.decimals AS lcy_decimals, first.day AS starts_on, first.day + interval '1 year - 1 day' AS ends_on,
       (100 + pg_temp.pick('net', i, 100000)) * (ARRAY[1, 0.1, 0.01, 0.001])[c.decimals + 1] AS net,
       g.receivable_id, g.deferral_id, g.sales_id
FROM generate_series(1, %(deferrals)s) i
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM opportunities_account WHERE number LIKE 'G%%') a
  ON a.place = 1 + pg_temp.pick('contract', i, %(accounts)s)
JOIN ledger_currency c ON c.code = a.currency_id
JOIN ledger_postingsetup g ON g.business_group_id = a.business_group_id AND g.product_group_id = 'CONTRACTS'
CROSS JOIN ledger_ledgersetup s
JOIN ledger_currency lcy ON lcy.code = s.lcy_id
CROSS JOIN LATERAL (
    SELECT (date_trunc('month', %(on)s::date) - interval '1 year' - interval '1 month' * pg_temp.pick('first', i, 6))::date AS day
) first
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.currency_id = s.lcy_id THEN 1 ELSE
        (SELECT r.rate FROM ledger_exchangerate r WHERE r.currency_id = a.currency_id AND r.starting_on <= first.day
         ORDER BY r.starting_on DESC LIMIT 1) END AS rate
) rate;

INSERT INTO opportunities_product (code, name, unit_price, currency_id, product_group_id, commitment_option)
SELECT 'GENERATED', 'Generated service', 0, lcy_id, 'CONTRACTS', 'commitment_item' FROM ledger_ledgersetup
WHERE %(deferrals)s > 0;

INSERT INTO prepaid_customercontract (number, description, external_reference, closed, account_id, bill_to_id, currency_id)
SELECT number, 'Generated', '', false, account_id, account_id, currency_id FROM agreed;

INSERT INTO prepaid_serviceobject (number, description, reference, quantity, unit_of_measure, provided_on, account_id, product_id)
SELECT number, 'Generated', '', 1, '', starts_on, account_id, p.id FROM agreed JOIN opportunities_product p ON p.code = 'GENERATED';

INSERT INTO prepaid_servicecommitment (
    partner, description, invoicing_via, base_percent, base_period, rhythm, initial_term, extension_term, notice_period,
    start_formula, starts_on, anchor_on, ends_on, next_billing_on, currency_id, object_id, contract_id)
SELECT 'customer', 'Generated', 'contract', 100, '1Y', '1Y', '', '', '', '', a.starts_on, a.starts_on, a.ends_on, a.starts_on,
       a.currency_id, o.id, c.id
FROM agreed a JOIN prepaid_serviceobject o USING (number) JOIN prepaid_customercontract c USING (number);

INSERT INTO prepaid_salesdocument (
    type, number, posted_number, state, document_on, posted_on, external_reference, text, reason, account_id, bill_to_id,
    currency_id)
SELECT 'invoice', number, '', 'open', starts_on, starts_on, '', '', '', account_id, account_id, currency_id FROM agreed;

INSERT INTO prepaid_salesline (
    document_id, line_no, kind, role, product_id, description, quantity, unit_of_measure, unit_price, discount_percent, net,
    vat_percent, vat, by_hand, covered, covered_net, covered_vat, due_lcy, due_vat_lcy, quantity_shipped, quantity_invoiced,
    product_group_id, ledger_account_id, receivable_account_id)
SELECT d.id, 1, 'item', 'contract', p.id, 'Generated', 1, '', a.net, 0, a.net, 0, 0, false, 0, 0, 0,
       round(a.net * a.rate, a.lcy_decimals), 0, 0, 0, 'CONTRACTS', a.deferral_id, a.receivable_id
FROM agreed a JOIN prepaid_salesdocument d USING (number) JOIN opportunities_product p ON p.code = 'GENERATED';

INSERT INTO prepaid_billedperiod (starts_on, ends_on, kept_until, top_up_quantity, line_id, commitment_id)
SELECT a.starts_on, a.ends_on, a.ends_on, 0, l.id, c.id
FROM agreed a
JOIN prepaid_salesdocument d USING (number)
JOIN prepaid_salesline l ON l.document_id = d.id
JOIN prepaid_serviceobject o USING (number)
JOIN prepaid_servicecommitment c ON c.object_id = o.id;

UPDATE prepaid_salesdocument d
SET state = 'posted', posted_number = d.number, sequence = a.i, posted_at = now(), business_group_id = a.business_group_id,
    exchange_rate = a.rate
FROM agreed a WHERE a.number = d.number;

INSERT INTO ledger_numberseries (code, description, prefix, digits, last_number)
SELECT 'PSI', 'Posted sales invoices', 'CCG-', 8, %(deferrals)s WHERE %(deferrals)s > 0;

INSERT INTO prepaid_contractdeferral (
    starts_on, ends_on, amount, amount_lcy, exchange_rate, dimensions, by_equal_months, account_id, business_group_id, currency_id,
    deferral_account_id, line_id, product_group_id, revenue_account_id, contract_id, commitment_id)
SELECT a.starts_on, a.ends_on, a.net, l.due_lcy, a.rate, '{}', false, a.account_id, a.business_group_id, a.currency_id,
       a.deferral_id, l.id, 'CONTRACTS', a.sales_id, c.contract_id, c.id
FROM agreed a
JOIN prepaid_salesdocument d USING (number)
JOIN prepaid_salesline l ON l.document_id = d.id
JOIN prepaid_billedperiod b ON b.line_id = l.id
JOIN prepaid_servicecommitment c ON c.id = b.commitment_id;

-- Twelve whole months share equally, cut cumulatively; their LCY is what the levels of the amount take of it.
INSERT INTO prepaid_deferralline (deferral_id, line_no, starts_on, ends_on, amount, amount_lcy, due_on)
SELECT id, line_no, first, last, level - lag(level, 1, 0::numeric) OVER one, level_lcy - lag(level_lcy, 1, 0::numeric) OVER one, last
FROM (
    SELECT d.id, n AS line_no, (d.starts_on + interval '1 month' * (n - 1))::date AS first,
           (d.starts_on + interval '1 month' * n - interval '1 day')::date AS last, cut.level,
           ledger_cumulative(d.amount_lcy, cut.level, d.amount, lcy.decimals) AS level_lcy
    FROM prepaid_contractdeferral d
    JOIN ledger_currency c ON c.code = d.currency_id
    CROSS JOIN ledger_ledgersetup s
    JOIN ledger_currency lcy ON lcy.code = s.lcy_id
    CROSS JOIN generate_series(1, 12) n
    CROSS JOIN LATERAL (SELECT ledger_cumulative(d.amount, n::numeric, 12::numeric, c.decimals) AS level) cut
) levels WINDOW one AS (PARTITION BY id ORDER BY line_no)
