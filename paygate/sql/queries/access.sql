-- name: add_person
-- A name that is there already stays as it is.
INSERT INTO person (name) VALUES ($1) ON CONFLICT (name) DO NOTHING;

-- name: find_person
SELECT person_id, disabled FROM person WHERE name = $1;

-- name: full_names
-- What pages call those whom they know by the names they sign in with.
SELECT name, full_name FROM person WHERE name = ANY ($1::text[]) AND full_name <> '';

-- name: tenants_of_person
SELECT DISTINCT tenant_id FROM person_role WHERE person_id = $1 ORDER BY tenant_id;

-- name: admit_person
UPDATE person SET disabled = $2 WHERE person_id = $1 AND disabled <> $2 RETURNING true;

-- name: count_people_who_can_sign_in
-- A system comes with a token and never signs in.
SELECT count(*) FROM person AS p
WHERE NOT p.disabled AND EXISTS (SELECT FROM person_role AS r WHERE r.person_id = p.person_id AND r.role <> 'service')
  AND ($1 OR EXISTS (SELECT FROM credential AS c WHERE c.person_id = p.person_id));

-- name: grant_role
INSERT INTO person_role (person_id, tenant_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: forget_agencies
DELETE FROM person_agency WHERE person_id = $1 AND tenant_id = $2;

-- name: limit_to_agencies
INSERT INTO person_agency (person_id, tenant_id, agency_code) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING;

-- name: store_token
INSERT INTO api_token (token_hash, person_id, tenant_id, role, issued_by) VALUES ($1, $2, $3, $4, $5);

-- name: find_grants
-- By the hash alone, so that the time taken tells nothing of the token.
SELECT person.name AS person, tenant.code AS tenant, ARRAY[api_token.role] AS roles, ARRAY(
    SELECT agency_code FROM person_agency AS a
    WHERE a.person_id = person.person_id AND a.tenant_id = tenant.tenant_id) AS agencies,
    coalesce(api_token.used_at < now() - make_interval(secs => $2), true) AS worth_noting
FROM api_token JOIN person USING (person_id) JOIN tenant USING (tenant_id)
WHERE api_token.token_hash = $1 AND api_token.revoked_at IS NULL AND NOT person.disabled
    AND NOT EXISTS (SELECT FROM person_disabled AS d
        WHERE d.tenant_id = api_token.tenant_id AND d.person_id = api_token.person_id);

-- name: note_token_use
UPDATE api_token SET used_at = now() WHERE token_hash = $1;

-- name: list_grants
SELECT tenant.code AS tenant, array_agg(person_role.role) AS roles, ARRAY(
    SELECT agency_code FROM person_agency AS a
    WHERE a.person_id = $1 AND a.tenant_id = tenant.tenant_id) AS agencies
FROM person_role JOIN tenant USING (tenant_id)
WHERE person_role.person_id = $1
    AND NOT EXISTS (SELECT FROM person_disabled AS d
        WHERE d.tenant_id = person_role.tenant_id AND d.person_id = person_role.person_id)
GROUP BY tenant.tenant_id, tenant.code
ORDER BY tenant.code;

-- name: find_grant
-- What someone who is not disabled may do in a tenant; no row where that is nothing.
SELECT array_agg(r.role) AS roles, ARRAY(
    SELECT agency_code FROM person_agency AS a
    WHERE a.person_id = p.person_id AND a.tenant_id = $1) AS agencies
FROM person AS p JOIN person_role AS r ON r.person_id = p.person_id AND r.tenant_id = $1
WHERE p.name = $2 AND NOT p.disabled
    AND NOT EXISTS (SELECT FROM person_disabled AS d WHERE d.tenant_id = $1 AND d.person_id = p.person_id)
GROUP BY p.person_id;

-- name: people_who
-- Who is not disabled and has one of the roles ($2), by name; $4 are those that approve.
SELECT p.name, coalesce(nullif(p.full_name, ''), p.name) AS full_name, bool_or(r.role = ANY ($4::text[])) AS checker
FROM person_role AS r JOIN person AS p USING (person_id)
WHERE r.tenant_id = $1 AND r.role = ANY ($2::text[]) AND NOT p.disabled
  AND NOT EXISTS (SELECT FROM person_disabled AS d WHERE d.tenant_id = $1 AND d.person_id = p.person_id)
  AND (NOT EXISTS (SELECT FROM person_agency AS a WHERE a.person_id = p.person_id AND a.tenant_id = $1)
       OR EXISTS (SELECT FROM person_agency AS a
                  WHERE a.person_id = p.person_id AND a.tenant_id = $1 AND a.agency_code = $3::text))
GROUP BY p.person_id, p.name, p.full_name
ORDER BY full_name, p.name LIMIT 200;
