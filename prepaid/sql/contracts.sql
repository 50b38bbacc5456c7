-- Customer contracts: what of a commitment is billed, and what billing has made fast. The first day that no invoice bills is
-- kept here; no two periods of a commitment share a day, whoever bills at the same moment.
ALTER TABLE prepaid_billedperiod ADD CONSTRAINT billed_period_no_day_twice
    EXCLUDE USING gist (int8range(commitment_id, commitment_id, '[]') WITH &&, daterange(starts_on, kept_until + 1) WITH &&);

-- The first day from there on that no kept period holds: kept periods share no day, so each is looked at once.
CREATE FUNCTION prepaid_next_billing(of_commitment bigint, from_day date) RETURNS date LANGUAGE sql STABLE AS $$
    WITH kept AS (
        SELECT starts_on, kept_until, coalesce(lag(kept_until) OVER (ORDER BY starts_on) + 1, from_day) AS free_from
        FROM prepaid_billedperiod
        WHERE commitment_id = of_commitment AND kept_until >= starts_on AND kept_until >= from_day)
    SELECT coalesce((SELECT min(free_from) FROM kept WHERE starts_on > free_from),
                    (SELECT max(kept_until) + 1 FROM kept), from_day)
$$;

CREATE FUNCTION prepaid_commitment_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    billed record;
    why text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT min(starts_on) AS first, max(kept_until) AS last INTO billed
        FROM prepaid_billedperiod WHERE commitment_id = NEW.id AND kept_until >= starts_on;
        IF billed.first IS NOT NULL AND (NEW.object_id, NEW.currency_id, NEW.starts_on, NEW.anchor_on, NEW.base_period,
            NEW.partner, NEW.invoicing_via, NEW.contract_id) IS DISTINCT FROM (OLD.object_id, OLD.currency_id, OLD.starts_on,
            OLD.anchor_on, OLD.base_period, OLD.partner, OLD.invoicing_via, OLD.contract_id)
        THEN
            RAISE EXCEPTION 'commitment % is billed: object, contract, currency, start and base period stay', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'service_commitment_fixed_once_billed';
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR (NEW.object_id, NEW.currency_id, NEW.contract_id, NEW.prepaid_service_id)
        IS DISTINCT FROM (OLD.object_id, OLD.currency_id, OLD.contract_id, OLD.prepaid_service_id)
    THEN
        SELECT CASE WHEN s.account_id <> o.account_id THEN 'its prepaid service belongs to another account'
                    WHEN s.accrual <> 'periodic' THEN 'its prepaid service is one-time'
                    WHEN s.currency_id <> NEW.currency_id THEN 'its prepaid service is in ' || s.currency_id
                    WHEN c.account_id <> o.account_id THEN 'its contract belongs to another account'
                    WHEN c.currency_id <> NEW.currency_id THEN 'its contract is in ' || c.currency_id END INTO why
        FROM prepaid_serviceobject o
        LEFT JOIN prepaid_prepaidservice s ON s.id = NEW.prepaid_service_id
        LEFT JOIN prepaid_customercontract c ON c.id = NEW.contract_id
        WHERE o.id = NEW.object_id;
        IF why IS NOT NULL THEN
            RAISE EXCEPTION 'service commitment: %', why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'service_commitment_fits';
        END IF;
    END IF;
    NEW.next_billing_on := CASE TG_OP WHEN 'INSERT' THEN NEW.starts_on ELSE prepaid_next_billing(NEW.id, NEW.starts_on) END;
    RETURN NEW;
END $$;

CREATE TRIGGER service_commitment_next BEFORE INSERT OR UPDATE ON prepaid_servicecommitment
    FOR EACH ROW EXECUTE FUNCTION prepaid_commitment_next();

