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
    WHERE coalesce(o.value, 'null') <> coalesce(n.value, 'null');
    IF diff IS NOT NULL THEN
        INSERT INTO ledger_changelogentry (at, actor_id, database_user, action, reason, "table", "row", kind, changes)
        VALUES (clock_timestamp(), nullif(current_setting('drawdown.actor', true), '')::integer, session_user,
                coalesce(current_setting('drawdown.action', true), ''),
                coalesce(current_setting('drawdown.reason', true), ''),
                TG_TABLE_NAME, coalesce(new_row ->> key, old_row ->> key), lower(TG_OP), diff);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER changelogentry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_changelogentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE TRIGGER ledgeraccount_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('code');
CREATE TRIGGER businesspostinggroup_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_businesspostinggroup
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('code');
CREATE TRIGGER productpostinggroup_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_productpostinggroup
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('code');
CREATE TRIGGER postingsetup_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_postingsetup
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER currency_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_currency
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('code');
CREATE TRIGGER exchangerate_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_exchangerate
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER accountingperiod_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_accountingperiod
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER periodreopening_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_periodreopening
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER ledgersetup_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_ledgersetup
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER dimension_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_dimension
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('code');
CREATE TRIGGER dimensionvalue_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_dimensionvalue
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER manualentry_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_manualentry
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change();
CREATE TRIGGER manualentryline_logged AFTER INSERT OR UPDATE OR DELETE ON ledger_manualentryline
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('manual_entry_id');
-- Not the count, which every number moves.
CREATE TRIGGER numberseries_logged AFTER INSERT OR DELETE OR UPDATE OF description, prefix, digits ON ledger_numberseries
    FOR EACH ROW EXECUTE FUNCTION ledger_log_change('code');
