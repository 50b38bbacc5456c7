-- Time and material is billed to the account of its project, and once: again only after its invoice was credited whole.
CREATE FUNCTION prepaid_line_credited_whole(line_id bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT sum(c.quantity) FROM prepaid_salesline c JOIN prepaid_salesdocument d ON d.id = c.document_id
        WHERE c.corrects_line_id = line_id AND d.state = 'posted'
    ), 0) >= (SELECT quantity FROM prepaid_salesline WHERE id = line_id)
$$;

CREATE FUNCTION prepaid_project_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM opportunities_projectentry WHERE id = NEW.project_entry_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM prepaid_salesline l
        WHERE l.project_entry_id = NEW.project_entry_id AND l.id <> NEW.id AND NOT prepaid_line_credited_whole(l.id)
    ) THEN
        RAISE EXCEPTION 'project entry % is on a sales document already', NEW.project_entry_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'sales_line_project_entry_billed_once';
    END IF;
    IF NOT EXISTS (
        SELECT FROM prepaid_salesdocument d, opportunities_projectentry e JOIN opportunities_project p ON p.id = e.project_id
        WHERE d.id = NEW.document_id AND e.id = NEW.project_entry_id AND p.account_id = d.account_id
    ) THEN
        RAISE EXCEPTION 'project entry % belongs to a project of another account', NEW.project_entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_project_entry_of_its_account';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER sales_line_project_entry BEFORE INSERT OR UPDATE OF project_entry_id, document_id ON prepaid_salesline
    FOR EACH ROW WHEN (NEW.project_entry_id IS NOT NULL) EXECUTE FUNCTION prepaid_project_line_guard();

CREATE FUNCTION prepaid_project_document_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM prepaid_salesline l JOIN opportunities_projectentry e ON e.id = l.project_entry_id
        JOIN opportunities_project p ON p.id = e.project_id
        WHERE l.document_id = NEW.id AND p.account_id <> NEW.account_id
    ) THEN
        RAISE EXCEPTION 'document % bills work of a project of another account', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_project_entry_of_its_account';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER sales_document_project_entries BEFORE UPDATE OF account_id ON prepaid_salesdocument
    FOR EACH ROW WHEN (NEW.account_id <> OLD.account_id) EXECUTE FUNCTION prepaid_project_document_guard();

-- Fixed while it is billed and not credited whole; the reference of the line that billed it keeps it from being deleted.
CREATE OR REPLACE FUNCTION prepaid_billed_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM prepaid_salesline l
        WHERE l.project_entry_id = OLD.id AND (TG_OP = 'DELETE' OR NOT prepaid_line_credited_whole(l.id))
    ) THEN
        RAISE EXCEPTION 'project entry % is on a sales document', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_entry_fixed_once_billed';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
