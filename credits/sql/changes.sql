-- The change log of services credits (see ledger/sql/changes.sql): what people enter and decide. Totals that follow the
-- consumptions and the postings are not in it; those rows say themselves who made them.
CALL ledger_log_changes_of('credits_creditssetup');
CALL ledger_log_changes_of('credits_purchase', 'id',
    'number, account_id, purchased_on, currency_id, starts_on, expires_on, number_of_credits, value_per_credit, '
    'amount_paid_per_credit, description, draft, product_group_id, dimensions');
CALL ledger_log_changes_of('credits_milestone', 'id',
    'number, name, project_id, status, target_on, actual_on, credits_needed');
