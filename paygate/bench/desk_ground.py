"""A province of a million payments for the desk to show: matched by the matcher, its last days closed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from paygate.bench.matcher_ground import LAY_FACTS, LAY_PARTIES, Ground, numbers
from paygate.database import connect, open_database
from reconciliation.closing import close_day
from reconciliation.policy import Policy

TENANT: Final = "bench"
SOURCE: Final = "bench"
ACCOUNT: Final = "0011001234567"
PAYMENTS: Final = 1_000_000
LOST: Final = 10_000
"""Payments besides, whose money never came: with what is wrong in the others, twice as many are open."""
FIRST_DAY: Final = date(2024, 1, 2)
DAYS_CLOSED: Final = 2
NOTICES: Final = 20_000
ENTRIES: Final = 50_000

_LAY_LOST: Final = """
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state, outcome,
    amount, currency, occurred_at, business_date, account_id)
SELECT 1, 1, 'lost' || i, 'L' || i, 'LOST' || i, '000.00.12.H23-240508-' || (900000000 + i), 'paid', 'paid',
       50000 + (i % 10) * 10000, 'VND', day + time '05:00', day, 1
FROM (SELECT i, date '2024-01-02' + (i % 7)::integer AS day FROM generate_series($1::bigint, $2::bigint) AS i) AS x;
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
    agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
SELECT 1, '000.00.12.H23-240508-' || (900000000 + i), '0000012H23240508' || (900000000 + i), 1, '1.005129',
       'Cấp giấy phép', '000.' || lpad((i % 60)::text, 2, '0') || '.12.H23', 'Đơn vị số ' || i % 60, 'processing',
       false, 1, 50000 + (i % 10) * 10000, ''
FROM generate_series($1::bigint, $2::bigint) AS i;
"""
_LAY_NOTICES: Final = """
INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id, received_at, state,
    reason, reference, transaction_id, said_state, outcome, amount, currency, occurred_at, description)
SELECT 1, 1, sha256(n::text::bytea), sha256(n::text::bytea), 'POST', repeat('x', 480)::bytea, 0, 'bench',
    now() - make_interval(secs => $2 - n),
    (ARRAY['applied', 'applied', 'parked', 'quarantined', 'dead'])[1 + n % 5]::notice_state,
    CASE n % 5 WHEN 3 THEN 'the amount cannot be read' WHEN 4 THEN 'the record did not come' END,
    'dvc' || n, 'T' || n, 'paid', 'paid', 50000, 'VND', now(), 'THANH TOAN HO SO'
FROM generate_series($1::bigint, $2::bigint) AS n;
INSERT INTO audit_entry (tenant_id, number, actor, act, subject, detail, recorded_at, previous, digest)
SELECT 1, n, 'p' || n % 40, 'discrepancy_assigned', 'discrepancy:' || n % 20000, '{"to": "lan"}', now(), '', ''
FROM generate_series($1::bigint, $2::bigint) AS n;
INSERT INTO audit_head (tenant_id, number, digest) VALUES (1, $2, '');
"""


@dataclass(frozen=True, slots=True)
class Laid:
    """How much lies there, and addresses that no link leads to: what people search for."""

    payments: int
    discrepancies: int
    addresses: Sequence[str]


async def lay_desk(url: str, scale: float, say: Callable[[str], None]) -> Laid:
    """Lay a province into the empty database at `url`, have it matched and its last days closed."""
    count, lost = max(100, int(PAYMENTS * scale)), max(10, int(LOST * scale))
    async with connect(url) as connection:
        ground = Ground(url, connection)
        await connection.execute(LAY_PARTIES)
        await ground.lay(1, count, LAY_FACTS)
        await ground.lay(1, lost, _LAY_LOST)
        await connection.execute(numbers(_LAY_NOTICES, 1, max(50, int(NOTICES * scale))))
        await ground.settle()
        say(f"{count + lost:,} payments lie there")
        taken, _ = await ground.match()
        say(f"matched in {taken:.0f} s")
        await ground.settle()
        last = FIRST_DAY + timedelta(days=count // 100_000)
        await _close(url, last, say)
        await ground.settle()
        discrepancies = await connection.fetchval("SELECT count(*) FROM discrepancy WHERE state <> 'resolved'")
    found = [f"q={one}" for one in ("000.00.12.H23-240508-100000007", "dvc0000012H2324100000007", "FT7")]
    found.append("q=120000+02/01/2024")
    return Laid(count + lost, discrepancies, [f"/desk/{TENANT}/search?{one}" for one in found])


async def _close(url: str, last: date, say: Callable[[str], None]) -> None:
    async with open_database(url, size=2) as database:
        for number in range(DAYS_CLOSED):
            day = last - timedelta(days=DAYS_CLOSED - 1 - number)
            closed = await close_day(database, 1, day, Policy(), datetime.now(UTC))
            say(f"{day} is closed: {closed.report['status']}")
