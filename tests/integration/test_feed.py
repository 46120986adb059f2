"""The feed: what is told and what is not, in which order, and that no reader ever misses a number."""

import asyncio
import random
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from paygate.database import Database, open_database
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.news import EventKind, FeedEvent, kinds_matching
from paygate.domain.payment import DueNotice, PaymentIdentity, Said
from paygate.feed import number_news, read_events
from paygate.ledger import apply_batch
from paygate.records import request_payment, upsert
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import PaymentFact, RecordFact
from reconciliation.policy import Policy
from tests.ledger_facts import (
    DOSSIER,
    NOON,
    Place,
    a_failure,
    a_notice,
    a_place,
    a_record,
    a_worker,
    put_notice,
)
from tests.worlds import lay_payments, lay_records, lay_tenant, mark_dirty

OTHER = "000.00.12.H23-240508-0002"


async def told(database: Database, tenant_id: int, after: int = 0) -> list[FeedEvent]:
    async with database.connection() as connection:
        await number_news(connection, tenant_id)
        return await read_events(connection, tenant_id, after, 1000)


async def apply(database: Database, place: Place, *facts: Any) -> None:
    async with database.transaction() as connection:
        for one in facts:
            await put_notice(connection, place, one)
    await a_worker(database).drain(place.tenant_id)


@pytest.fixture
async def place(database: Database) -> Place:
    async with database.transaction() as connection:
        laid = await a_place(connection)
        await upsert(connection, laid.tenant_id, [a_record()])
    return laid


async def test_a_paid_payment_is_told_in_the_words_of_the_neutral_body(database: Database, place: Place) -> None:
    await apply(database, place, a_notice(description="payer's words"))
    (event,) = await told(database, place.tenant_id)
    assert (event.sequence, event.kind) == (1, "payment.paid")
    assert event.data == {
        "reference": "REF-1",
        "dossier_code": DOSSIER,
        "transaction_id": "T-1",
        "amount": 50_000,
        "currency": "VND",
        "status": "paid",
        "paid_at": event.data["paid_at"],
        "source": "haiduong-dvcqg",
    }
    assert NOON.isoformat()[:10] in event.data["paid_at"]
    assert "payer" not in event.body().decode()


async def test_each_state_in_which_money_came_is_told_and_no_other(database: Database, place: Place) -> None:
    for state in PaymentState:
        await apply(database, place, a_notice(state=state, outcome=Outcome.PENDING))
    assert [event.kind for event in await told(database, place.tenant_id)] == [
        f"payment.{state}" for state in PaymentState if state in MONEY_CAME
    ]


def test_every_state_in_which_money_came_has_its_kind_of_event() -> None:
    assert kinds_matching(["payment.*"]) == {f"payment.{state}" for state in MONEY_CAME}


async def test_news_that_is_old_repeated_or_of_a_failure_is_not_told(database: Database, place: Place) -> None:
    await apply(database, place, a_notice(state=PaymentState.REFUNDED))
    await apply(database, place, a_notice(), a_failure())
    await apply(database, place, a_failure(reference="REF-2"))
    assert [event.kind for event in await told(database, place.tenant_id)] == ["payment.refunded"]


