"""Notices of all sources, mixed, repeated and shuffled, end in the same ledger as each once and in order."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from random import Random
from typing import Final, NamedTuple

import asyncpg
import pytest

from adapters import registry
from paygate.database import Connection, Database
from paygate.directory import Directory, SourceEntry, TenantEntry, store_directory
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice
from paygate.inbox import open_inbox
from paygate.intake import Intake, Sender
from tests.contract.adapter_examples import EXAMPLES, NOW, simulator
from tests.ledger_facts import a_worker

READ_SECONDS: Final = 300.0
TENANTS: Final = ("tidy", "wild")
TOGETHER: Final = 1000
"""Notices that arrive at once."""
DOSSIERS: Final = 400
STORIES: Final = (
    (PaymentState.PAID,),
    (PaymentState.PENDING, PaymentState.PAID),
    (PaymentState.FAILED, PaymentState.PAID),
    (PaymentState.PENDING, PaymentState.FAILED),
    (PaymentState.ABANDONED,),
    (PaymentState.INITIATED, PaymentState.PENDING, PaymentState.EXPIRED, PaymentState.PAID),
)
OUTCOMES: Final = (Outcome.DECLINED, Outcome.GATEWAY_FAULT)

RECORDS: Final = """
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
    agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
SELECT $1, code, squeeze(code), 1, '1.005129', '', 'H23', '', 'processing', false, 0, 50000, ''
FROM (SELECT '000.00.12.H23-240508-' || lpad(n::text, 4, '0') AS code
    FROM generate_series(0, $2::integer, 2) AS n) AS one
"""
PAYMENTS: Final = """
SELECT source.adapter, reference, transaction_id, state, outcome, amount, currency, occurred_at, dossier_code,
    dossier_evidence, business_date, conflicting
FROM payment JOIN source USING (tenant_id, source_id) WHERE tenant_id = $1 ORDER BY 1, 2, 3
"""
NEWS: Final = """
SELECT source.adapter, reference, transaction_id, count(*)
FROM news JOIN payment ON payment.tenant_id = news.tenant_id AND subject = 'payment:' || payment_id
JOIN source ON source.tenant_id = payment.tenant_id AND source.source_id = payment.source_id
WHERE news.tenant_id = $1 AND NOT conflicting GROUP BY 1, 2, 3
"""


class Sent(NamedTuple):
    """A signed notice of one kind of source."""

    kind: str
    raw: RawNotice


def draw(notices: int, chance: Random) -> list[Sent]:
    """Sign so many notices of payments of all sources, each payment's in order."""
    drawn: list[Sent] = []
    number = 0
    while len(drawn) < notices:
        number += 1
        kind = chance.choice(sorted(EXAMPLES))
        drawn += [signed(kind, facts) for facts in story(kind, number, chance)]
    return drawn


def story(kind: str, number: int, chance: Random) -> Sequence[NoticeFacts]:
    """What the source says of one payment; one in fifty contradicts itself about the amount."""
    began = NOW - timedelta(seconds=chance.randrange(86_400 * 3))
    dossier = f" 000.00.12.H23-240508-{chance.randrange(DOSSIERS):04}" if chance.random() < 0.7 else ""
    facts = NoticeFacts(
        reference=f"ORD{number:09}",
        transaction_id=f"{number + 10**13}",
        state=PaymentState.PAID,
        outcome=Outcome.PAID,
        amount=chance.randrange(1_000, 9_000_000),
        currency="VND",
        occurred_at=began,
        description=f"Lệ phí{dossier}",
    )
    told = [
        facts._replace(state=state, outcome=chance.choice(OUTCOMES), occurred_at=began + timedelta(minutes=minute))
        for minute, state in enumerate(chance.choice(STORIES))
    ]
    if chance.random() < 0.02:
        told.append(told[-1]._replace(amount=facts.amount + 1))
    return [shaped for one in told if (shaped := simulator(kind).shape(one)) is not None]


def signed(kind: str, facts: NoticeFacts) -> Sent:
    method, body, headers = simulator(kind).request(facts, NOW)
    return Sent(kind, RawNotice(method, body, headers))


