-- What is over its time and settled is dropped; what is unresolved, and all it names, stays however old it is.

-- name: bound_wait
-- Trimming waits for nobody long: whoever would have to wait for it comes first.
SELECT set_config('lock_timeout', $1, true);

-- name: await_matcher
-- Between two turns of the matcher: what is unresolved does not change while it is being gathered.
SELECT pg_advisory_xact_lock($2::integer, $1::integer);

-- name: list_tenants
SELECT tenant_id, code FROM tenant ORDER BY tenant_id;

-- name: create_trimming_tables
CREATE TEMP TABLE unresolved_line (tenant_id integer NOT NULL, line_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE unresolved_payment (tenant_id integer NOT NULL, payment_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE settled_notice (notice_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE kept_payment_event (LIKE payment_event) ON COMMIT DROP;
CREATE TEMP TABLE kept_match_history (LIKE match_history) ON COMMIT DROP;
CREATE TEMP TABLE kept_event (LIKE event) ON COMMIT DROP;

-- name: gather_unresolved_lines
-- Lines that a live discrepancy is said of or names, those of a batch it is said of, and those not looked at. What is
-- open or ambiguous among lines has its discrepancy.
INSERT INTO unresolved_line
SELECT $1, line_id FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved' AND line_id IS NOT NULL
UNION
SELECT $1, line::bigint FROM discrepancy, jsonb_array_elements_text(evidence -> 'lines') AS line
WHERE tenant_id = $1 AND state <> 'resolved' AND jsonb_typeof(evidence -> 'lines') = 'array'
UNION
SELECT $1, l.line_id
FROM discrepancy AS d
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = substr(d.subject, 7)::bigint
JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code
WHERE d.tenant_id = $1 AND d.state <> 'resolved' AND d.subject LIKE 'batch:%'
UNION
SELECT $1, unnest(fact_ids) FROM dirty WHERE tenant_id = $1 AND kind = 'line'
UNION
SELECT $1, unnest(fact_ids) FROM unweighed WHERE tenant_id = $1 AND kind = 'line';

-- name: gather_unresolved_payments
-- Payments of those lines, and of whatever else is open: a live discrepancy and its dossier, a case whose day has yet to
-- come, what is not judged, what a source is asked about, what a notice still waits for. Few beside all that is stored;
-- those of unsettled_payment may be many, and are looked up for what is old alone.
INSERT INTO unresolved_payment
WITH live AS MATERIALIZED (
    SELECT case_key, payment_id, dossier_code, evidence FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved'),
open_case AS MATERIALIZED (
    SELECT case_key FROM live UNION SELECT case_key FROM watch WHERE tenant_id = $1),
dossier AS (
    SELECT substr(case_key, 9) AS code FROM open_case WHERE case_key LIKE 'dossier:%'
    UNION SELECT dossier_code FROM live WHERE dossier_code IS NOT NULL
    UNION SELECT unnest(codes) FROM dirty WHERE tenant_id = $1 AND kind = 'dossier'),
joined AS MATERIALIZED (
    SELECT m.match_id, m.payment_id FROM unresolved_line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.fact_id = l.line_id
        AND m.leg IN ('settlement', 'bank', 'treasury', 'receipt')
    WHERE l.tenant_id = $1)
SELECT $1, payment_id FROM (
    SELECT payment_id FROM live
    UNION SELECT payment::bigint FROM live, jsonb_array_elements_text(evidence -> 'payments') AS payment
          WHERE jsonb_typeof(evidence -> 'payments') = 'array'
    UNION SELECT substr(case_key, 9)::bigint FROM open_case WHERE case_key LIKE 'payment:%'
    UNION SELECT p.payment_id FROM dossier AS d
          JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
    UNION SELECT payment_id FROM joined
    UNION SELECT m.payment_id FROM joined AS j JOIN match AS m ON m.tenant_id = $1 AND m.match_id = j.match_id
          WHERE m.seats > 1
    UNION SELECT unnest(fact_ids) FROM dirty WHERE tenant_id = $1 AND kind = 'payment'
    UNION SELECT unnest(fact_ids) FROM unweighed WHERE tenant_id = $1 AND kind = 'payment'
    UNION SELECT p.payment_id FROM inquiry AS i
          JOIN payment AS p ON p.tenant_id = $1 AND p.source_id = i.source_id AND p.reference = i.reference
          WHERE i.tenant_id = $1 AND i.next_ask_at IS NOT NULL
    UNION SELECT p.payment_id FROM notice AS n
          JOIN payment AS p ON p.tenant_id = $1 AND p.source_id = n.source_id AND p.reference = n.reference
          WHERE n.tenant_id = $1 AND n.state IN ('received', 'retrying')
    UNION SELECT p.payment_id FROM notice AS n
          JOIN payment AS p ON p.tenant_id = $1 AND p.source_id = n.source_id AND p.reference = n.reference
          WHERE n.tenant_id = $1 AND n.state = 'parked' AND n.waits_for IS NOT NULL
    UNION SELECT p.payment_id FROM notice AS n
          JOIN payment AS p ON p.tenant_id = $1 AND p.source_id = n.source_id AND p.reference = n.reference
          WHERE n.tenant_id = $1 AND n.state IN ('quarantined', 'dead')
) AS open WHERE payment_id IS NOT NULL;

-- name: next_notices
-- In the order of their numbers, which is that of their arrival; it ends at the first that is not over its time.
SELECT notice_id, received_at < $2 AS old FROM notice
WHERE tenant_id = $1 AND notice_id > $3 ORDER BY notice_id LIMIT $4;

-- name: next_held_notices
SELECT notice_id, notice.received_at < $2 AS old FROM trim_held JOIN notice USING (tenant_id, notice_id)
WHERE tenant_id = $1 AND notice_id > $3 ORDER BY notice_id LIMIT $4;

-- name: read_mark
SELECT notice_id FROM trim_mark WHERE tenant_id = $1;

-- name: find_settled_notices
-- Applied, and its payment came to an end: it brought no money, or its money is matched and nothing about it is open.
-- What tells of no payment is settled by itself. LATERAL with OFFSET 0 reads by key whatever the planner believes.
INSERT INTO settled_notice
SELECT n.notice_id
FROM unnest($2::bigint[]) AS old (notice_id)
CROSS JOIN LATERAL (
    SELECT notice_id, source_id, reference, transaction_id, state FROM notice
    WHERE tenant_id = $1 AND notice_id = old.notice_id OFFSET 0
) AS n
LEFT JOIN LATERAL (
    SELECT payment_id, state FROM payment
    WHERE tenant_id = $1 AND source_id = n.source_id AND reference = n.reference AND transaction_id = n.transaction_id
    OFFSET 0
) AS p ON true
WHERE n.state = 'applied'
    AND (n.reference IS NULL
        OR p.payment_id IS NOT NULL AND (p.state < 'paid' OR EXISTS (
            SELECT FROM match WHERE tenant_id = $1 AND leg IN ('bank', 'settlement') AND payment_id = p.payment_id)))
    AND NOT EXISTS (SELECT FROM unresolved_payment AS u WHERE u.tenant_id = $1 AND u.payment_id = p.payment_id)
    AND NOT EXISTS (SELECT FROM unsettled_payment AS u WHERE u.tenant_id = $1 AND u.payment_id = p.payment_id);

-- name: count_settled_notices
SELECT count(*) FROM settled_notice;

-- name: drop_bodies
-- The row stays: a notice that comes again after years is still known as a repeat.
UPDATE notice SET body = NULL, headers = NULL
FROM settled_notice AS s WHERE notice.tenant_id = $1 AND notice.notice_id = s.notice_id AND notice.body IS NOT NULL;

-- name: hold_notices
INSERT INTO trim_held (tenant_id, notice_id)
SELECT $1, notice_id FROM unnest($2::bigint[]) AS old (notice_id)
WHERE NOT EXISTS (SELECT FROM settled_notice AS s WHERE s.notice_id = old.notice_id)
ON CONFLICT DO NOTHING;

-- name: release_notices
DELETE FROM trim_held USING settled_notice AS s
WHERE trim_held.tenant_id = $1 AND trim_held.notice_id = s.notice_id;

-- name: move_mark
INSERT INTO trim_mark (tenant_id, notice_id) VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET notice_id = EXCLUDED.notice_id;

-- name: list_months
SELECT to_date(right(c.relname, 6), 'YYYYMM') AS month
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = $1::text::regclass AND c.relname ~ '_[0-9]{6}$' ORDER BY month;

-- name: hold_month
SELECT hold_month($1, $2);

-- name: drop_month
SELECT drop_month($1, $2);

-- name: count_payment_events
SELECT count(*) FROM payment_event WHERE tenant_id = $1 AND received_at >= $2 AND received_at < $3;

-- name: keep_payment_events
INSERT INTO kept_payment_event
SELECT * FROM payment_event WHERE tenant_id = $1 AND received_at >= $2 AND received_at < $3 AND payment_id IN (
    SELECT payment_id FROM unresolved_payment WHERE tenant_id = $1
    UNION ALL SELECT payment_id FROM unsettled_payment WHERE tenant_id = $1);

-- name: clear_payment_events
WITH gone AS (
    SELECT payment_id, event_id, received_at FROM payment_event AS e
    WHERE e.tenant_id = $1 AND e.received_at >= $2 AND e.received_at < $3
        AND NOT EXISTS (SELECT FROM kept_payment_event AS k WHERE k.event_id = e.event_id)
    LIMIT $4)
DELETE FROM payment_event AS e USING gone AS g
WHERE e.tenant_id = $1 AND e.payment_id = g.payment_id AND e.event_id = g.event_id AND e.received_at = g.received_at;

-- name: put_back_payment_events
INSERT INTO payment_event OVERRIDING SYSTEM VALUE SELECT * FROM kept_payment_event;

-- name: count_match_history
SELECT count(*) FROM match_history WHERE tenant_id = $1 AND undone_at >= $2 AND undone_at < $3;

-- name: keep_match_history
-- A group that is undone is undone at once, and kept whole.
INSERT INTO kept_match_history
SELECT * FROM match_history WHERE tenant_id = $1 AND undone_at >= $2 AND undone_at < $3 AND match_id IN (
    SELECT h.match_id FROM match_history AS h
    WHERE h.tenant_id = $1 AND h.undone_at >= $2 AND h.undone_at < $3
        AND (h.payment_id IN (SELECT payment_id FROM unresolved_payment WHERE tenant_id = $1
                              UNION ALL SELECT payment_id FROM unsettled_payment WHERE tenant_id = $1)
            OR h.fact_id IN (SELECT line_id FROM unresolved_line WHERE tenant_id = $1)));

-- name: clear_match_history
WITH gone AS (
    SELECT DISTINCT match_id, undone_at FROM match_history AS h
    WHERE h.tenant_id = $1 AND h.undone_at >= $2 AND h.undone_at < $3
        AND NOT EXISTS (SELECT FROM kept_match_history AS k WHERE k.tenant_id = $1 AND k.match_id = h.match_id)
    LIMIT $4)
DELETE FROM match_history AS h USING gone AS g
WHERE h.tenant_id = $1 AND h.match_id = g.match_id AND h.undone_at = g.undone_at;

-- name: put_back_match_history
INSERT INTO match_history SELECT * FROM kept_match_history;

-- name: count_events
SELECT count(*) FROM event WHERE tenant_id = $1 AND recorded_at >= $2 AND recorded_at < $3;

-- name: keep_events
-- What some endpoint has yet to be told, and what a dead letter names.
INSERT INTO kept_event
SELECT * FROM event AS e WHERE e.tenant_id = $1 AND e.recorded_at >= $2 AND e.recorded_at < $3
    AND (e.sequence > (SELECT min(p.sequence) FROM endpoint AS p WHERE p.tenant_id = $1)
        OR EXISTS (SELECT FROM dead_letter AS l WHERE l.tenant_id = $1 AND l.sequence = e.sequence));

-- name: clear_events
WITH gone AS (
    SELECT sequence, recorded_at FROM event AS e
    WHERE e.tenant_id = $1 AND e.recorded_at >= $2 AND e.recorded_at < $3
        AND NOT EXISTS (SELECT FROM kept_event AS k WHERE k.tenant_id = $1 AND k.sequence = e.sequence)
    LIMIT $4)
DELETE FROM event AS e USING gone AS g
WHERE e.tenant_id = $1 AND e.sequence = g.sequence AND e.recorded_at = g.recorded_at;

-- name: put_back_events
INSERT INTO event SELECT * FROM kept_event;

-- name: note_trimmed_events
-- From where on the feed is whole: who comes with an earlier cursor is told so, and misses nothing unseen.
UPDATE feed_head SET trimmed_to = gone.last
FROM (SELECT max(sequence) AS last FROM event AS e
      WHERE e.tenant_id = $1 AND e.recorded_at >= $2 AND e.recorded_at < $3
          AND NOT EXISTS (SELECT FROM kept_event AS k WHERE k.tenant_id = $1 AND k.sequence = e.sequence)) AS gone
WHERE feed_head.tenant_id = $1 AND gone.last > feed_head.trimmed_to;
