-- Contract deferrals stay as they were posted. A part is released once by a run, or closed by a credit memo; a run that is
-- taken back lets its parts go.
CREATE TRIGGER contract_deferral_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepaid_contractdeferral
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER deferral_line_stays BEFORE DELETE OR TRUNCATE ON prepaid_deferralline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE FUNCTION prepaid_deferral_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.deferral_id, NEW.line_no, NEW.starts_on, NEW.ends_on, NEW.amount, NEW.amount_lcy, NEW.due_on)
        IS DISTINCT FROM (OLD.id, OLD.deferral_id, OLD.line_no, OLD.starts_on, OLD.ends_on, OLD.amount, OLD.amount_lcy, OLD.due_on)
    THEN
        RAISE EXCEPTION 'part % of a contract deferral stays as it was cut', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deferral_line_stays_as_cut';
    END IF;
    IF OLD.closed_by_id IS NOT NULL OR (NEW.run_id IS DISTINCT FROM OLD.run_id AND NEW.closed_by_id IS NOT NULL)
       OR (OLD.run_id IS NOT NULL AND NEW.run_id IS NOT NULL AND NEW.run_id <> OLD.run_id)
    THEN
        RAISE EXCEPTION 'part % of a contract deferral is released or closed already', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deferral_line_released_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER deferral_line_guard BEFORE UPDATE ON prepaid_deferralline
    FOR EACH ROW EXECUTE FUNCTION prepaid_deferral_line_guard();

CREATE FUNCTION prepaid_deferral_line_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM prepaid_contractdeferral d JOIN prepaid_salesline l ON l.corrects_line_id = d.line_id
                   WHERE d.id = NEW.deferral_id AND l.id = NEW.closed_by_id) THEN
        RAISE EXCEPTION 'part % of a contract deferral is closed by a line that does not correct its invoice', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deferral_line_closed_by_its_credit_memo';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER deferral_line_closed BEFORE INSERT OR UPDATE OF closed_by_id ON prepaid_deferralline
    FOR EACH ROW WHEN (NEW.closed_by_id IS NOT NULL) EXECUTE FUNCTION prepaid_deferral_line_closed();

-- A part waits again only with the whole run: looked at when the transaction ends. What is released is not looked at.
CREATE FUNCTION prepaid_deferral_line_waits_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM prepaid_releaserun WHERE id = OLD.run_id AND undone_at IS NULL) THEN
        RAISE EXCEPTION 'part % of a contract deferral leaves a release that stands', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deferral_line_waits_again_with_its_run';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER deferral_line_waits_again AFTER UPDATE ON prepaid_deferralline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.run_id IS NOT NULL AND NEW.run_id IS NULL)
    EXECUTE FUNCTION prepaid_deferral_line_waits_again();

-- The parts of a deferral come to it, in its currency and in LCY, and cover its days without a gap: looked at when the
-- transaction ends.
CREATE FUNCTION prepaid_deferral_cut() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    SELECT d.*, coalesce(sum(l.amount), 0) AS cut, coalesce(sum(l.amount_lcy), 0) AS cut_lcy, min(l.starts_on) AS first,
           max(l.ends_on) AS last, coalesce(sum(l.ends_on - l.starts_on + 1), 0) AS days INTO found
    FROM prepaid_contractdeferral d LEFT JOIN prepaid_deferralline l ON l.deferral_id = d.id
    WHERE d.id = (to_jsonb(NEW) ->> TG_ARGV[0])::bigint
    GROUP BY d.id;
    IF (found.cut, found.cut_lcy, found.first, found.last, found.days)
        IS DISTINCT FROM (found.amount, found.amount_lcy, found.starts_on, found.ends_on,
                          (found.ends_on - found.starts_on + 1)::bigint) THEN
        RAISE EXCEPTION 'contract deferral % is %, its parts come to %', found.id, found.amount, found.cut
            USING ERRCODE = 'check_violation', CONSTRAINT = 'contract_deferral_is_cut_whole';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER contract_deferral_cut AFTER INSERT ON prepaid_contractdeferral
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prepaid_deferral_cut('id');
CREATE CONSTRAINT TRIGGER deferral_line_cut AFTER INSERT ON prepaid_deferralline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prepaid_deferral_cut('deferral_id');

-- A run is taken back once, as a whole, and is otherwise what it was.
CREATE FUNCTION prepaid_release_run_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.undone_at IS NOT NULL
       OR to_jsonb(NEW) - '{undone_by_id,undone_at,undone_reason}'::text[]
          IS DISTINCT FROM to_jsonb(OLD) - '{undone_by_id,undone_at,undone_reason}'::text[]
    THEN
        RAISE EXCEPTION 'a release is taken back once and never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'release_run_undone_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER release_run_guard BEFORE UPDATE OR DELETE ON prepaid_releaserun
    FOR EACH ROW EXECUTE FUNCTION prepaid_release_run_guard();
CREATE TRIGGER release_run_not_truncated BEFORE TRUNCATE ON prepaid_releaserun
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- What waits is looked for each night, and what a run released when it is taken back.
CREATE INDEX deferral_line_open ON prepaid_deferralline (due_on) WHERE run_id IS NULL AND closed_by_id IS NULL;