def repeated_and_shuffled(sent: Sequence[Sent], total: int, chance: Random) -> list[Sent]:
    """Repeat each one to five times, so many in all or a few more, and shuffle."""
    wild = [one for one in sent for _ in range(chance.randint(1, 5))]
    wild += chance.choices(sent, k=max(0, total - len(wild)))
    chance.shuffle(wild)
    return wild


async def configure(connection: Connection) -> Directory:
    directory = await store_directory(
        connection,
        {code: TenantEntry(code, "H23", "Asia/Ho_Chi_Minh") for code in TENANTS},
        {},
        {f"{code}-{kind}": SourceEntry(code, kind, None, time(0, 0), {}) for code in TENANTS for kind in EXAMPLES},
    )
    for code in TENANTS:
        await connection.execute(RECORDS, directory.tenant(code).tenant_id, DOSSIERS)
    return directory


def senders(directory: Directory, tenant: str) -> Mapping[str, Sender]:
    return {
        kind: Sender.of(
            directory.sources[f"{tenant}-{kind}"],
            registry.build(kind, [example.keys.live.verifies], example.options),
        )
        for kind, example in EXAMPLES.items()
    }


async def take_in(database: Database, url: str, directory: Directory, tenant: str, sent: Sequence[Sent]) -> None:
    """Send the notices the way they go: intake, inbox, and a worker that applies them meanwhile."""
    worker = a_worker(database)
    tenant_id = directory.tenant(tenant).tenant_id
    to = senders(directory, tenant)
    statuses: Counter[int] = Counter()
    async with open_inbox(url, limit=10 * TOGETHER, committed=worker.wake) as inbox:
        intake = Intake(inbox)
        for first in range(0, len(sent), TOGETHER):
            arriving = [intake.receive(to[one.kind], one.raw, NOW, "r") for one in sent[first : first + TOGETHER]]
            _, *replies = await asyncio.gather(worker.drain(tenant_id), *arriving)
            statuses.update(reply.status for reply in replies)
    await worker.drain(tenant_id)
    assert statuses.keys() <= {200, 204}


async def ledger_of(database: Database, directory: Directory, tenant: str) -> dict[str, list[asyncpg.Record]]:
    tenant_id = directory.tenant(tenant).tenant_id
    async with database.connection() as connection:
        await connection.execute("ANALYZE")  # else joining all that came is planned for a table of a few rows
        return {
            "payments": await connection.fetch(PAYMENTS, tenant_id, timeout=READ_SECONDS),
            "news": sorted(await connection.fetch(NEWS, tenant_id, timeout=READ_SECONDS)),
            "events": await connection.fetch("SELECT count(*) FROM payment_event WHERE tenant_id = $1", tenant_id),
            "unsettled": await connection.fetch(
                "SELECT state, count(*) FROM notice WHERE tenant_id = $1 GROUP BY state ORDER BY state", tenant_id
            ),
        }


async def compare(database: Database, url: str, *, total: int, seed: int) -> None:
    chance = Random(seed)
    once = draw(total // 3, chance)
    wild = repeated_and_shuffled(once, total, chance)
    assert len(wild) >= total
    async with database.transaction() as connection:
        directory = await configure(connection)
    await take_in(database, url, directory, "tidy", once)
    await take_in(database, url, directory, "wild", wild)
    tidy, mixed = [await ledger_of(database, directory, tenant) for tenant in TENANTS]
    assert mixed == tidy
    assert {row["adapter"] for row in tidy["payments"]} == set(EXAMPLES)
    assert {row["state"] for row in tidy["unsettled"]} <= {"applied", "parked"}
    assert {row["conflicting"] for row in tidy["payments"]} == {False, True}
    assert {row["count"] for row in tidy["news"]} == {1}


async def test_notices_repeated_and_shuffled_end_in_the_same_ledger(database: Database, database_url: str) -> None:
    await compare(database, database_url, total=2_000, seed=2024)


@pytest.mark.slow
async def test_two_hundred_thousand_notices_repeated_and_shuffled_end_in_the_same_ledger(
    database: Database, database_url: str
) -> None:
    await compare(database, database_url, total=200_000, seed=2024)
