-- The change log of time and material (see ledger/sql/changes.sql).
CALL ledger_log_changes_of('opportunities_projectentry');
