-- Forms that act once, and what a person was shown before an act on many things.

-- name: take_form
-- Who sends a form again while it is acted on waits here, and then reads what became of it.
INSERT INTO form_reply (person_id, once) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true;

-- name: answer_form
UPDATE form_reply SET location = $3, told = $4 WHERE person_id = $1 AND once = $2;

-- name: read_form_reply
SELECT location, told FROM form_reply WHERE person_id = $1 AND once = $2;

-- name: store_selection
INSERT INTO selection (tenant_id, selection_id, person_id, kind, content) VALUES ($1, $2, $3, $4, $5)
RETURNING selection_id;

-- name: read_selection
SELECT content FROM selection WHERE tenant_id = $1 AND selection_id = $2 AND person_id = $3 AND kind = $4;

-- name: hold_selection
-- An act on many goes part by part: two who send it at once take turns.
SELECT content FROM selection WHERE tenant_id = $1 AND selection_id = $2 AND person_id = $3 AND kind = $4 FOR UPDATE;

-- name: keep_selection
-- How far an act on many has come, written with the part that is done.
UPDATE selection SET content = $4 WHERE tenant_id = $1 AND selection_id = $2 AND person_id = $3;

-- name: forget_forms
-- What nobody sends again.
WITH forms AS (DELETE FROM form_reply WHERE made_at < now() - make_interval(hours => $1))
DELETE FROM selection WHERE made_at < now() - make_interval(hours => $1);
