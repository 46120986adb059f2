"""A province of a million payments for the desk to show: matched, its last days closed, people at work on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Final

from paygate.bench.matcher_ground import LAY_FACTS, LAY_PARTIES, Ground, from_day, numbers
from paygate.database import Connection, connect, open_database
from paygate.domain.worklist import Order
from reconciliation.closing import close_day
from reconciliation.policy import Policy

TENANT: Final = "bench"
PERSON: Final = "bench"
SOURCES: Final[Mapping[str, str]] = {
    "bench": "0011001234567",
    "gateway": "0011001234568",
    "wallet": "0011001234569",
    "card": "0011001234570",
    "bank": "0011001234571",
    "counter": "0011001234572",
}
"""Each with its account. The first has the million; what was lost is of the others, less of each than of the last."""
PAYMENTS: Final = 1_000_000
PAYMENTS_A_DAY: Final = 100_000
LOST: Final = 10_000
"""Payments besides, whose money never came. With what is wrong in the others, twice as many discrepancies are open."""
RESOLVED: Final = 100_000
"""Discrepancies of the year that are over."""
PEOPLE: Final = 40
DAYS_CLOSED: Final = 2
NOTICES: Final = 20_000
ENTRIES: Final = 50_000

# Of two months before the first day. Half of them are lost and nothing else; the others name no dossier, or one that is
# unknown, withdrawn, over, not moved on, owing more, less or nothing any more; are of another currency, or told twice.
_LAY_LOST: Final = """
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state, outcome,
    amount, currency, occurred_at, business_date, account_id, contradicted)
SELECT 1, source, 'lost' || i, 'L' || i, 'LOST' || i,
       CASE WHEN kind <> 8 THEN '000.00.12.H23-240508-' || (900000000 + i) END, 'paid', 'paid', amount,
       CASE kind WHEN 7 THEN 'USD' ELSE 'VND' END, day + time '05:00', day, source, kind = 5
FROM (SELECT i, i % 20 AS kind, 50000 + (i * 37 % 1000) * 1000 AS amount,
             date '2024-01-02' - 3 - (i % 60)::integer AS day,
             CASE WHEN i / 20 % 100 < 40 THEN 2 WHEN i / 20 % 100 < 70 THEN 3 WHEN i / 20 % 100 < 88 THEN 4
                  WHEN i / 20 % 100 < 98 THEN 5 ELSE 6 END AS source
      FROM generate_series($1::bigint, $2::bigint) AS i) AS x;
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state, outcome,
    amount, currency, occurred_at, business_date, account_id)
SELECT 1, 1, 'again' || i, 'A' || i, 'AGAIN' || i, dossier_code, 'paid', 'paid', amount, 'VND', occurred_at,
       business_date, 1
FROM generate_series($1::bigint, $2::bigint) AS i JOIN payment ON tenant_id = 1 AND reference_key = 'LOST' || i
WHERE i % 20 = 9;
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
    agency_code, agency_name, status, expires_on, exempt, online_payment_flag, due, content_hash)
SELECT 1, '000.00.12.H23-240508-' || (900000000 + i), '0000012H23240508' || (900000000 + i), 1, '1.005129',
       'Cấp giấy phép', '000.' || lpad((i % 17 * (i % 13))::text, 3, '0') || '.12.H23',
       'Ủy ban nhân dân xã số ' || i % 17 * (i % 13),
       CASE i % 20 WHEN 1 THEN 'withdrawn' WHEN 4 THEN 'payment_requested' ELSE 'processing' END::record_status,
       CASE i % 20 WHEN 6 THEN date '2024-01-02' - 100 END, false, 1,
       50000 + (i * 37 % 1000) * 1000 + CASE i % 20 WHEN 2 THEN 10000 WHEN 3 THEN -10000 ELSE 0 END, ''
FROM generate_series($1::bigint, $2::bigint) AS i WHERE i % 20 NOT IN (0, 7, 8);
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
_LAY_RESOLVED: Final = """
INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, state, since, due, dossier_code, agency_code,
    payment_id, source_ids, opened_at, resolved_at, resolution)
SELECT 1, 'dossier:' || dossier_code, 'payment:' || payment_id, 'bank_missing', amount, 'resolved',
       business_date - (payment_id % 300)::integer, business_date - (payment_id % 300)::integer + 3, dossier_code,
       split_part(dossier_code, '-', 1), payment_id, ARRAY[source_id], occurred_at, occurred_at, 'the facts agree now'
FROM payment WHERE tenant_id = 1 AND source_id = 1 AND payment_id BETWEEN $1 AND $2;
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said, run_id)
SELECT 1, discrepancy_id, sign * amount, left_state, said, 0
FROM discrepancy, (VALUES (1, 'open'::discrepancy_state, 'opened'), (-1, 'resolved', 'resolved by itself'))
    AS e (sign, left_state, said)
WHERE tenant_id = 1 AND state = 'resolved';
"""
# A third is somebody's, the visitor's among them; of one in thirty something is proposed.
_LAY_CASEWORK: Final = """
INSERT INTO person (name, full_name) SELECT 'p' || n, 'Nguyễn Thị Số ' || n FROM generate_series(1, $2 - 1) AS n;
INSERT INTO person_role (person_id, tenant_id, role) SELECT person_id, 1, 'officer' FROM person;
UPDATE discrepancy SET state = CASE WHEN discrepancy_id % 30 = 0 THEN 'proposed' ELSE 'assigned' END::discrepancy_state,
    assignee = CASE WHEN discrepancy_id / 3 % $2 = 0 THEN 'bench' ELSE 'p' || discrepancy_id / 3 % $2 END
WHERE tenant_id = 1 AND state = 'open' AND discrepancy_id % 3 = 0;
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said, person, detail)
SELECT 1, discrepancy_id, 0, 'assigned', 'assigned', assignee, jsonb_build_object('to', assignee)
FROM discrepancy WHERE tenant_id = 1 AND state IN ('assigned', 'proposed');
INSERT INTO proposal (tenant_id, discrepancy_id, kind, detail, amount, reason, version, proposed_by)
SELECT 1, discrepancy_id, 'write_off', '{}', amount, 'Đã đối chiếu với sao kê', 0, assignee
FROM discrepancy WHERE tenant_id = 1 AND state = 'proposed';
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said, person)
SELECT 1, discrepancy_id, 0, 'proposed', 'proposed', assignee
FROM discrepancy WHERE tenant_id = 1 AND state = 'proposed';
"""

