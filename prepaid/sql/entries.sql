-- Prepaid ledger entries, their applications and what is given back are append-only and recorded when the database says. They
-- move the balances of their inflows; nothing else does.
CREATE TRIGGER prepaid_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_prepaidentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER prepaid_entry_recorded_now BEFORE INSERT ON prepaid_prepaidentry
    FOR EACH ROW EXECUTE FUNCTION ledger_recorded_now();
CREATE TRIGGER application_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_application
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER give_back_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_giveback
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE FUNCTION prepaid_entries_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    UPDATE prepaid_prepaidservice s SET currency_id = n.currency_id
    FROM (SELECT service_id, min(currency_id) AS currency_id FROM new_rows GROUP BY service_id) n
    WHERE s.id = n.service_id AND s.currency_id IS NULL;

    SELECT s.number,
           CASE WHEN s.closed THEN 'is closed'
                WHEN s.currency_id <> n.currency_id THEN 'is in ' || s.currency_id || ', not in ' || n.currency_id
                WHEN s.type = 'amount' AND n.amount = 0 THEN 'is an amount'
                WHEN s.type = 'quantity' AND n.quantity = 0 THEN 'is a quantity'
                WHEN s.accrual = 'periodic' AND n.deferral_account_id IS NOT NULL THEN 'is deferred by its contract' END AS why
    INTO bad
    FROM new_rows n JOIN prepaid_prepaidservice s ON s.id = n.service_id
    WHERE s.closed OR s.currency_id <> n.currency_id
       OR (s.type = 'amount' AND n.amount = 0) OR (s.type = 'quantity' AND n.quantity = 0)
       OR (s.accrual = 'periodic' AND n.deferral_account_id IS NOT NULL)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'prepaid service % %', bad.number, bad.why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_entry_fits_its_service';
    END IF;

    INSERT INTO prepaid_inflowbalance (entry_id, service_id, remaining, remaining_lcy, remaining_quantity)
    SELECT id, service_id, amount, amount_lcy, quantity FROM new_rows WHERE entry_type = 'positive';
    RETURN NULL;
END $$;

CREATE TRIGGER prepaid_entry_applies AFTER INSERT ON prepaid_prepaidentry
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION prepaid_entries_apply();

CREATE FUNCTION prepaid_applications_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT n.inflow_id, o.entry_type, i.valid_until, o.posted_on,
           CASE WHEN i.service_id <> o.service_id THEN 'belongs to another service'
                WHEN i.entry_type <> 'positive' OR o.entry_type = 'positive' THEN 'is not taken from an inflow by an outflow'
                WHEN o.posted_on < i.posted_on THEN 'came in later'
                WHEN o.entry_type <> 'dissolution' THEN 'was valid until ' || i.valid_until
                ELSE 'has not lapsed' END AS why
    INTO bad
    FROM new_rows n
    JOIN prepaid_prepaidentry o ON o.id = n.outflow_id
    JOIN prepaid_prepaidentry i ON i.id = n.inflow_id
    WHERE i.service_id <> o.service_id OR i.entry_type <> 'positive' OR o.entry_type = 'positive'
       OR o.posted_on < i.posted_on
       OR ((o.entry_type = 'consumption' OR o.document_type = 'credit_memo') AND i.valid_until < o.posted_on)
       OR (o.entry_type = 'dissolution' AND (i.valid_until IS NULL OR i.valid_until >= o.posted_on))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what is left of prepaid entry % %', bad.inflow_id, bad.why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'application_takes_what_is_usable';
    END IF;

    UPDATE prepaid_inflowbalance b
    SET remaining = b.remaining - d.amount, remaining_lcy = b.remaining_lcy - d.amount_lcy,
        remaining_quantity = b.remaining_quantity - d.quantity,
        expired = b.expired + d.expired, expired_lcy = b.expired_lcy + d.expired_lcy,
        expired_quantity = b.expired_quantity + d.expired_quantity
    FROM (
        SELECT n.inflow_id, sum(n.amount) AS amount, sum(n.amount_lcy) AS amount_lcy, sum(n.quantity) AS quantity,
               coalesce(sum(n.amount) FILTER (WHERE o.entry_type = 'dissolution'), 0) AS expired,
               coalesce(sum(n.amount_lcy) FILTER (WHERE o.entry_type = 'dissolution'), 0) AS expired_lcy,
               coalesce(sum(n.quantity) FILTER (WHERE o.entry_type = 'dissolution'), 0) AS expired_quantity
        FROM new_rows n JOIN prepaid_prepaidentry o ON o.id = n.outflow_id
        GROUP BY n.inflow_id
    ) d
    WHERE b.entry_id = d.inflow_id;
    RETURN NULL;
