-- name: store_job
INSERT INTO job (tenant_id, job_id, kind, wanted, asked_by, upload) VALUES ($1, $2, $3, $4, $5, $6);

-- name: same_job_waiting
-- One that has not begun will see everything its twin would.
SELECT job_id FROM job WHERE tenant_id = $1 AND kind = $2 AND state = 'waiting' AND wanted = $3::jsonb LIMIT 1;

-- name: find_open_job
SELECT job_id FROM job WHERE tenant_id = $1 AND kind = $2 AND state IN ('waiting', 'running') AND wanted = $3::jsonb
LIMIT 1;

-- name: count_open_jobs
SELECT count(*) FROM job WHERE tenant_id = $1 AND state IN ('waiting', 'running');

-- name: read_job
-- By its number alone: whose it is decides who may see it.
SELECT tenant.code AS tenant, tenant_id, job_id, kind, wanted, asked_by, upload, state, turn, progress, result, reason,
    asked_at, finished_at
FROM job JOIN tenant USING (tenant_id) WHERE job_id = $1 AND kind = $2;

-- name: list_tenants_with_jobs
SELECT DISTINCT tenant_id FROM job WHERE state IN ('waiting', 'running') AND due_at <= clock_timestamp()
ORDER BY tenant_id;

-- name: try_turn
-- Runners take turns at a tenant's jobs; who comes second looks again later.
SELECT pg_try_advisory_xact_lock($1, $2);

-- name: free_interrupted
-- The lease has ended: who ran it is gone, or stands still. One that never ends is not begun for ever.
UPDATE job SET state = CASE WHEN turn >= $2 THEN 'failed' ELSE 'waiting' END::job_state, reason = $3,
    finished_at = CASE WHEN turn >= $2 THEN clock_timestamp() END
WHERE tenant_id = $1 AND state = 'running' AND due_at < clock_timestamp();

-- name: fail_abandoned
-- It could have begun for a while, nobody was busy with the tenant's jobs and nobody took it: its file is gone.
UPDATE job SET state = 'failed', reason = $4, finished_at = clock_timestamp()
WHERE tenant_id = $1 AND state = 'waiting' AND upload IS NOT NULL AND upload <> ALL ($2::text[])
    AND due_at < clock_timestamp() - make_interval(secs => $3)
    AND NOT EXISTS (SELECT FROM job AS other WHERE other.tenant_id = $1 AND (other.state = 'running'
        OR other.finished_at > clock_timestamp() - make_interval(secs => $3)));

-- name: claim_job
-- $2: the uploads at hand. A job whose file lies with another process is that one's to do.
UPDATE job SET state = 'running', turn = turn + 1, reason = NULL,
    due_at = clock_timestamp() + make_interval(secs => $3)
FROM tenant
WHERE tenant.tenant_id = $1 AND job.tenant_id = $1
    AND job_id = (
        SELECT job_id FROM job WHERE tenant_id = $1 AND state = 'waiting' AND due_at <= clock_timestamp()
            AND (upload IS NULL OR upload = ANY($2::text[]))
        ORDER BY asked_at, job_id LIMIT 1
    )
    AND NOT EXISTS (SELECT FROM job WHERE tenant_id = $1 AND state = 'running')
RETURNING tenant.code AS tenant, job.tenant_id, job_id, kind, wanted, asked_by, upload, state, turn, progress, result,
    reason, asked_at, finished_at;

-- name: renew_job
UPDATE job SET progress = $4, due_at = clock_timestamp() + make_interval(secs => $5)
WHERE tenant_id = $1 AND job_id = $2 AND turn = $3 AND state = 'running' RETURNING turn;

-- name: end_job
UPDATE job SET state = $4::text::job_state, progress = $5, result = $6, reason = $7, finished_at = clock_timestamp()
WHERE tenant_id = $1 AND job_id = $2 AND turn = $3 AND state = 'running';

-- name: put_off_job
UPDATE job SET state = 'waiting', reason = $4, due_at = clock_timestamp() + make_interval(secs => $5)
WHERE tenant_id = $1 AND job_id = $2 AND turn = $3 AND state = 'running';

-- name: give_back_job
-- It was not its fault that it was broken off, so the turn does not count.
UPDATE job SET state = 'waiting', turn = turn - 1, due_at = clock_timestamp()
WHERE tenant_id = $1 AND job_id = $2 AND turn = $3 AND state = 'running';

-- name: uploads_needed
-- By jobs that are open, and by mappings that are being made.
SELECT upload FROM job WHERE upload = ANY($1::text[]) AND state IN ('waiting', 'running')
UNION SELECT upload FROM mapping_draft WHERE upload = ANY($1::text[]);

-- name: list_jobs
SELECT tenant.code AS tenant, tenant_id, job_id, kind, wanted, asked_by, upload, state, turn, progress,
    CASE WHEN state = 'failed' THEN result END AS result, reason, asked_at, finished_at
FROM job JOIN tenant USING (tenant_id) WHERE tenant_id = $1 AND kind = $2 ORDER BY asked_at DESC LIMIT $3;

-- name: forget_jobs
DELETE FROM job WHERE finished_at < clock_timestamp() - make_interval(days => $1);