-- (In force, instead of the version of services.sql.) What a commitment tops up stays such a service as well: of that
-- account, periodic, of that type, and in the currency of its commitments.
CREATE OR REPLACE FUNCTION prepaid_service_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.account_id, NEW.accrual, NEW.type) IS DISTINCT FROM (OLD.account_id, OLD.accrual, OLD.type)
       OR (OLD.currency_id IS NOT NULL AND NEW.currency_id IS DISTINCT FROM OLD.currency_id)
       OR NEW.unit_of_measure IS DISTINCT FROM OLD.unit_of_measure
    THEN
        IF EXISTS (SELECT FROM prepaid_prepaidentry WHERE service_id = OLD.id) THEN
            RAISE EXCEPTION 'prepaid service % has entries: account, accrual, type, unit and currency stay', OLD.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_service_fixed_once_used';
        END IF;
    END IF;
    IF (NEW.account_id, NEW.accrual, NEW.type, NEW.currency_id)
        IS DISTINCT FROM (OLD.account_id, OLD.accrual, OLD.type, OLD.currency_id)
       AND EXISTS (SELECT FROM prepaid_servicecommitment WHERE prepaid_service_id = OLD.id
                   AND ((NEW.account_id, NEW.accrual, NEW.type) IS DISTINCT FROM (OLD.account_id, OLD.accrual, OLD.type)
                        OR OLD.currency_id IS NOT NULL OR currency_id <> NEW.currency_id))
    THEN
        RAISE EXCEPTION 'prepaid service % is topped up by a commitment: account, accrual, type and currency stay', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_service_fixed_while_topped_up';
    END IF;
    IF NEW.closed AND NOT OLD.closed AND EXISTS (
        SELECT FROM prepaid_inflowbalance WHERE service_id = OLD.id AND (remaining > 0 OR remaining_quantity > 0))
    THEN
        RAISE EXCEPTION 'prepaid service % has something left', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_service_closed_at_zero';
    END IF;
    RETURN NEW;
END $$;

-- A billed period is that of a contract line, for the account and currency of its commitment, on days of it. Posted, it is
-- only ever set back, by a credit memo; not posted, it goes with its line.
CREATE FUNCTION prepaid_billed_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    billed record;
    why text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF EXISTS (SELECT FROM prepaid_salesline l JOIN prepaid_salesdocument d ON d.id = l.document_id
                   WHERE l.id = OLD.line_id AND d.state = 'posted')
           AND (TG_OP = 'DELETE' OR NEW.kept_until > OLD.kept_until
                OR to_jsonb(NEW) - 'kept_until' IS DISTINCT FROM to_jsonb(OLD) - 'kept_until')
        THEN
            RAISE EXCEPTION 'period % is billed by a posted invoice', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'billed_period_posted_is_final';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
    END IF;
    SELECT c.*, l.role, d.type, d.account_id, d.currency_id AS billed_in, k.account_id AS of_account INTO billed
    FROM prepaid_servicecommitment c
    JOIN prepaid_customercontract k ON k.id = c.contract_id
    JOIN prepaid_salesline l ON l.id = NEW.line_id
    JOIN prepaid_salesdocument d ON d.id = l.document_id
    WHERE c.id = NEW.commitment_id;
    why := CASE WHEN NOT FOUND THEN 'its commitment is in no contract'
                WHEN billed.role <> 'contract' OR billed.type <> 'invoice' THEN 'its line is none of a contract invoice'
                WHEN billed.account_id <> billed.of_account THEN 'its invoice is for another account'
                WHEN billed.billed_in <> billed.currency_id THEN 'its invoice is in ' || billed.billed_in
                WHEN (NEW.starts_on < billed.starts_on OR NEW.ends_on > billed.ends_on)
                    AND (TG_OP = 'INSERT' OR (NEW.commitment_id, NEW.starts_on, NEW.ends_on)
                        IS DISTINCT FROM (OLD.commitment_id, OLD.starts_on, OLD.ends_on))
                    THEN 'it lies outside its commitment' END;
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'billed period % to %: %', NEW.starts_on, NEW.ends_on, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billed_period_fits_its_line';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billed_period_guard BEFORE INSERT OR UPDATE OR DELETE ON prepaid_billedperiod
    FOR EACH ROW EXECUTE FUNCTION prepaid_billed_period_guard();

