-- (In force, instead of the version of lines.sql.) A line of a posted document is not moved to another document either; the
-- lines of a credit memo are what those of its invoice are; and a contract bills by invoices, which its credit memos correct.
CREATE OR REPLACE FUNCTION prepaid_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    document prepaid_salesdocument;
    posted text;
    why text;
BEGIN
    SELECT posted_number INTO posted FROM prepaid_salesdocument
    WHERE state = 'posted' AND id IN (OLD.document_id, NEW.document_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'document % is posted and stays as it is', posted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_document_posted_is_final';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    SELECT * INTO document FROM prepaid_salesdocument WHERE id = NEW.document_id;
    SELECT CASE WHEN s.account_id <> document.account_id THEN 'its prepaid service belongs to another account' END INTO why
    FROM prepaid_prepaidservice s WHERE s.id = NEW.prepaid_service_id;
    IF why IS NULL AND document.type = 'invoice' AND NEW.role = 'commitment' THEN
        why := 'a service commitment item is billed by its contract';
    END IF;
    IF why IS NULL AND document.type NOT IN ('invoice', 'credit_memo') AND NEW.role = 'contract' THEN
        why := 'a contract bills by invoices';
    END IF;
    IF why IS NULL AND NEW.corrects_line_id IS NOT NULL AND NEW.role IS DISTINCT FROM (
        SELECT role FROM prepaid_salesline WHERE id = NEW.corrects_line_id)
    THEN
        why := 'it is not what the line of its invoice is';
    END IF;
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'line % of %: %', NEW.line_no, document.number, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_fits_its_document';
    END IF;
    RETURN NEW;
END $$;
