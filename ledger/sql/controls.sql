-- Soft-closed periods are open to those who may post in them; the night (nobody) is not among them.
CREATE FUNCTION ledger_may_post_soft(poster bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM auth_user u WHERE u.id = poster AND u.is_active AND (u.is_superuser OR EXISTS (
            SELECT FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
            WHERE t.app_label = 'ledger' AND p.codename = 'post_in_soft_closed_period' AND (
                EXISTS (SELECT FROM auth_user_user_permissions own WHERE own.user_id = u.id AND own.permission_id = p.id)
                OR EXISTS (SELECT FROM auth_user_groups m JOIN auth_group_permissions g USING (group_id)
                           WHERE m.user_id = u.id AND g.permission_id = p.id))
        )))
$$;

-- The last day on which the books are shut to `poster`: periods close in their order, so everything up to the end of the
-- last closed one is closed, days that lie in no period as well.
CREATE FUNCTION ledger_shut_until(poster bigint) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT max(ends_on) FROM ledger_accountingperiod
    WHERE closed_at IS NOT NULL OR (soft_closed_at IS NOT NULL AND NOT ledger_may_post_soft(poster))
$$;

-- The day on which the books take an event of `day` that `poster` posts.
DROP FUNCTION ledger_first_open_day(date);
CREATE FUNCTION ledger_first_open_day(day date, poster bigint DEFAULT NULL) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT greatest(day, (SELECT posting_from FROM ledger_ledgersetup), ledger_shut_until(poster) + 1)
$$;

CREATE OR REPLACE FUNCTION ledger_posting_date_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    PERFORM ledger_lock_periods(false);
    SELECT p.name, d.posting_date, p.closed_at IS NULL AS soft INTO bad
    FROM (SELECT DISTINCT posting_date, created_by_id FROM new_entries) d
    JOIN ledger_accountingperiod p ON d.posting_date <= p.ends_on
     AND (p.closed_at IS NOT NULL OR (p.soft_closed_at IS NOT NULL AND NOT ledger_may_post_soft(d.created_by_id)))
    ORDER BY p.starts_on LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'period % is %: no posting on %', bad.name,
            CASE WHEN bad.soft THEN 'soft-closed' ELSE 'closed' END, bad.posting_date
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_period_open';
    END IF;
    SELECT e.posting_date, s.posting_from, s.posting_to INTO bad
    FROM new_entries e CROSS JOIN ledger_ledgersetup s
    WHERE e.posting_date < s.posting_from OR e.posting_date > s.posting_to LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'posting is allowed from % to %: not on %', coalesce(bad.posting_from::text, 'any day'),
            coalesce(bad.posting_to::text, 'any day'), bad.posting_date
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_posting_allowed';
    END IF;
    RETURN NULL;
END $$;

-- When an entry was recorded is the database's to say: everything as known on a day stands on it.
CREATE FUNCTION ledger_recorded_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_at := statement_timestamp();
    RETURN NEW;
END $$;

CREATE TRIGGER journalentry_recorded_now BEFORE INSERT ON ledger_journalentry
    FOR EACH ROW EXECUTE FUNCTION ledger_recorded_now();

-- The range of allowed days changes under the lock under which periods close: no entry slips past it.
CREATE TRIGGER ledgersetup_locks BEFORE UPDATE OF posting_from, posting_to ON ledger_ledgersetup
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_period_locks();

-- A closed period keeps its days, and opens only by a reopening that two people made for that closing.
CREATE FUNCTION ledger_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR (NEW.starts_on, NEW.ends_on) <> (OLD.starts_on, OLD.ends_on) THEN
        RAISE EXCEPTION 'period % is closed: it keeps its days', OLD.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'period_closed_keeps_its_days';
    END IF;
    IF NEW.closed_at IS DISTINCT FROM OLD.closed_at AND (NEW.closed_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM ledger_periodreopening
        WHERE period_id = OLD.id AND closed_at = OLD.closed_at AND approved_by_id IS NOT NULL
    )) THEN
        RAISE EXCEPTION 'period % opens only when a second person approves its reopening', OLD.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'period_reopened_by_two';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER period_guard BEFORE UPDATE OR DELETE ON ledger_accountingperiod
    FOR EACH ROW EXECUTE FUNCTION ledger_period_guard();

