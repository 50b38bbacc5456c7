-- Consumptions are append-only, agree with their lot, milestone and allocation, and move the totals of both.
CREATE TRIGGER consumption_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits_consumption
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER allocation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits_allocation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE FUNCTION credits_consumptions_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.number INTO bad
    FROM new_rows n
    JOIN credits_purchase p ON p.id = n.purchase_id
    JOIN credits_allocation a ON a.id = n.allocation_id
    LEFT JOIN credits_milestone m ON m.id = n.milestone_id
    LEFT JOIN opportunities_project j ON j.id = m.project_id
    WHERE p.draft
       OR (n.account_id, n.currency_id, n.value_per_credit, n.amount_paid_per_credit)
          IS DISTINCT FROM (p.account_id, p.currency_id, p.value_per_credit, p.amount_paid_per_credit)
       OR (n.account_id, n.currency_id, n.milestone_id) IS DISTINCT FROM (a.account_id, a.currency_id, a.milestone_id)
       OR (m.id IS NOT NULL AND (j.account_id, j.currency_id) IS DISTINCT FROM (n.account_id, n.currency_id))
       OR m.actual_on IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'consumption of purchase % is refused: draft, completed milestone, or another account, currency or price', bad.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_agrees_with_lot_and_milestone';
    END IF;

    -- Nothing is given back to a lot that an allocation did not draw from it.
    SELECT p.number INTO bad
    FROM (SELECT DISTINCT allocation_id, purchase_id FROM new_rows WHERE credits < 0) g
    JOIN credits_consumption c USING (allocation_id, purchase_id)
    JOIN credits_purchase p ON p.id = g.purchase_id
    GROUP BY g.allocation_id, p.number
    HAVING sum(c.credits) < 0
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'more is given back to purchase % than was drawn from it', bad.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_gives_back_what_was_drawn';
    END IF;

    UPDATE credits_purchase p
    SET credits_allocated = p.credits_allocated + d.allocated, credits_expired = p.credits_expired + d.expired
    FROM (
        SELECT purchase_id,
               coalesce(sum(credits) FILTER (WHERE consumption_type <> 'expiry'), 0) AS allocated,
               coalesce(sum(credits) FILTER (WHERE consumption_type = 'expiry'), 0) AS expired
        FROM new_rows GROUP BY purchase_id
    ) d
    WHERE p.id = d.purchase_id;

    UPDATE credits_milestone m SET credits_allocated = m.credits_allocated + d.credits
    FROM (SELECT milestone_id, sum(credits) AS credits FROM new_rows WHERE milestone_id IS NOT NULL GROUP BY milestone_id) d
    WHERE m.id = d.milestone_id;
    RETURN NULL;
END $$;

CREATE TRIGGER consumption_applies AFTER INSERT ON credits_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION credits_consumptions_apply();

-- A milestone's total follows the consumptions; what paid for it stays the same: its project cannot change then, and its
-- need not while it is completed (the gate's CHECK).
CREATE FUNCTION credits_milestone_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.credits_allocated <> 0 THEN
            RAISE EXCEPTION 'milestone %: its total follows the consumptions', NEW.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'milestone_total_follows_consumptions';
        END IF;
        RETURN NEW;
    END IF;
    IF pg_trigger_depth() < 2 AND NEW.credits_allocated <> OLD.credits_allocated THEN
        RAISE EXCEPTION 'milestone %: its total follows the consumptions', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'milestone_total_follows_consumptions';
    END IF;
    IF NEW.project_id <> OLD.project_id AND EXISTS (SELECT FROM credits_consumption WHERE milestone_id = OLD.id) THEN
        RAISE EXCEPTION 'milestone % holds credits: its project is fixed', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'milestone_project_fixed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER milestone_guard BEFORE INSERT OR UPDATE ON credits_milestone
    FOR EACH ROW EXECUTE FUNCTION credits_milestone_guard();

-- The customer of work and of sold credits is fixed: a project keeps account and currency while milestones refer to it.
CREATE FUNCTION credits_project_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.account_id, NEW.currency_id) IS DISTINCT FROM (OLD.account_id, OLD.currency_id) AND EXISTS (
        SELECT FROM credits_consumption c JOIN credits_milestone m ON m.id = c.milestone_id WHERE m.project_id = OLD.id
    ) THEN
        RAISE EXCEPTION 'project % holds credits: its account and currency are fixed', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_account_and_currency_fixed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER project_guard BEFORE UPDATE ON opportunities_project
    FOR EACH ROW EXECUTE FUNCTION credits_project_guard();
