-- Two indexes of each payment, and every code that is matched, are squeezed: what is plain ASCII, as nearly all are,
-- needs neither letters replaced nor marks parted. In UTF-8, which normalize() asks for, a text is ASCII where it has as
-- many bytes as characters. Not STRICT: with a CASE in it PostgreSQL would no longer write it into the query that calls
-- it; of NULL it is NULL all the same.
CREATE OR REPLACE FUNCTION squeeze(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT upper(regexp_replace(
        CASE WHEN octet_length(value) = char_length(value) THEN value
             ELSE normalize(translate(value, 'đĐ', 'dD'), NFD) END,
        '[^A-Za-z0-9]', '', 'g'))
$$;
