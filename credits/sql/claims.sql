-- The date that an import claims is entered data like the others: the change log tells when it was settled.
DROP TRIGGER milestone_logged ON credits_milestone;
CREATE TRIGGER milestone_logged AFTER INSERT OR DELETE OR UPDATE OF number, name, project_id, status, target_on, actual_on,
        claimed_on, credits_needed
    ON credits_milestone FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
