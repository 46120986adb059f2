-- name: drop_pieces
-- What an earlier turn of the job has left.
DELETE FROM export_piece WHERE tenant_id = $1 AND job_id = $2;

-- name: store_piece
INSERT INTO export_piece (tenant_id, job_id, number, body) VALUES ($1, $2, $3, $4);

-- name: read_piece
SELECT body FROM export_piece WHERE tenant_id = $1 AND job_id = $2 AND number = $3;

-- name: forget_pieces
DELETE FROM export_piece WHERE made_at < clock_timestamp() - make_interval(days => $1);
