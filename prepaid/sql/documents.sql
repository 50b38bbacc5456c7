-- A posted document never changes, nor do its lines.
CREATE FUNCTION prepaid_document_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'document % is posted and stays as it is', OLD.posted_number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_document_posted_is_final';
END $$;

CREATE TRIGGER sales_document_guard BEFORE UPDATE OR DELETE ON prepaid_salesdocument
    FOR EACH ROW WHEN (OLD.state = 'posted') EXECUTE FUNCTION prepaid_document_guard();

CREATE FUNCTION prepaid_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line record := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    document prepaid_salesdocument;
    why text;
BEGIN
    SELECT * INTO document FROM prepaid_salesdocument WHERE id = line.document_id;
    IF document.state = 'posted' THEN
        RAISE EXCEPTION 'document % is posted and stays as it is', document.posted_number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_document_posted_is_final';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    SELECT CASE WHEN s.account_id <> document.account_id THEN 'its prepaid service belongs to another account' END INTO why
    FROM prepaid_prepaidservice s WHERE s.id = NEW.prepaid_service_id;
    IF why IS NULL AND document.type = 'invoice' AND NEW.role = 'commitment' THEN
        why := 'a service commitment item is billed by its contract';
    END IF;
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'line % of %: %', NEW.line_no, document.number, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_fits_its_document';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER sales_line_guard BEFORE INSERT OR UPDATE OR DELETE ON prepaid_salesline
    FOR EACH ROW EXECUTE FUNCTION prepaid_line_guard();

-- The lines chose their prepaid services for this customer.
CREATE FUNCTION prepaid_document_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM prepaid_salesline l JOIN prepaid_prepaidservice s ON s.id = l.prepaid_service_id
        WHERE l.document_id = NEW.id AND s.account_id <> NEW.account_id)
    THEN
        RAISE EXCEPTION 'document % has lines with prepaid services of another account', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_fits_its_document';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER sales_document_account_guard BEFORE UPDATE OF account_id ON prepaid_salesdocument
    FOR EACH ROW EXECUTE FUNCTION prepaid_document_account_guard();

CREATE TRIGGER delivery_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_delivery
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER delivery_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_deliveryline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- Time and material that was billed stays as it was billed.
CREATE FUNCTION prepaid_billed_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM prepaid_salesline WHERE project_entry_id = OLD.id) THEN
        RAISE EXCEPTION 'project entry % is on a sales document', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_entry_fixed_once_billed';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER project_entry_billed_guard BEFORE UPDATE OR DELETE ON opportunities_projectentry
    FOR EACH ROW EXECUTE FUNCTION prepaid_billed_entry_guard();

CALL ledger_log_changes_of('prepaid_salesdocument');
CALL ledger_log_changes_of('prepaid_salesline', 'document_id');
