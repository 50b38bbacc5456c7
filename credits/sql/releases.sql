-- Releases are append-only, are recorded when the database says, and move the released totals of their lots; nothing else does.
CREATE TRIGGER release_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits_release
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE TRIGGER release_recorded_now BEFORE INSERT ON credits_release
    FOR EACH ROW EXECUTE FUNCTION ledger_recorded_now();

CREATE FUNCTION credits_releases_apply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE credits_purchase p
    SET credits_released = p.credits_released + d.units, credits_consumed = p.credits_consumed + d.consumed,
        released = p.released + d.amount + d.estimated, released_lcy = p.released_lcy + d.amount_lcy + d.estimated_lcy,
        estimated = p.estimated + d.estimated, estimated_lcy = p.estimated_lcy + d.estimated_lcy,
        breakage_rate = coalesce(d.rate, p.breakage_rate)
    FROM (
        SELECT purchase_id, sum(units) AS units, coalesce(sum(units) FILTER (WHERE cause = 'consumed'), 0) AS consumed,
               sum(amount) AS amount, sum(amount_lcy) AS amount_lcy,
               sum(estimated) AS estimated, sum(estimated_lcy) AS estimated_lcy, max(breakage_rate) AS rate
        FROM new_rows GROUP BY purchase_id
    ) d
    WHERE p.id = d.purchase_id;
    RETURN NULL;
END $$;

CREATE TRIGGER release_applies AFTER INSERT ON credits_release
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION credits_releases_apply();

CREATE FUNCTION credits_released_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'purchase %: what is released follows the releases', OLD.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_released_follows_releases';
END $$;

CREATE TRIGGER purchase_released_guard
    BEFORE UPDATE OF credits_released, credits_consumed, released, released_lcy, estimated, estimated_lcy, breakage_rate
    ON credits_purchase FOR EACH ROW
    WHEN (pg_trigger_depth() < 1 AND
          (NEW.credits_released, NEW.credits_consumed, NEW.released, NEW.released_lcy, NEW.estimated, NEW.estimated_lcy,
           NEW.breakage_rate)
          IS DISTINCT FROM
          (OLD.credits_released, OLD.credits_consumed, OLD.released, OLD.released_lcy, OLD.estimated, OLD.estimated_lcy,
           OLD.breakage_rate))
    EXECUTE FUNCTION credits_released_guard();
