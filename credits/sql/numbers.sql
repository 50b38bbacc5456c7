CREATE SEQUENCE credits_allocation_number_seq;

CREATE FUNCTION credits_allocation_number() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT 'SCA-' || lpad(n::text, greatest(6, length(n::text)), '0')
    FROM nextval('credits_allocation_number_seq') AS n
$$;
