-- A line of a posted document is not moved to another document either; and the lines of a credit memo are those of its
-- invoice, whatever has become of their products since.
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
    IF why IS NULL AND NEW.kind = 'item' AND NEW.quantity <> 1 AND document.type <> 'credit_memo' AND EXISTS (
        SELECT FROM opportunities_product p
        WHERE p.id = NEW.product_id AND p.prepaid_service AND p.commitment_option = 'sales_without')
    THEN
        why := 'a prepaid service is topped up in a quantity of 1';
    END IF;
    IF why IS NULL AND document.type = 'invoice' AND EXISTS (
        SELECT FROM opportunities_product p WHERE p.id = NEW.product_id AND p.commitment_option = 'commitment_item')
    THEN
        why := 'a service commitment item is billed by its contract';
    END IF;
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'line % of %: %', NEW.line_no, document.number, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_fits_its_document';
    END IF;
    RETURN NEW;
END $$;
