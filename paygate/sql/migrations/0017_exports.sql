-- Files that were made in the background, in pieces, so that whichever service is asked can hand them over.

CREATE TABLE export_piece (
    tenant_id integer NOT NULL,
    job_id    text NOT NULL,
    number    integer NOT NULL,
    body      bytea NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, number)
);
ALTER TABLE export_piece ALTER COLUMN body SET STORAGE EXTERNAL; -- what is in it is packed already
CREATE INDEX export_piece_by_age ON export_piece (made_at);
