-- A confirmed lot keeps its dimensions: all its lines of the books carry the same.
CREATE FUNCTION credits_purchase_dimensions_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'purchase % is confirmed: its dimensions are fixed', OLD.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'purchase_dimensions_fixed';
END $$;

CREATE TRIGGER purchase_dimensions_fixed BEFORE UPDATE OF dimensions ON credits_purchase
    FOR EACH ROW WHEN (NOT OLD.draft AND NOT NEW.draft AND NEW.dimensions <> OLD.dimensions)
    EXECUTE FUNCTION credits_purchase_dimensions_fixed();
