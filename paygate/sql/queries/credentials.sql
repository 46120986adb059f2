-- How people who sign in here prove who they are.

-- name: set_password
INSERT INTO credential (person_id, password_hash, temporary) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE SET password_hash = $2, temporary = $3, changed_at = now();

-- name: hash_password_again
-- Unless the password was changed since it was checked.
UPDATE credential SET password_hash = $3 WHERE person_id = $1 AND password_hash = $2;

-- name: find_credential
SELECT person_id, c.password_hash, c.totp_secret
FROM credential AS c JOIN person USING (person_id)
WHERE person.name = $1 AND NOT person.disabled;

-- name: own_credential
SELECT person_id, password_hash, totp_secret FROM credential WHERE person_id = $1;

-- name: still_holds
-- Looked at again where the session begins: the password may have been changed, or the person disabled, meanwhile.
SELECT true FROM credential AS c JOIN person USING (person_id)
WHERE person_id = $1 AND c.password_hash = $2 AND NOT person.disabled
FOR SHARE OF c, person;

-- name: use_step
-- No row: a code of this time or a later one was used before.
UPDATE credential SET totp_step = $2 WHERE person_id = $1 AND totp_secret IS NOT NULL AND totp_step < $2 RETURNING true;

-- name: list_totp
SELECT person_id, p.name, c.totp_secret FROM credential AS c JOIN person AS p USING (person_id)
WHERE c.totp_secret IS NOT NULL AND NOT p.disabled ORDER BY p.name;

-- name: set_totp
-- No row: there is a second step already, or no password.
UPDATE credential SET totp_secret = $2, totp_step = $3 WHERE person_id = $1 AND totp_secret IS NULL RETURNING true;

-- name: remove_totp
UPDATE credential SET totp_secret = NULL, totp_step = 0 WHERE person_id = $1 AND totp_secret IS NOT NULL RETURNING true;

-- name: remove_credential
DELETE FROM credential WHERE person_id = $1 RETURNING true;