-- Nothing opens behind what is closed by being called a period.
CREATE FUNCTION ledger_period_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    shut record;
BEGIN
    SELECT name INTO shut FROM ledger_accountingperiod
    WHERE closed_at IS NOT NULL AND ends_on >= NEW.starts_on ORDER BY ends_on DESC LIMIT 1;
    IF FOUND AND NEW.closed_at IS NULL THEN
        RAISE EXCEPTION 'period % begins before the end of %, which is closed', NEW.name, shut.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'period_follows_closed_ones';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER period_follows BEFORE INSERT ON ledger_accountingperiod
    FOR EACH ROW EXECUTE FUNCTION ledger_period_follows();

-- A reopening that was approved or declined has happened.
CREATE FUNCTION ledger_reopening_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.approved_at IS NOT NULL OR OLD.declined_at IS NOT NULL
       OR (NEW.period_id, NEW.closed_at, NEW.reason, NEW.requested_by_id, NEW.requested_at)
          IS DISTINCT FROM (OLD.period_id, OLD.closed_at, OLD.reason, OLD.requested_by_id, OLD.requested_at) THEN
        RAISE EXCEPTION 'a request to reopen a period stays as it was made'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reopening_stays';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER periodreopening_guard BEFORE UPDATE OR DELETE ON ledger_periodreopening
    FOR EACH ROW EXECUTE FUNCTION ledger_reopening_guard();

-- Values of dimensions stand in the books by their codes.
CREATE FUNCTION ledger_code_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A whole row may be written again, as it is.
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) -> 'code', to_jsonb(NEW) -> 'dimension_id')
            IS NOT DISTINCT FROM (to_jsonb(OLD) -> 'code', to_jsonb(OLD) -> 'dimension_id') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'dimensions and their values are neither deleted nor given another code; block the value'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'dimension_code_stays';
END $$;

CREATE TRIGGER dimension_code_stays BEFORE DELETE OR UPDATE ON ledger_dimension
    FOR EACH ROW EXECUTE FUNCTION ledger_code_stays();
CREATE TRIGGER dimensionvalue_code_stays BEFORE DELETE OR UPDATE ON ledger_dimensionvalue
    FOR EACH ROW EXECUTE FUNCTION ledger_code_stays();

ALTER TABLE ledger_journalline ADD CONSTRAINT journal_line_dimensions_are_pairs
    CHECK (jsonb_typeof(dimensions) = 'object');

