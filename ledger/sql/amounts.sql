-- R(k): what `units` of `whole` are worth together when `total` is cut cumulatively, rounded half up to `decimals`. Any
-- order of parts ends at exactly `total`. Integer division throughout: numeric division keeps 16 digits and would round
-- large amounts twice.
CREATE FUNCTION ledger_cumulative(total numeric, units numeric, whole numeric, decimals integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN units >= whole THEN total
        ELSE div(2 * total * (ARRAY[1, 10, 100, 1000])[decimals + 1] * units + whole, 2 * whole)
             * (ARRAY[1, 0.1, 0.01, 0.001])[decimals + 1]
    END
$$;
