-- Of billing base period and rhythm the one is a whole multiple of the other: both in months, or both in days. What is no single
-- term has a rule of its own.
CREATE FUNCTION prepaid_term_length(term text, in_days boolean) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN term ~ '^[1-9][0-9]{0,3}[DWMQY]$' AND (right(term, 1) IN ('D', 'W')) = in_days
                THEN left(term, -1)::int * CASE right(term, 1) WHEN 'W' THEN 7 WHEN 'Q' THEN 3 WHEN 'Y' THEN 12 ELSE 1 END END
$$;

CREATE FUNCTION prepaid_term_divides(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT bool_or(a % b = 0 OR b % a = 0) IS NOT FALSE
       AND (bool_or(a + b IS NOT NULL) OR NOT (bool_or(a IS NOT NULL) AND bool_or(b IS NOT NULL)))
    FROM (VALUES (prepaid_term_length(one, true), prepaid_term_length(other, true)),
                 (prepaid_term_length(one, false), prepaid_term_length(other, false))) AS length (a, b)
$$;

ALTER TABLE prepaid_packageline ADD CONSTRAINT package_line_rhythm_divides
    CHECK (prepaid_term_divides(base_period, rhythm));
ALTER TABLE prepaid_linecommitment ADD CONSTRAINT line_commitment_rhythm_divides
    CHECK (prepaid_term_divides(base_period, rhythm));
ALTER TABLE prepaid_servicecommitment ADD CONSTRAINT service_commitment_rhythm_divides
    CHECK (prepaid_term_divides(base_period, rhythm));

-- A package serves a recurring prepaid item only with a customer line invoiced via contract, without an invoicing item, of
-- 100 %: looked at when the transaction ends, since a package and its lines are written one after the other.
CREATE FUNCTION prepaid_package_serves_prepaid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.code, pp.package_id INTO bad
    FROM prepaid_productpackage pp
    JOIN opportunities_product p ON p.id = pp.product_id
    WHERE p.prepaid_service AND p.commitment_option = 'commitment_item'
      AND CASE TG_TABLE_NAME WHEN 'opportunities_product' THEN p.id = (to_jsonb(NEW) ->> 'id')::bigint
               ELSE pp.package_id IN (to_jsonb(NEW) ->> 'package_id', to_jsonb(OLD) ->> 'package_id') END
      AND NOT EXISTS (
          SELECT FROM prepaid_packageline l
          WHERE l.package_id = pp.package_id AND l.partner = 'customer' AND l.invoicing_via = 'contract'
            AND l.invoicing_item_id IS NULL AND l.base_percent = 100)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'package % has no line by which it could top up the prepaid service of %', bad.package_id, bad.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'package_serves_prepaid_item';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER package_serves_prepaid AFTER INSERT OR UPDATE ON prepaid_productpackage
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prepaid_package_serves_prepaid();
CREATE CONSTRAINT TRIGGER package_line_serves_prepaid AFTER UPDATE OR DELETE ON prepaid_packageline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prepaid_package_serves_prepaid();
CREATE CONSTRAINT TRIGGER product_package_serves_prepaid AFTER UPDATE ON opportunities_product
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((NEW.prepaid_service, NEW.commitment_option) IS DISTINCT FROM (OLD.prepaid_service, OLD.commitment_option))
    EXECUTE FUNCTION prepaid_package_serves_prepaid();

CALL ledger_log_changes_of('prepaid_commitmenttemplate', 'code');
CALL ledger_log_changes_of('prepaid_commitmentpackage', 'code');
CALL ledger_log_changes_of('prepaid_packageline', 'package_id');
CALL ledger_log_changes_of('prepaid_productpackage');
CALL ledger_log_changes_of('prepaid_linecommitment', 'line_id');