-- As in journal.sql, with dimensions, and with what entries by hand may use.
CREATE OR REPLACE FUNCTION ledger_lines_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT e.event_key, e.line_count, l.* INTO bad
    FROM (
        SELECT entry_id, count(*) AS lines, max(line_no) AS highest,
               min(currency_id) AS currency_from, max(currency_id) AS currency_to,
               sum(debit) AS debit, sum(credit) AS credit, sum(debit_lcy) AS debit_lcy, sum(credit_lcy) AS credit_lcy
        FROM new_lines GROUP BY entry_id
    ) l
    JOIN ledger_journalentry e ON e.id = l.entry_id
    WHERE l.lines <> e.line_count OR l.highest <> e.line_count
       OR l.currency_from <> e.currency_id OR l.currency_to <> e.currency_id
       OR l.debit <> l.credit OR l.debit_lcy <> l.credit_lcy
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % is refused: % of % lines, debit % credit %, LCY debit % credit %, currencies % to %',
            bad.event_key, bad.lines, bad.line_count, bad.debit, bad.credit, bad.debit_lcy, bad.credit_lcy,
            bad.currency_from, bad.currency_to
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_balances';
    END IF;

    SELECT a.code INTO bad FROM ledger_ledgeraccount a
    WHERE a.blocked AND a.code IN (SELECT DISTINCT account_id FROM new_lines) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger account % is blocked', bad.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_account_not_blocked';
    END IF;

    SELECT e.event_key, a.code INTO bad
    FROM new_lines n
    JOIN ledger_journalentry e ON e.id = n.entry_id AND e.kind = 'manual'
    JOIN ledger_ledgeraccount a ON a.code = n.account_id AND NOT a.direct_posting
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % by hand: ledger account % takes no direct posting', bad.event_key, bad.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_direct_posting';
    END IF;

    -- What is posted by hand is what somebody else approved, line by line.
    SELECT coalesce(n.event_key, m.event_key) AS event_key INTO bad
    FROM (
        SELECT e.event_key, l.line_no, l.account_id, l.product_group_id, l.debit, l.credit, l.dimensions
        FROM new_lines l JOIN ledger_journalentry e ON e.id = l.entry_id AND e.kind = 'manual'
    ) n
    FULL JOIN (
        SELECT e.event_key, l.line_no, l.account_id, l.product_group_id, l.debit, l.credit, l.dimensions
        FROM ledger_journalentry e
        JOIN ledger_manualentry d ON e.event_key = 'manual:' || d.id AND d.state = 'approved'
        JOIN ledger_manualentryline l ON l.manual_entry_id = d.id
        WHERE e.kind = 'manual' AND e.id IN (SELECT entry_id FROM new_lines)
    ) m USING (event_key, line_no)
    WHERE (n.account_id, n.product_group_id, n.debit, n.credit, n.dimensions)
          IS DISTINCT FROM (m.account_id, m.product_group_id, m.debit, m.credit, m.dimensions)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % by hand is not what was approved', bad.event_key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_by_hand_is_approved';
    END IF;

    SELECT e.event_key, d.key AS dimension, d.value INTO bad
    FROM new_lines n
    JOIN ledger_journalentry e ON e.id = n.entry_id
    CROSS JOIN LATERAL jsonb_each_text(n.dimensions) d
    WHERE n.dimensions <> '{}' AND NOT EXISTS (
        SELECT FROM ledger_dimensionvalue v WHERE v.dimension_id = d.key AND v.code = d.value)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry %: dimension % has no value %', bad.event_key, bad.dimension, bad.value
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_line_dimensions_exist';
    END IF;

    SELECT e.event_key INTO bad
    FROM new_lines n
    JOIN ledger_journalentry e ON e.id = n.entry_id AND e.reverses_id IS NOT NULL
    JOIN ledger_journalentry r ON r.id = e.reverses_id
    LEFT JOIN ledger_journalline o ON o.entry_id = r.id AND o.line_no = n.line_no
    WHERE r.line_count <> e.line_count OR r.reverses_id IS NOT NULL
       OR (o.account_id, o.product_group_id, o.currency_id, o.debit, o.credit, o.debit_lcy, o.credit_lcy, o.party, o.lot,
           o.dimensions)
          IS DISTINCT FROM
          (n.account_id, n.product_group_id, n.currency_id, n.credit, n.debit, n.credit_lcy, n.debit_lcy, n.party, n.lot,
           n.dimensions)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % is not the mirror of the entry it reverses', bad.event_key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_reversal_mirrors';
    END IF;
    RETURN NULL;
END $$;

