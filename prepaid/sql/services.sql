-- What an entry has made fast on the card stays; a service with something left is not closed; a project belongs to the
-- account of the service.
CREATE FUNCTION prepaid_service_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF NEW.closed AND NOT OLD.closed AND EXISTS (
        SELECT FROM prepaid_inflowbalance WHERE service_id = OLD.id AND (remaining > 0 OR remaining_quantity > 0))
    THEN
        RAISE EXCEPTION 'prepaid service % has something left', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_service_closed_at_zero';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER prepaid_service_guard BEFORE UPDATE ON prepaid_prepaidservice
    FOR EACH ROW EXECUTE FUNCTION prepaid_service_guard();

CREATE FUNCTION prepaid_project_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM prepaid_prepaidservice s JOIN opportunities_project p ON p.account_id = s.account_id
        WHERE s.id = NEW.service_id AND p.id = NEW.project_id)
    THEN
        RAISE EXCEPTION 'the project belongs to another account'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'service_project_of_the_account';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER prepaid_project_guard BEFORE INSERT OR UPDATE ON prepaid_serviceproject
    FOR EACH ROW EXECUTE FUNCTION prepaid_project_guard();

-- What was asked for stays as it was asked for, and is decided once.
CREATE FUNCTION prepaid_request_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'requested'
       OR to_jsonb(NEW) - '{state,decided_by_id,decided_at,decision_note}'::text[]
          IS DISTINCT FROM to_jsonb(OLD) - '{state,decided_by_id,decided_at,decision_note}'::text[]
    THEN
        RAISE EXCEPTION 'a request is decided once and never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_request_decided_once';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION prepaid_request_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a request begins undecided'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'prepaid_request_begins_undecided';
END $$;

CREATE TRIGGER entry_request_guard BEFORE UPDATE OR DELETE ON prepaid_entryrequest
    FOR EACH ROW EXECUTE FUNCTION prepaid_request_guard();
CREATE TRIGGER entry_request_begins BEFORE INSERT ON prepaid_entryrequest
    FOR EACH ROW WHEN (NEW.state <> 'requested') EXECUTE FUNCTION prepaid_request_begins();
CREATE TRIGGER dissolution_guard BEFORE UPDATE OR DELETE ON prepaid_dissolutionproposal
    FOR EACH ROW EXECUTE FUNCTION prepaid_request_guard();
CREATE TRIGGER dissolution_begins BEFORE INSERT ON prepaid_dissolutionproposal
    FOR EACH ROW WHEN (NEW.state <> 'requested') EXECUTE FUNCTION prepaid_request_begins();

CREATE TRIGGER statement_mail_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_statementmail
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CALL ledger_log_changes_of('prepaid_prepaidsetup');
CALL ledger_log_changes_of('prepaid_prepaidservice');
CALL ledger_log_changes_of('prepaid_serviceproject', 'service_id');
CALL ledger_log_changes_of('prepaid_entryrequest');
CALL ledger_log_changes_of('prepaid_dissolutionproposal');
