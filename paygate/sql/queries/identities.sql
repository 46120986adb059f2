-- Who people are at identity providers.

-- name: find_identity
SELECT person_id, person.disabled FROM identity JOIN person USING (person_id) WHERE issuer = $1 AND subject = $2;

-- name: bindable_person
-- Who an administrator has made and who signs in at the provider alone; locked, so that two who come at once do not
-- both become that person.
SELECT person_id, disabled,
       EXISTS (SELECT FROM credential AS c WHERE c.person_id = p.person_id) AS has_password,
       EXISTS (SELECT FROM identity AS i WHERE i.person_id = p.person_id AND i.issuer = $2) AS bound
FROM person AS p WHERE p.name = $1 FOR UPDATE;

-- name: bind_identity
INSERT INTO identity (issuer, subject, person_id) VALUES ($1, $2, $3);

-- name: forget_identities
DELETE FROM identity WHERE person_id = $1;
