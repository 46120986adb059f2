-- name: add_person
-- A name that is there already stays as it is.
INSERT INTO person (name) VALUES ($1) ON CONFLICT (name) DO NOTHING;

-- name: find_person
SELECT person_id, disabled FROM person WHERE name = $1;

-- name: grant_role
INSERT INTO person_role (person_id, tenant_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: store_token
INSERT INTO api_token (token_hash, person_id, tenant_id, role) VALUES ($1, $2, $3, $4);

-- name: find_grants
-- By the hash alone, so that the time taken tells nothing of the token.
SELECT person.name AS person, tenant.code AS tenant, api_token.role
FROM api_token JOIN person USING (person_id) JOIN tenant USING (tenant_id)
WHERE api_token.token_hash = $1 AND api_token.revoked_at IS NULL AND NOT person.disabled;