-- Days of a posted period are let go by a credit memo of its line alone, and none whose part of the deferral is left.
CREATE FUNCTION prepaid_billed_period_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM prepaid_salesline l JOIN prepaid_salesdocument d ON d.id = l.document_id
               WHERE l.id = NEW.line_id AND d.state = 'posted')
       AND (NOT EXISTS (SELECT FROM prepaid_salesline l JOIN prepaid_salesdocument d ON d.id = l.document_id
                        WHERE l.corrects_line_id = NEW.line_id AND d.state = 'posted')
            OR EXISTS (SELECT FROM prepaid_contractdeferral d JOIN prepaid_deferralline l ON l.deferral_id = d.id
                       WHERE d.line_id = NEW.line_id AND l.closed_by_id IS NULL AND l.ends_on > NEW.kept_until))
    THEN
        RAISE EXCEPTION 'period % is billed until %, and no credit memo takes its days back', OLD.id, OLD.kept_until
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billed_period_let_go_by_credit';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER billed_period_let_go AFTER UPDATE ON prepaid_billedperiod DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kept_until < OLD.kept_until) EXECUTE FUNCTION prepaid_billed_period_let_go();

-- An invoice makes, and its deletion takes away, many periods of a commitment at once: its date is worked out once for all.
CREATE FUNCTION prepaid_billed_periods_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE prepaid_servicecommitment SET next_billing_on = starts_on  -- worked out by its own trigger
    WHERE id IN (SELECT commitment_id FROM moved);
    RETURN NULL;
END $$;

CREATE FUNCTION prepaid_billed_period_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE prepaid_servicecommitment SET next_billing_on = starts_on WHERE id IN (OLD.commitment_id, NEW.commitment_id);
    RETURN NULL;
END $$;

CREATE TRIGGER billed_periods_come AFTER INSERT ON prepaid_billedperiod REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION prepaid_billed_periods_move();
CREATE TRIGGER billed_periods_go AFTER DELETE ON prepaid_billedperiod REFERENCING OLD TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION prepaid_billed_periods_move();
CREATE TRIGGER billed_period_moves AFTER UPDATE ON prepaid_billedperiod
    FOR EACH ROW EXECUTE FUNCTION prepaid_billed_period_moves();
CREATE TRIGGER billed_period_not_truncated BEFORE TRUNCATE ON prepaid_billedperiod
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- The price of billed days stays.
CREATE FUNCTION prepaid_price_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM prepaid_billedperiod b
               WHERE b.commitment_id IN (OLD.commitment_id, NEW.commitment_id) AND b.kept_until >= b.starts_on
                 AND b.kept_until >= least(OLD.from_on, NEW.from_on)) THEN
        RAISE EXCEPTION 'days from % on are billed at their price', least(OLD.from_on, NEW.from_on)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'commitment_price_of_billed_days_stays';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER commitment_price_guard BEFORE INSERT OR UPDATE OR DELETE ON prepaid_commitmentprice
    FOR EACH ROW EXECUTE FUNCTION prepaid_price_guard();

CREATE FUNCTION prepaid_contract_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM prepaid_servicecommitment WHERE contract_id = OLD.id) THEN
        RAISE EXCEPTION 'contract % has commitments: account and currency stay', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_contract_fixed_once_used';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER customer_contract_guard BEFORE UPDATE ON prepaid_customercontract
    FOR EACH ROW WHEN ((NEW.account_id, NEW.currency_id) IS DISTINCT FROM (OLD.account_id, OLD.currency_id))
    EXECUTE FUNCTION prepaid_contract_guard();

CREATE FUNCTION prepaid_object_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM prepaid_servicecommitment WHERE object_id = OLD.id) THEN
        RAISE EXCEPTION 'service object % has commitments: account and product stay', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'service_object_fixed_once_used';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER service_object_guard BEFORE UPDATE ON prepaid_serviceobject
    FOR EACH ROW WHEN ((NEW.account_id, NEW.product_id) IS DISTINCT FROM (OLD.account_id, OLD.product_id))
    EXECUTE FUNCTION prepaid_object_guard();

CREATE TRIGGER billing_run_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_billingrun
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CALL ledger_log_changes_of('prepaid_customercontract');
CALL ledger_log_changes_of('prepaid_serviceobject');
-- Not the next billing date, which every invoice moves.
CALL ledger_log_changes_of('prepaid_servicecommitment', 'id', 'object_id, package_id, currency_id, contract_id, prepaid_service_id, '
    'starts_on, anchor_on, ends_on, cancelled_on, agreed_end, partner, description, invoicing_via, invoicing_item_id, base_percent, '
    'base_period, rhythm, initial_term, extension_term, notice_period, start_formula');
CALL ledger_log_changes_of('prepaid_commitmentprice', 'commitment_id');
