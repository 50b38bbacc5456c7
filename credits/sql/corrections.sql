-- What was asked for stays as it was asked for, is decided once, and stands for good.
CREATE FUNCTION credits_correction_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'requested' OR
       (NEW.purchase_id, NEW.kind, NEW.new_expires_on, NEW.credits, NEW.kept_percent, NEW.reason, NEW.requested_by_id, NEW.requested_at)
       IS DISTINCT FROM
       (OLD.purchase_id, OLD.kind, OLD.new_expires_on, OLD.credits, OLD.kept_percent, OLD.reason, OLD.requested_by_id, OLD.requested_at)
    THEN
        RAISE EXCEPTION 'correction % is decided once and never changed', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_decided_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER correction_guard BEFORE UPDATE OR DELETE ON credits_correction
    FOR EACH ROW EXECUTE FUNCTION credits_correction_guard();

CREATE FUNCTION credits_correction_requested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a correction begins as a request'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_begins_as_a_request';
END $$;

CREATE TRIGGER correction_begins BEFORE INSERT ON credits_correction
    FOR EACH ROW WHEN (NEW.state <> 'requested') EXECUTE FUNCTION credits_correction_requested();

-- Credits are canceled, or come back from their expiry, only by a correction of their purchase that was approved.
CREATE FUNCTION credits_cancellations_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.number INTO bad
    FROM new_rows n
    JOIN credits_purchase p ON p.id = n.purchase_id
    JOIN credits_correction c ON c.id = n.correction_id
    WHERE p.draft OR (c.kind, c.state, c.purchase_id, c.credits) IS DISTINCT FROM ('refund', 'approved', n.purchase_id, n.credits)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'credits of purchase % are canceled only as an approved correction says', bad.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cancellation_is_approved';
    END IF;
    UPDATE credits_purchase p SET credits_refunded = p.credits_refunded + d.credits
    FROM (SELECT purchase_id, sum(credits) AS credits FROM new_rows GROUP BY purchase_id) d WHERE p.id = d.purchase_id;
    RETURN NULL;
END $$;

CREATE TRIGGER cancellation_applies AFTER INSERT ON credits_cancellation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION credits_cancellations_apply();

CREATE TRIGGER cancellation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits_cancellation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE FUNCTION credits_reinstatements_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.number INTO bad
    FROM new_rows n
    JOIN credits_purchase p ON p.id = n.purchase_id
    JOIN credits_correction c ON c.id = n.correction_id
    WHERE (c.kind, c.state, c.purchase_id) IS DISTINCT FROM ('reinstatement', 'approved', n.purchase_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'expired credits of purchase % come back only by an approved correction', bad.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reinstatement_is_approved';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER consumption_reinstates AFTER INSERT ON credits_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION credits_reinstatements_approved();

-- An estimate that is in force is never changed and never goes: a later one takes its place.
CREATE FUNCTION credits_estimate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the breakage estimate of % from % is approved and stays as it is', OLD.product_group_id, OLD.effective_on
        USING ERRCODE = 'check_violation', CONSTRAINT = 'estimate_fixed_once_approved';
END $$;

CREATE TRIGGER estimate_guard BEFORE UPDATE OR DELETE ON credits_breakageestimate
    FOR EACH ROW WHEN (OLD.approved_by_id IS NOT NULL) EXECUTE FUNCTION credits_estimate_guard();

CALL ledger_log_changes_of('credits_correction');
CALL ledger_log_changes_of('credits_breakageestimate');
CALL ledger_log_changes_of('credits_accountrules', 'account_id');
