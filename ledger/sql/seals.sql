-- The hash chain over the journal. Posting knows nothing of it: the night gives each entry recorded since the last seal
-- its place in the register and its digest, and closes them with a hash that contains the hash before.
CREATE VIEW ledger_digest AS
SELECT e.id AS entry_id, encode(sha256(convert_to(concat_ws(E'\n',
           jsonb_build_array(e.id, e.event_key, e.kind, e.posting_date, e.effective_on, e.currency_id, e.description,
                             e.line_count, e.reverses_id, e.reason, e.created_by_id, extract(epoch FROM e.created_at)),
           string_agg(jsonb_build_array(l.line_no, l.account_id, l.product_group_id, l.currency_id, l.debit, l.credit,
                                        l.debit_lcy, l.credit_lcy, l.party, l.lot, l.dimensions)::text,
                      E'\n' ORDER BY l.line_no, l.id)
       ), 'UTF8')), 'hex') AS digest
FROM ledger_journalentry e LEFT JOIN ledger_journalline l ON l.entry_id = e.id
GROUP BY e.id;

CREATE FUNCTION ledger_seal_hash(number integer, day date, previous text, digests text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\n', number, day, previous, digests), 'UTF8')), 'hex')
$$;

-- Seals every entry that is committed and not sealed yet; gives their number. Two at once come one after the other.
CREATE FUNCTION ledger_seal_journal(on_day date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last record;
    ids bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger seal'));
    SELECT array_agg(e.id ORDER BY e.id) INTO ids FROM ledger_journalentry e
    WHERE NOT EXISTS (SELECT FROM ledger_sealedentry s WHERE s.entry_id = e.id);
    IF ids IS NULL THEN
        RETURN 0;
    END IF;
    SELECT number, last_position, hash INTO last FROM ledger_journalseal ORDER BY number DESC LIMIT 1;
    last.number := coalesce(last.number, 0);
    last.last_position := coalesce(last.last_position, 0);
    last.hash := coalesce(last.hash, '');
    WITH digests AS MATERIALIZED (
        SELECT d.entry_id, e.event_key, d.digest, last.last_position + row_number() OVER (ORDER BY d.entry_id) AS position
        FROM ledger_digest d JOIN ledger_journalentry e ON e.id = d.entry_id WHERE d.entry_id = ANY(ids)
    ),
    seal AS (
        INSERT INTO ledger_journalseal (number, day, sealed_at, first_position, last_position, previous, hash)
        SELECT last.number + 1, on_day, clock_timestamp(), min(position), max(position), last.hash,
               ledger_seal_hash(last.number + 1, on_day, last.hash, string_agg(digest, E'\n' ORDER BY position))
        FROM digests RETURNING number
    )
    INSERT INTO ledger_sealedentry (position, entry_id, event_key, seal_id, digest)
    SELECT position, entry_id, event_key, seal.number, digest FROM digests, seal;
    -- How far the register goes is counted apart from it, so that a tail that was cut off is missed.
    INSERT INTO ledger_numberseries (code, description, prefix, digits, last_number)
    VALUES ('REGISTER', 'Sealed journal entries', 'REG-', 9, last.last_position + array_length(ids, 1))
    ON CONFLICT (code) DO UPDATE SET last_number = excluded.last_number;
    RETURN array_length(ids, 1);
END $$;

CREATE TRIGGER journalseal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journalseal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER sealedentry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_sealedentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
