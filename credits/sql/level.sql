-- What of a lot's `total` has left the deferral once `gone` of `whole` credits are gone, `used` of them consumed and `refunded`
-- of them canceled, where `rate` percent of the credits are expected to stay unused (posting rule 12): P x used / expected
-- used, never less than what is gone says, never more than all. Without a rate it is R(gone).
CREATE FUNCTION credits_level(total numeric, whole numeric, gone numeric, used numeric, refunded numeric, rate numeric,
                              decimals integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN rate = 0 THEN ledger_cumulative(total, gone, whole, decimals)
        ELSE ledger_cumulative(
            total,
            least(greatest(10000 * used + (10000 - trunc(100 * rate)) * refunded, (10000 - trunc(100 * rate)) * gone),
                  (10000 - trunc(100 * rate)) * whole),
            (10000 - trunc(100 * rate)) * whole,
            decimals)
    END
$$;
