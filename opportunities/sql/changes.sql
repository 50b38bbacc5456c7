-- The change log of who buys (see ledger/sql/changes.sql).
CREATE TRIGGER account_logged AFTER INSERT OR UPDATE OR DELETE ON opportunities_account
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER product_logged AFTER INSERT OR UPDATE OR DELETE ON opportunities_product
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER opportunity_logged AFTER INSERT OR UPDATE OR DELETE ON opportunities_opportunity
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER opportunityline_logged AFTER INSERT OR UPDATE OR DELETE ON opportunities_opportunityline
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER project_logged AFTER INSERT OR UPDATE OR DELETE ON opportunities_project
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