async def test_a_parked_notice_that_is_woken_is_not_told_again(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
    await apply(database, place, a_notice())
    async with database.transaction() as connection:
        await upsert(connection, place.tenant_id, [a_record()])
    await a_worker(database).drain(place.tenant_id)
    assert len(await told(database, place.tenant_id)) == 1


async def test_a_payment_whose_dossier_becomes_known_is_told_again(database: Database, place: Place) -> None:
    await apply(database, place, a_notice(dossier_code=None))
    for _ in range(2):
        async with database.transaction() as connection:
            await request_payment(
                connection,
                place.tenant_id,
                reference="REF-1",
                dossier_code=DOSSIER,
                amount=50_000,
                source_id=place.source_id,
            )
        await a_worker(database).drain(place.tenant_id)
    assert [event.data["dossier_code"] for event in await told(database, place.tenant_id)] == [None, DOSSIER]


async def test_a_request_that_names_the_dossier_that_was_told_is_no_news(database: Database, place: Place) -> None:
    await apply(database, place, a_notice())
    async with database.transaction() as connection:
        await request_payment(
            connection,
            place.tenant_id,
            reference="REF-1",
            dossier_code=DOSSIER,
            amount=50_000,
            source_id=place.source_id,
        )
    assert len(await told(database, place.tenant_id)) == 1


async def test_a_second_notice_with_another_amount_is_told(database: Database, place: Place) -> None:
    await apply(database, place, a_notice())
    async with database.transaction() as connection:
        await put_notice(connection, place, a_notice(amount=40_000), conflicting=True, dedupe_key=bytes(32))
    await a_worker(database).drain(place.tenant_id)
    assert [event.data["amount"] for event in await told(database, place.tenant_id)] == [50_000, 40_000]


async def test_news_of_a_transaction_that_is_undone_is_never_told(database: Database, place: Place) -> None:
    async def fail_after(*arguments: Any) -> Any:
        await apply_batch(*arguments)
        raise ValueError("poison")

    async with database.transaction() as connection:
        await put_notice(connection, place, a_notice())
    await a_worker(database, apply=fail_after).drain(place.tenant_id)
    assert await told(database, place.tenant_id) == []


async def test_an_event_keeps_its_number_its_id_and_its_bytes(database: Database, place: Place) -> None:
    await apply(database, place, a_notice())
    first = await told(database, place.tenant_id)
    await apply(database, place, a_notice(reference="REF-2"))
    assert (await told(database, place.tenant_id))[0].body() == first[0].body()


async def test_one_tenants_feed_says_nothing_of_another(database: Database, place: Place) -> None:
    async with database.transaction() as connection:
        other = await a_place(connection, "haiphong")
    await apply(database, place, a_notice())
    await apply(database, other, a_notice(reference="REF-9"))
    assert [event.data["reference"] for event in await told(database, place.tenant_id)] == ["REF-1"]
    assert [event.data["reference"] for event in await told(database, other.tenant_id)] == ["REF-9"]


# -- Money taken, dossier not advanced ---------------------------------------------------------------------------------


async def test_money_that_its_dossier_does_not_show_is_told_and_told_again_when_it_does(database: Database) -> None:
    paid_on = date(2024, 5, 6)
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, "haiduong")
        fact = PaymentFact(1, "REF000000001", DOSSIER, 150_000, "VND", paid_on, 1, 1)
        await lay_payments(connection, tenant_id, [fact])
        await lay_records(connection, tenant_id, [RecordFact(DOSSIER, 150_000, "payment_requested")])
        await connection.execute(
            "INSERT INTO run (tenant_id, business_date, sequence, rule_set, status, report, digest)"
            " VALUES ($1, '2024-05-08', 1, '', 'matched', '{}', '')",
            tenant_id,
        )
    await match_dirty(database, tenant_id, Policy())
    (opened,) = await told(database, tenant_id)
    assert opened.kind == EventKind.PAID_NOT_RECORDED
    assert (opened.data["dossier_code"], opened.data["amount"], opened.data["currency"]) == (DOSSIER, 150_000, "VND")
    assert opened.data["since"] == "2024-05-07"
    async with database.connection() as connection:
        await connection.execute("UPDATE procedure_record SET status = 'processing'")
        await mark_dirty(connection, tenant_id, "payment", [1])
    await match_dirty(database, tenant_id, Policy())
    await match_dirty(database, tenant_id, Policy())
    (closed,) = await told(database, tenant_id, opened.sequence)
    assert closed.kind == EventKind.RECORDED
    assert closed.data == opened.data


# -- Without a gap -----------------------------------------------------------------------------------------------------

WRITERS = 8
READERS = 4
BATCHES = 12


async def test_a_reader_beside_eight_writers_sees_every_number_once_and_in_order(database_url: str) -> None:
    async with open_database(database_url, size=WRITERS + READERS + 1) as database:
        async with database.transaction() as connection:
            place = await a_place(connection)
        writing = asyncio.gather(*(write(database, place, number) for number in range(WRITERS)))
        readers = [asyncio.create_task(tail(database, place, writing)) for _ in range(READERS)]
        written = [reference for part in await writing for reference in part]
        for seen in await asyncio.gather(*readers):
            assert [event.sequence for event in seen] == list(range(1, len(seen) + 1))
            assert sorted(event.data["reference"] for event in seen) == sorted(written)


async def write(database: Database, place: Place, writer: int) -> list[str]:
    """Commit, or undo, batches that overlap those of the other writers; return what was committed."""
    chance, committed = random.Random(writer), []
    for batch in range(BATCHES):
        references = [f"W{writer}-{batch}-{number}" for number in range(chance.randint(1, 5))]
        undone = chance.random() < 0.2
        with suppress(LookupError):
            async with database.transaction() as connection:
                await apply_batch(connection, place.tenant_id, [due(place, one) for one in references])
                await asyncio.sleep(chance.random() * 0.02)  # committed in another order than written
                if undone:
                    raise LookupError
            committed += references
    return committed


def due(place: Place, reference: str) -> DueNotice:
    said = Said(PaymentState.PAID, Outcome.PAID, 1, "VND", NOON)
    return DueNotice(0, PaymentIdentity(place.source_id, reference, ""), NOON, said)


async def tail(database: Database, place: Place, writing: asyncio.Future[Any]) -> list[FeedEvent]:
    """Follow the feed by its cursor until nothing is written any more."""
    seen: list[FeedEvent] = []
    while True:
        over = writing.done()
        news = await told(database, place.tenant_id, seen[-1].sequence if seen else 0)
        seen += news
        if over and not news:
            return seen
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "pattern", ["", "payments.*", "payment.pad", "payment", "payment*", "*.paid", "PAYMENT.paid", "**"]
)
def test_a_pattern_that_names_no_kind_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="there is no type"):
        kinds_matching([pattern])


def test_a_pattern_names_what_it_says() -> None:
    assert kinds_matching(["*"]) == set(EventKind)
    of_dossiers = {EventKind.PAID_NOT_RECORDED, EventKind.RECORDED, EventKind.FLAG_CORRECTED}
    assert kinds_matching(["dossier.*"]) == of_dossiers
    assert kinds_matching(["payment.paid", "dossier.paid_not_recorded"]) == {
        EventKind.PAID,
        EventKind.PAID_NOT_RECORDED,
    }
