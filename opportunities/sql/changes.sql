-- The change log of who buys (see ledger/sql/changes.sql).
CALL ledger_log_changes_of('opportunities_account');
CALL ledger_log_changes_of('opportunities_product');
CALL ledger_log_changes_of('opportunities_opportunity');
CALL ledger_log_changes_of('opportunities_opportunityline');
CALL ledger_log_changes_of('opportunities_project');