_FILTERS: Final = (
    "",
    "source=gateway",
    "agency=000.000.12.H23",
    "reason=bank_missing",
    "older=20",
    "from=100000&to=200000",
    "tab=unassigned",
    "tab=overdue",
)
"""Lists that are looked at in every order; of the others a form leads to each."""
_SEARCHED: Final = (
    "q=900000007",
    "q=LOST7",
    "q=FT7",
    "source=counter&reason=bank_missing&older=20&tab=overdue&sort=severity",
    "state=resolved&source=gateway",
    "state=resolved&from=140000&to=140000",
)


@dataclass(frozen=True, slots=True)
class Laid:
    """How much lies there, and addresses that no link leads to: what people search for, and lists in every order.

    `lists` are those of which one can be chosen whole, at every scale.
    """

    payments: int
    discrepancies: int
    addresses: Sequence[str]
    lists: Sequence[str]


async def lay_desk(url: str, scale: float, say: Callable[[str], None]) -> Laid:
    """Lay a province into the empty database at `url`, up to yesterday, have it matched and its last days closed."""
    count, lost = max(100, int(PAYMENTS * scale)), max(10, int(LOST * scale))
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=count // PAYMENTS_A_DAY)
    async with connect(url) as connection:
        ground = Ground(url, connection)
        await connection.execute(LAY_PARTIES)
        await _lay_sources(connection)
        await ground.lay(1, count, from_day(LAY_FACTS, first))
        await ground.lay(1, lost, from_day(_LAY_LOST, first))
        await connection.execute(numbers(_LAY_NOTICES, 1, max(50, int(NOTICES * scale))))
        await ground.settle()
        say(f"{count + lost:,} payments lie there")
        taken, _ = await ground.match()
        say(f"matched in {taken:.0f} s")
        await ground.settle()
        await _close(url, last, say)
        await connection.execute(numbers(_LAY_RESOLVED, 1, max(10, int(RESOLVED * scale))))
        await connection.execute(numbers(_LAY_CASEWORK, 1, PEOPLE))
        await ground.settle()
        discrepancies = await connection.fetchval("SELECT count(*) FROM discrepancy WHERE state <> 'resolved'")
        say(f"{discrepancies:,} discrepancies are open")
    whole = [f"/desk/{TENANT}/discrepancies{one}" for one in ("", "?source=wallet", "?source=card")]
    return Laid(count + lost, discrepancies, _addresses(first), whole)


async def _lay_sources(connection: Connection) -> None:
    """Lay those beside the first."""
    for code, account in list(SOURCES.items())[1:]:
        await connection.execute(
            "WITH a AS (INSERT INTO account (tenant_id, number, bank, kind) VALUES (1, $2, '970436', 'bank')"
            " RETURNING account_id) INSERT INTO source (tenant_id, code, adapter, account_id, bank_days)"
            " SELECT 1, $1, 'dvcqg', account_id, 1 FROM a",
            code,
            account,
        )


def _addresses(first: date) -> list[str]:
    words = ("000.00.12.H23-240508-100000007", "dvc0000012H2324100000007", "FT7", f"120000+{first:%d/%m/%Y}")
    sorts = [f"{sign}{order}" for order, sign in product(Order, ("", "-"))]
    lists = [f"{chosen}&sort={sort}".strip("&") for chosen, sort in product(_FILTERS, sorts)]
    return [
        *(f"/desk/{TENANT}/search?q={one}" for one in words),
        *(f"/desk/{TENANT}/discrepancies?{one}" for one in (*lists, *_SEARCHED)),
    ]


async def _close(url: str, last: date, say: Callable[[str], None]) -> None:
    async with open_database(url, size=2) as database:
        for number in range(DAYS_CLOSED):
            day = last - timedelta(days=DAYS_CLOSED - 1 - number)
            closed = await close_day(database, 1, day, Policy(), datetime.now(UTC))
            say(f"{day} is closed: {closed.report['status']}")