-- A manual entry changes only as a draft; what is posted stays, and only a draft is deleted.
CREATE FUNCTION ledger_manual_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'posted' OR (OLD.state <> 'draft' AND (TG_OP = 'DELETE'
        OR (NEW.effective_on, NEW.currency_id, NEW.description, NEW.reason, NEW.makers)
           IS DISTINCT FROM (OLD.effective_on, OLD.currency_id, OLD.description, OLD.reason, OLD.makers))) THEN
        RAISE EXCEPTION 'manual entry % is %: it stays as it is', OLD.id, OLD.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'manual_entry_changes_as_draft';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NOT NEW.makers @> OLD.makers THEN
        RAISE EXCEPTION 'manual entry %: whoever had a hand in it stays known', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'manual_entry_makers_stay';
    END IF;
    IF (OLD.state, NEW.state) NOT IN (('draft', 'draft'), ('draft', 'submitted'), ('submitted', 'draft'),
            ('submitted', 'approved'), ('approved', 'draft'), ('approved', 'posted')) THEN
        RAISE EXCEPTION 'manual entry % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'manual_entry_goes_step_by_step';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER manualentry_guard BEFORE UPDATE OR DELETE ON ledger_manualentry
    FOR EACH ROW EXECUTE FUNCTION ledger_manual_entry_guard();

CREATE FUNCTION ledger_manual_entry_starts_as_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'a manual entry begins as a draft'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'manual_entry_starts_as_draft';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER manualentry_starts_as_draft BEFORE INSERT ON ledger_manualentry
    FOR EACH ROW EXECUTE FUNCTION ledger_manual_entry_starts_as_draft();

CREATE FUNCTION ledger_manual_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.manual_entry_id ELSE NEW.manual_entry_id END;
    found text;
BEGIN
    -- Shared, so that nobody submits it before this is committed.
    SELECT state INTO found FROM ledger_manualentry WHERE id = changed FOR SHARE;
    IF found <> 'draft'
       OR (TG_OP = 'UPDATE' AND NEW.manual_entry_id <> OLD.manual_entry_id) THEN
        RAISE EXCEPTION 'manual entry % is no draft: its lines stay', changed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'manual_lines_change_as_draft';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER manualentryline_guard BEFORE INSERT OR UPDATE OR DELETE ON ledger_manualentryline
    FOR EACH ROW EXECUTE FUNCTION ledger_manual_line_guard();

-- A number that was given is not given again.
CREATE FUNCTION ledger_series_counts_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_number < OLD.last_number THEN
        RAISE EXCEPTION 'number series %: % follows %', OLD.code, NEW.last_number, OLD.last_number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'number_series_counts_up';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER numberseries_counts_up BEFORE UPDATE ON ledger_numberseries
    FOR EACH ROW EXECUTE FUNCTION ledger_series_counts_up();

CREATE FUNCTION ledger_series_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'number series % gave % numbers and stays', OLD.code, OLD.last_number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'number_series_stays';
END $$;

CREATE TRIGGER numberseries_stays BEFORE DELETE ON ledger_numberseries
    FOR EACH ROW WHEN (OLD.last_number > 0) EXECUTE FUNCTION ledger_series_stays();

-- Receivables and deferrals are explained by other lists and posted through them alone: the setup that names an account so
-- takes it from the entries by hand, and it stays so while a cell names it.
CREATE FUNCTION ledger_setup_explains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_ledgeraccount SET direct_posting = false
    WHERE direct_posting AND code IN (NEW.receivable_id, NEW.deferral_id);
    RETURN NULL;
END $$;

CREATE TRIGGER postingsetup_explains AFTER INSERT OR UPDATE ON ledger_postingsetup
    FOR EACH ROW EXECUTE FUNCTION ledger_setup_explains();

CREATE FUNCTION ledger_account_explained() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger account % is a receivables or deferral account of the posting setup: no direct posting', NEW.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_explained_elsewhere';
END $$;

CREATE FUNCTION ledger_is_explained(account text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM ledger_postingsetup WHERE account IN (receivable_id, deferral_id))
$$;

CREATE TRIGGER ledgeraccount_explained BEFORE INSERT OR UPDATE ON ledger_ledgeraccount
    FOR EACH ROW WHEN (NEW.direct_posting AND ledger_is_explained(NEW.code)) EXECUTE FUNCTION ledger_account_explained();

UPDATE ledger_ledgeraccount SET direct_posting = false WHERE direct_posting AND ledger_is_explained(code);
