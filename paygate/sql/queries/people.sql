-- The people of a tenant and their tokens, for its administrators. What they may do elsewhere is never read here.

-- name: take_turn_at_people
-- Two who take each other's last administrator away must do it one after the other.
SELECT pg_advisory_xact_lock($2, $1);

-- name: list_people
SELECT p.person_id, p.name, p.full_name, p.created_at, p.signed_in_at, p.disabled AS disabled_everywhere,
       d.disabled_at, d.disabled_by, r.roles,
       EXISTS (SELECT FROM credential AS c WHERE c.person_id = p.person_id) AS has_password,
       ARRAY(SELECT a.agency_code FROM person_agency AS a WHERE a.person_id = p.person_id AND a.tenant_id = $1
             ORDER BY a.agency_code) AS agencies,
       (SELECT count(*) FROM api_token AS t WHERE t.tenant_id = $1 AND t.person_id = p.person_id
           AND t.revoked_at IS NULL) AS tokens
FROM (SELECT person_id, array_agg(role) AS roles FROM person_role WHERE tenant_id = $1 GROUP BY person_id) AS r
JOIN person AS p USING (person_id)
LEFT JOIN person_disabled AS d ON d.tenant_id = $1 AND d.person_id = p.person_id
WHERE ($2::bigint IS NULL OR p.person_id = $2) AND p.name > $3
ORDER BY p.name
LIMIT $4;

-- name: list_tokens
SELECT t.token_id, t.person_id, p.name, p.full_name, t.role, t.issued_at, t.issued_by, t.used_at, t.revoked_at
FROM api_token AS t JOIN person AS p USING (person_id)
WHERE t.tenant_id = $1 AND ($2::bigint IS NULL OR t.person_id = $2) AND ($3::bigint IS NULL OR t.token_id < $3)
ORDER BY t.token_id DESC
LIMIT $4;

-- name: find_among_people
SELECT person_id FROM person JOIN person_role USING (person_id) WHERE tenant_id = $1 AND name = $2 LIMIT 1;

-- name: number_people
SELECT name, person_id FROM person AS p
WHERE name = ANY ($2::text[])
    AND EXISTS (SELECT FROM person_role AS r WHERE r.tenant_id = $1 AND r.person_id = p.person_id);

-- name: list_agencies
-- Hops over the index from one agency to the next, as there are few and many dossiers of each.
WITH RECURSIVE known AS (
    SELECT min(agency_code) AS code, 1 AS number FROM procedure_record WHERE tenant_id = $1
    UNION ALL
    SELECT (SELECT min(r.agency_code) FROM procedure_record AS r
            WHERE r.tenant_id = $1 AND r.agency_code > known.code), known.number + 1
    FROM known WHERE known.code IS NOT NULL AND known.number < $2::bigint)
SELECT known.code, named.name
FROM known
CROSS JOIN LATERAL (SELECT agency_name AS name FROM procedure_record
                    WHERE tenant_id = $1 AND agency_code = known.code
                    ORDER BY dossier_code DESC LIMIT 1) AS named
WHERE known.code IS NOT NULL
ORDER BY known.code;

-- name: store_person
INSERT INTO person (name, full_name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING person_id;

-- name: take_roles
-- Tokens of a role that is taken go with it.
DELETE FROM person_role WHERE tenant_id = $1 AND person_id = $2 AND role <> ALL ($3::text[]);

-- name: count_admins
-- Who can still look after people: administrators of the whole tenant who can come in.
SELECT count(*) FROM person_role AS r JOIN person AS p USING (person_id)
WHERE r.tenant_id = $1 AND r.role = 'admin' AND NOT p.disabled
    AND NOT EXISTS (SELECT FROM person_disabled AS d WHERE d.tenant_id = $1 AND d.person_id = r.person_id)
    AND NOT EXISTS (SELECT FROM person_agency AS a WHERE a.tenant_id = $1 AND a.person_id = r.person_id);

-- name: disable_person
INSERT INTO person_disabled (tenant_id, person_id, disabled_by) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING true;

-- name: enable_person
DELETE FROM person_disabled WHERE tenant_id = $1 AND person_id = $2 RETURNING true;

-- name: is_known_elsewhere
SELECT EXISTS (SELECT FROM person_role WHERE person_id = $2 AND tenant_id <> $1);

-- name: revoke_token
UPDATE api_token SET revoked_at = now() WHERE tenant_id = $1 AND token_id = $2 AND revoked_at IS NULL
RETURNING role;

-- name: find_token
SELECT p.name FROM api_token AS t JOIN person AS p USING (person_id)
WHERE t.tenant_id = $1 AND t.token_id = $2;

-- name: list_to_ask
-- Administrators and operators of the whole tenant who can come in.
SELECT r.role, coalesce(nullif(p.full_name, ''), p.name) AS name
FROM person_role AS r
JOIN person AS p USING (person_id)
WHERE r.tenant_id = $1 AND r.role IN ('admin', 'operator') AND NOT p.disabled
  AND (p.signed_in_at IS NOT NULL OR EXISTS (SELECT FROM credential AS c WHERE c.person_id = p.person_id))
  AND NOT EXISTS (SELECT FROM person_disabled AS d WHERE d.tenant_id = $1 AND d.person_id = p.person_id)
  AND NOT EXISTS (SELECT FROM person_agency AS a WHERE a.tenant_id = $1 AND a.person_id = p.person_id)
ORDER BY r.role, name LIMIT $2;
