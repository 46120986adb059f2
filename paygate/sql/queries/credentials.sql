-- Passwords of people who sign in at the desk.

-- name: set_password
INSERT INTO credential (person_id, password_hash, temporary) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE SET password_hash = $2, temporary = $3, changed_at = now();

-- name: find_credential
SELECT person_id, c.password_hash, c.temporary
FROM credential AS c JOIN person USING (person_id)
WHERE person.name = $1 AND NOT person.disabled;
