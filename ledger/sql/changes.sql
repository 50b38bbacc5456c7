-- The change log: who changed which row, when, from what to what, and why, in the transaction of the change and whoever
-- makes it. Services say who and why by `ledger.services.changes.made_by`, which sets these for the rest of the transaction.
CREATE FUNCTION ledger_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    key text := coalesce(TG_ARGV[0], 'id');
    diff jsonb;
BEGIN
    SELECT jsonb_object_agg(name, jsonb_build_array(o.value, n.value)) INTO diff
    FROM jsonb_each(old_row) AS o (name, value) FULL JOIN jsonb_each(new_row) AS n (name, value) USING (name)
    WHERE coalesce(o.value, 'null') <> coalesce(n.value, 'null') AND name NOT IN ('password', 'last_login');
    IF diff IS NOT NULL THEN
        INSERT INTO ledger_changelogentry (at, actor_id, database_user, action, reason, "table", "row", kind, changes)
        VALUES (clock_timestamp(), nullif(current_setting('drawdown.actor', true), '')::integer, session_user,
                coalesce(current_setting('drawdown.action', true), ''),
                coalesce(current_setting('drawdown.reason', true), ''),
                TG_TABLE_NAME, coalesce(new_row ->> key, old_row ->> key), lower(TG_OP), diff);
    END IF;
    RETURN NULL;
END $$;

-- Puts a table on the log: every change of a row, or only those of `columns`, and no TRUNCATE, which would pass it by. `key`
-- is the column that names the row.
CREATE PROCEDURE ledger_log_changes_of(logged text, key text DEFAULT 'id', columns text DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER logged AFTER INSERT OR DELETE OR UPDATE %s ON %I FOR EACH ROW EXECUTE FUNCTION '
                   'ledger_log_change(%L)', 'OF ' || columns, logged, key);
    EXECUTE format('CREATE TRIGGER not_truncated BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION '
                   'ledger_append_only()', logged);
END $$;

CREATE TRIGGER changelogentry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_changelogentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CALL ledger_log_changes_of('ledger_ledgeraccount', 'code');
CALL ledger_log_changes_of('ledger_businesspostinggroup', 'code');
CALL ledger_log_changes_of('ledger_productpostinggroup', 'code');
CALL ledger_log_changes_of('ledger_postingsetup');
CALL ledger_log_changes_of('ledger_currency', 'code');
CALL ledger_log_changes_of('ledger_exchangerate');
CALL ledger_log_changes_of('ledger_accountingperiod');
CALL ledger_log_changes_of('ledger_periodreopening');
CALL ledger_log_changes_of('ledger_ledgersetup');
CALL ledger_log_changes_of('ledger_dimension', 'code');
CALL ledger_log_changes_of('ledger_dimensionvalue');
CALL ledger_log_changes_of('ledger_manualentry');
CALL ledger_log_changes_of('ledger_manualentryline', 'manual_entry_id');
-- Not the count, which every number moves.
CALL ledger_log_changes_of('ledger_numberseries', 'code', 'description, prefix, digits');
-- Who may do what; never a password.
CALL ledger_log_changes_of('auth_user', 'id', 'username, is_active, is_staff, is_superuser');
CALL ledger_log_changes_of('auth_group');
CALL ledger_log_changes_of('auth_user_groups', 'user_id');
CALL ledger_log_changes_of('auth_user_user_permissions', 'user_id');
CALL ledger_log_changes_of('auth_group_permissions', 'group_id');
