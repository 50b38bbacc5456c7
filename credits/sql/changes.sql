-- The change log of services credits (see ledger/sql/changes.sql): what people enter and decide. Totals that follow the
-- consumptions and the postings are not in it; those rows say themselves who made them.
CREATE TRIGGER creditssetup_logged AFTER INSERT OR UPDATE OR DELETE ON credits_creditssetup
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER purchase_logged AFTER INSERT OR DELETE OR UPDATE OF number, account_id, purchased_on, currency_id, starts_on,
        expires_on, number_of_credits, value_per_credit, amount_paid_per_credit, description, draft, product_group_id, dimensions
    ON credits_purchase FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER milestone_logged AFTER INSERT OR DELETE OR UPDATE OF number, name, project_id, status, target_on, actual_on,
        credits_needed
    ON credits_milestone FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