END $$;

CREATE TRIGGER application_applies AFTER INSERT ON prepaid_application
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION prepaid_applications_apply();

-- An outflow took what its applications say, and what came back is what was given back: looked at when the transaction ends.
CREATE FUNCTION prepaid_entry_explained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    IF NEW.entry_type = 'positive' THEN
        SELECT sum(amount) AS amount, sum(amount_lcy) AS amount_lcy, sum(quantity) AS quantity INTO found
        FROM prepaid_giveback WHERE inflow_id = NEW.id;
    ELSE
        SELECT -sum(amount) AS amount, -sum(amount_lcy) AS amount_lcy, -sum(quantity) AS quantity INTO found
        FROM prepaid_application WHERE outflow_id = NEW.id;
    END IF;
    IF (found.amount, found.amount_lcy, found.quantity) IS DISTINCT FROM (NEW.amount, NEW.amount_lcy, NEW.quantity) THEN
        RAISE EXCEPTION 'prepaid entry %: its parts are % and not %', NEW.id, coalesce(nullif(found.amount, 0), found.quantity),
            coalesce(nullif(NEW.amount, 0), NEW.quantity)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_entry_is_explained';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER prepaid_entry_explained AFTER INSERT ON prepaid_prepaidentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.entry_type <> 'positive' OR NEW.came_from_id IS NOT NULL)
    EXECUTE FUNCTION prepaid_entry_explained();

-- Never more comes back than was taken, and it goes back to where it came from.
CREATE FUNCTION prepaid_give_backs_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    PERFORM FROM prepaid_application WHERE id IN (SELECT application_id FROM new_rows) ORDER BY id FOR NO KEY UPDATE;
    SELECT a.id INTO bad
    FROM prepaid_application a
    JOIN prepaid_giveback g ON g.application_id = a.id
    WHERE a.id IN (SELECT application_id FROM new_rows)
    GROUP BY a.id
    HAVING sum(g.amount) > a.amount OR sum(g.amount_lcy) > a.amount_lcy OR sum(g.quantity) > a.quantity
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'more is given back than application % took', bad.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'give_back_not_more_than_taken';
    END IF;
    SELECT n.inflow_id INTO bad
    FROM new_rows n
    JOIN prepaid_application a ON a.id = n.application_id
    JOIN prepaid_prepaidentry o ON o.id = a.outflow_id
    JOIN prepaid_prepaidentry i ON i.id = n.inflow_id
    WHERE o.entry_type <> 'consumption' OR i.came_from_id IS DISTINCT FROM a.inflow_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'prepaid entry % gives back what was not used of its origin', bad.inflow_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'give_back_to_where_it_came_from';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER give_back_fits AFTER INSERT ON prepaid_giveback
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION prepaid_give_backs_fit();

CREATE FUNCTION prepaid_balance_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is left of an inflow follows the prepaid ledger entries'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_balance_follows_entries';
END $$;

CREATE TRIGGER prepaid_balance_guard BEFORE INSERT OR UPDATE OR DELETE ON prepaid_inflowbalance
    FOR EACH ROW WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION prepaid_balance_guard();
CREATE TRIGGER prepaid_balance_not_truncated BEFORE TRUNCATE ON prepaid_inflowbalance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- What lapses is looked for each night.
CREATE INDEX prepaid_balance_left ON prepaid_inflowbalance (entry_id) WHERE remaining > 0 OR remaining_quantity > 0;
