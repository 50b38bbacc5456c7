-- Posted is final: journal entries and lines are refused for UPDATE, DELETE and TRUNCATE, whoever asks.
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'Correct what is posted by a reversal.';
END $$;

CREATE TRIGGER journalentry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER journalline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journalline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- (In force: the version of controls.sql.) All lines of an entry come in one INSERT: as many as the header says, numbered 1 to n, in the entry's currency, debits
-- equal to credits in both currencies. A pair added to an old entry later fails on the count.
CREATE FUNCTION ledger_lines_balance() RETURNS trigger LANGUAGE plpgsql AS $$
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

    SELECT e.event_key INTO bad
    FROM new_lines n
    JOIN ledger_journalentry e ON e.id = n.entry_id AND e.reverses_id IS NOT NULL
    JOIN ledger_journalentry r ON r.id = e.reverses_id
    LEFT JOIN ledger_journalline o ON o.entry_id = r.id AND o.line_no = n.line_no
    WHERE r.line_count <> e.line_count OR r.reverses_id IS NOT NULL
       OR (o.account_id, o.product_group_id, o.currency_id, o.debit, o.credit, o.debit_lcy, o.credit_lcy, o.party, o.lot)
          IS DISTINCT FROM
          (n.account_id, n.product_group_id, n.currency_id, n.credit, n.debit, n.credit_lcy, n.debit_lcy, n.party, n.lot)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % is not the mirror of the entry it reverses', bad.event_key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_reversal_mirrors';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journalline_balances AFTER INSERT ON ledger_journalline
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_balance();

-- An entry without lines would escape the trigger above; the header is inserted first, so this waits for the commit.
CREATE FUNCTION ledger_entry_has_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_journalline WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'journal entry % has no lines', NEW.event_key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_has_lines';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER journalentry_has_lines AFTER INSERT ON ledger_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_has_lines();

-- Periods. Posting takes this lock shared, closing takes it alone: no entry slips into a period while it closes.
ALTER TABLE ledger_accountingperiod ADD CONSTRAINT period_overlaps_no_other
    EXCLUDE USING gist (daterange(starts_on, ends_on, '[]') WITH &&);

CREATE FUNCTION ledger_lock_periods(alone boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF alone THEN
        PERFORM pg_advisory_xact_lock(hashtext('ledger periods'));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtext('ledger periods'));
    END IF;
END $$;

-- In force: the version of controls.sql.
CREATE FUNCTION ledger_first_open_day(day date) RETURNS date LANGUAGE sql STABLE AS $$
    WITH RECURSIVE walk(open_on) AS (
        SELECT day
        UNION ALL
        SELECT p.ends_on + 1 FROM walk
        JOIN ledger_accountingperiod p ON p.closed_at IS NOT NULL AND walk.open_on BETWEEN p.starts_on AND p.ends_on
    )
    SELECT max(open_on) FROM walk
$$;

-- In force: the version of controls.sql.
CREATE FUNCTION ledger_posting_date_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    PERFORM ledger_lock_periods(false);
    SELECT p.name, d.posting_date INTO bad
    FROM (SELECT DISTINCT posting_date FROM new_entries) d
    JOIN ledger_accountingperiod p ON p.closed_at IS NOT NULL AND d.posting_date BETWEEN p.starts_on AND p.ends_on
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'period % is closed: no posting on %', bad.name, bad.posting_date
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_period_open';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journalentry_period_open AFTER INSERT ON ledger_journalentry
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_date_open();

CREATE FUNCTION ledger_period_locks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_lock_periods(true);
    RETURN NULL;
END $$;

CREATE TRIGGER period_locks BEFORE INSERT OR UPDATE OR DELETE ON ledger_accountingperiod
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_period_locks();

-- The LCY of books that hold entries is not a setting any more: every LCY amount would change its meaning.
CREATE FUNCTION ledger_lcy_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lcy_id <> OLD.lcy_id AND EXISTS (SELECT FROM ledger_journalentry) THEN
        RAISE EXCEPTION 'the local currency is fixed once anything is posted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_setup_lcy_fixed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ledgersetup_lcy_fixed BEFORE UPDATE ON ledger_ledgersetup
    FOR EACH ROW EXECUTE FUNCTION ledger_lcy_fixed();
CREATE FUNCTION ledger_currency_decimals_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decimals <> OLD.decimals AND (EXISTS (SELECT FROM ledger_journalentry WHERE currency_id = OLD.code)
            OR EXISTS (SELECT FROM ledger_journalentry, ledger_ledgersetup WHERE lcy_id = OLD.code)) THEN
        RAISE EXCEPTION 'the decimals of % are fixed once anything is posted in it', OLD.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'currency_decimals_fixed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER currency_decimals_fixed BEFORE UPDATE ON ledger_currency
    FOR EACH ROW EXECUTE FUNCTION ledger_currency_decimals_fixed();
