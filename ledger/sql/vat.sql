-- The change log of the VAT setup (see ledger/sql/changes.sql).
CALL ledger_log_changes_of('ledger_vatbusinessgroup', 'code');
CALL ledger_log_changes_of('ledger_vatproductgroup', 'code');
CALL ledger_log_changes_of('ledger_vatpostingsetup');
