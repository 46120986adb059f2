"""What the matcher costs where gateways settle what banks book: six legs told, three of them by the million.

`limit` is one hand-written statement that joins payment, bank line and settlement line on the very tables the matcher
reads and inserts every triple into a table with the matcher's constraints. The matcher stores two matches of each and
adds narratives, ambiguity, fees, dossiers, reasons and the discrepancies with their events.

Beside it a batch of many settlement lines that one bank line pays out.
"""

from collections.abc import Callable
from typing import Final

from paygate.bench.matcher_ground import LAY_FACTS, Ground
from paygate.domain.errors import IntegrityError

BATCH_LINES: Final = 50_000

# The gateway's clearing account, a fee of 0.85 per cent, and every leg expected that a file or a record tells of.
_LAY_GATEWAY: Final = """
INSERT INTO account (tenant_id, number, bank, kind) VALUES (1, 'bench', '', 'gateway');
UPDATE source SET settlement_days = 1, report_days = 5, fee_percent = 0.85, fee_fixed = 0, fee_borne_by = 'agency';
INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, total, lines, leg)
VALUES (1, 2, sha256('bench'), 0, 'table', 'bench', 0, 0, 'settlement');
"""
# One in a hundred is dirt: of another gross, of another fee, unknown, without a reference.
_LAY_SETTLEMENTS: Final = """
INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on, amount,
    currency, bank_reference, reference, reference_key, narrative, counterparty, leg, source_id, fee, net)
SELECT 1, 2, 1, i, int8send(i), 1, day, gross, 'VND', '', reference, reference, '', '', 'settlement', 1, fee,
       gross - fee
FROM (SELECT i, date '2024-01-03' + (i / 100000)::integer AS day,
             50000 + (i % 10) * 10000 + CASE WHEN i % 400 = 13 THEN 500 ELSE 0 END AS gross,
             round((50000 + (i % 10) * 10000 + CASE WHEN i % 400 = 13 THEN 500 ELSE 0 END) * 0.0085)::bigint
                 + CASE WHEN i % 400 = 17 THEN 100 ELSE 0 END AS fee,
             CASE WHEN i % 400 = 19 THEN '' WHEN i % 400 = 23 THEN 'UNKNOWN' || i
                  ELSE 'DVC0000012H2324' || (100000000 + i) END AS reference
      FROM generate_series($1::bigint, $2::bigint) AS i) AS x;
"""
_SIX_LEGS: Final = """
SELECT coalesce(p.tenant_id, l.tenant_id, s.tenant_id) AS tenant_id, p.payment_id, l.line_id,
       s.line_id AS settlement_id, p.amount, s.fee
FROM payment AS p
FULL JOIN (SELECT * FROM statement_line WHERE leg = 'bank') AS l ON p.tenant_id = l.tenant_id
    AND p.account_id = l.account_id AND p.reference_key = l.reference_key AND p.amount = l.amount
FULL JOIN (SELECT * FROM statement_line WHERE leg = 'settlement') AS s ON p.tenant_id = s.tenant_id
    AND p.source_id = s.source_id AND p.reference_key = s.reference_key AND p.amount = s.amount
"""
_CONSTRAINTS: Final = """
ALTER TABLE by_hand ADD UNIQUE (tenant_id, payment_id), ADD UNIQUE (tenant_id, line_id),
    ADD UNIQUE (tenant_id, settlement_id),
    ADD CHECK (payment_id IS NOT NULL OR line_id IS NOT NULL OR settlement_id IS NOT NULL)
"""
# Payments of one day, all paid out at once; what the bank books names the batch.
_LAY_BATCH: Final = """
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state, outcome,
    amount, currency, occurred_at, business_date, account_id)
SELECT 1, 1, 'B' || (100000000 + i), 'B' || i, 'B' || (100000000 + i), NULL, 'paid', 'paid', 50000, 'VND',
       timestamptz '2024-01-02 05:00Z', '2024-01-02', 1
FROM generate_series($1::bigint, $2::bigint) AS i;
INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on, amount,
    currency, bank_reference, reference, reference_key, narrative, counterparty, leg, source_id, fee, net, batch)
SELECT 1, 2, 1, i, 'B' || int8send(i), 1, '2024-01-02', 50000, 'VND', '', 'B' || (100000000 + i),
       'B' || (100000000 + i), '', '', 'settlement', 1, 425, 49575, 'LO20240102A'
FROM generate_series($1::bigint, $2::bigint) AS i;
INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on, amount,
    currency, bank_reference, reference, reference_key, narrative, counterparty)
VALUES (1, 1, 1, 1, 'batch', 1, '2024-01-03', 49575 * ($2::bigint - $1::bigint + 1), 'VND', 'FTB', '', '',
        'QUYET TOAN LO20240102A', '');
"""
_PAID_OUT: Final = """
SELECT count(*) FROM match AS m JOIN settlement_batch AS b USING (tenant_id, batch_id) WHERE b.code = 'LO20240102A'
"""


async def begin_six_legs(ground: Ground) -> None:
    """Put a gateway that settles where nothing but parties is."""
    await ground.clear()
    await ground.connection.execute(_LAY_GATEWAY)


async def lay_six_legs(ground: Ground, first: int, last: int) -> None:
    """Lay payments, records, bank lines and settlement lines number `first` to `last`."""
    await ground.lay(first, last, LAY_FACTS, _LAY_SETTLEMENTS)


async def bench_six_legs(ground: Ground, count: int, say: Callable[[str], None]) -> tuple[float, float]:
    """Return the seconds the matcher takes for so many of each fact, and those of the statement written by hand."""
    await begin_six_legs(ground)
    await lay_six_legs(ground, 1, count)
    await ground.settle()
    limit = await ground.by_hand(_SIX_LEGS, _CONSTRAINTS)
    ours, counts = await ground.match()
    say(f"payment, bank line, settlement line: by hand {limit:.2f} s, the matcher {ours:.2f} s; {counts}")
    if counts.matched < count * 2 * 0.97:
        raise IntegrityError(f"of {count} payments in two legs only {counts.matched} were matched")
    return ours, limit


async def bench_batch(ground: Ground, lines: int, say: Callable[[str], None]) -> float:
    """Return the seconds a turn takes in which so many settlement lines come and are paid out as one bank line."""
    await ground.lay(1, lines, _LAY_BATCH)
    taken, _ = await ground.match()
    if await ground.connection.fetchval(_PAID_OUT) != 1:
        raise IntegrityError("the batch is not matched with the line that pays it out")
    say(f"a batch of {lines:,} settlement lines against one bank line: {taken:.2f} s")
    return taken
