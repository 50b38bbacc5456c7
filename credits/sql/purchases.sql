-- What is fixed on a purchase, and when.
CREATE FUNCTION credits_purchase_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT OLD.draft OR OLD.confirmations > 0 THEN
            RAISE EXCEPTION 'purchase % was confirmed and cannot be deleted', OLD.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_deleted_only_as_new_draft';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.confirmations > 0 AND NEW.account_id <> OLD.account_id THEN
        RAISE EXCEPTION 'purchase %: credits cannot move between accounts', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_account_fixed';
    END IF;
    IF NOT OLD.draft AND NOT NEW.draft AND (
        NEW.number, NEW.purchased_on, NEW.currency_id, NEW.number_of_credits, NEW.value_per_credit,
        NEW.amount_paid_per_credit, NEW.product_group_id, NEW.business_group_id, NEW.deferral_account_id,
        NEW.exchange_rate, NEW.paid_total_lcy, NEW.confirmations
    ) IS DISTINCT FROM (
        OLD.number, OLD.purchased_on, OLD.currency_id, OLD.number_of_credits, OLD.value_per_credit,
        OLD.amount_paid_per_credit, OLD.product_group_id, OLD.business_group_id, OLD.deferral_account_id,
        OLD.exchange_rate, OLD.paid_total_lcy, OLD.confirmations
    ) THEN
        RAISE EXCEPTION 'purchase % is confirmed: its number, currency, credits and prices are fixed', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_fixed_once_confirmed';
    END IF;
    IF OLD.credits_expired > 0 AND (NEW.starts_on, NEW.expires_on) IS DISTINCT FROM (OLD.starts_on, OLD.expires_on) THEN
        RAISE EXCEPTION 'purchase % has expired credits: its dates are locked', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_dates_locked_once_expired';
    END IF;
    IF NEW.draft AND NOT OLD.draft AND EXISTS (SELECT FROM credits_consumption WHERE purchase_id = OLD.id) THEN
        RAISE EXCEPTION 'purchase % has consumptions and cannot go back to draft', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_back_to_draft_only_unused';
    END IF;
    -- The totals belong to the consumptions: they move inside the trigger on those rows and nowhere else.
    IF pg_trigger_depth() < 2 AND (NEW.credits_allocated, NEW.credits_expired, NEW.credits_refunded)
            IS DISTINCT FROM (OLD.credits_allocated, OLD.credits_expired, OLD.credits_refunded) THEN
        RAISE EXCEPTION 'purchase %: totals follow the consumptions', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_totals_follow_consumptions';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER purchase_guard BEFORE UPDATE OR DELETE ON credits_purchase
    FOR EACH ROW EXECUTE FUNCTION credits_purchase_guard();

CREATE TRIGGER purchase_not_truncated BEFORE TRUNCATE ON credits_purchase
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

CREATE TRIGGER purchasedatechange_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits_purchasedatechange
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
