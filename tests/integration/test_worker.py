"""The apply worker: what waits is woken, what fails is set aside, and nothing stands in its neighbour's way."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from paygate.database import Connection, Database
from paygate.domain.lifecycle import NoticeState
from paygate.domain.payment import Applied, DueNotice
from paygate.ledger import apply_batch
from paygate.records import request_payment, upsert
from paygate.worker import IDLE_SECONDS, RETRY_SECONDS, STATEMENT_SECONDS
from tests.ledger_facts import (
    DOSSIER,
    Place,
    a_failure,
    a_notice,
    a_place,
    a_record,
    a_worker,
    notice_states,
    payments,
    put_notice,
)


async def states(database: Database, place: Place) -> list[NoticeState]:
    async with database.connection() as connection:
        return list((await notice_states(connection, place)).values())


async def laid(database: Database, *facts: Any, **columns: Any) -> Place:
    async with database.transaction() as connection:
        place = await a_place(connection)
        for one in facts:
            await put_notice(connection, place, one, **columns)
    return place


async def request(connection: Connection, place: Place, reference: str = "REF-1") -> bool:
    return await request_payment(
        connection,
        place.tenant_id,
        reference=reference,
        dossier_code=DOSSIER,
        amount=50_000,
        source_id=place.source_id,
    )


def failing(error: Exception, on: Callable[[DueNotice], bool]) -> Any:
    """Return an `apply` that fails whenever a certain notice is in the batch."""

    async def apply(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
        if any(on(notice) for notice in notices):
            raise error
        return await apply_batch(connection, tenant_id, notices)

    return apply


def second(notice: DueNotice) -> bool:
    return notice.identity.reference == "R-2"


async def test_money_without_its_record_is_in_the_ledger_and_its_notice_parked(database: Database) -> None:
    place = await laid(database, a_notice())
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.PARKED]
    async with database.connection() as connection:
        assert [one["state"] for one in await payments(connection, place)] == ["paid"]
        assert await connection.fetchval("SELECT waits_for FROM notice") == ["REF1", "0000012H232405080001"]


async def test_a_failed_attempt_is_not_parked_for_lack_of_a_record(database: Database) -> None:
    place = await laid(database, a_failure())
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED]


async def test_a_parked_notice_applies_itself_when_its_record_arrives(database: Database) -> None:
    place = await laid(database, a_notice())
    worker = a_worker(database)
    await worker.drain(place.tenant_id)
    async with database.transaction() as connection:
        await upsert(connection, place.tenant_id, [a_record()])
    await worker.drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED]
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM payment_event") == 1


async def test_a_parked_notice_of_no_dossier_applies_itself_when_its_payment_request_arrives(
    database: Database,
) -> None:
    place = await laid(database, a_notice(dossier_code=None))
    worker = a_worker(database)
    await worker.drain(place.tenant_id)
    async with database.transaction() as connection:
        await upsert(connection, place.tenant_id, [a_record()])
        assert await request(connection, place)
    await worker.drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED]
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert payment["dossier_code"] == DOSSIER


async def test_a_dossier_inside_a_parked_notices_reference_wakes_it(database: Database) -> None:
    place = await laid(database, a_notice(dossier_code=None, reference="dvc0000012H23240508000120240508101112"))
    worker = a_worker(database)
    await worker.drain(place.tenant_id)
    async with database.transaction() as connection:
        await upsert(connection, place.tenant_id, [a_record()])
    await worker.drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED]


async def test_another_tenants_record_wakes_nobody(database: Database) -> None:
    place = await laid(database, a_notice())
    worker = a_worker(database)
    await worker.drain(place.tenant_id)
    async with database.transaction() as connection:
        other = await a_place(connection, "other")
        await upsert(connection, other.tenant_id, [a_record()])
    assert await worker.sweep() == 0
    assert await states(database, place) == [NoticeState.PARKED]


async def test_a_record_that_arrives_between_the_look_and_the_parking_wakes_the_notice(database: Database) -> None:
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def apply(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
        applied = await apply_batch(connection, tenant_id, notices)
        looked.set()
        await go_on.wait()
        return applied

    async def arrive() -> None:
        async with database.transaction() as connection:
            await upsert(connection, place.tenant_id, [a_record()])

    place = await laid(database, a_notice())
    draining = asyncio.create_task(a_worker(database, apply=apply).drain(place.tenant_id))
    await looked.wait()
    arriving = asyncio.create_task(arrive())
    await asyncio.wait({arriving}, timeout=0.5)
    assert not arriving.done(), "the record must not slip in while a batch that looked in vain is not committed"
    go_on.set()
    await asyncio.gather(draining, arriving)
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED]


async def test_a_batch_that_looks_while_a_record_is_being_stored_sees_it(database: Database) -> None:
    place = await laid(database, a_notice())
    async with database.transaction() as connection:
        await upsert(connection, place.tenant_id, [a_record()])
        draining = asyncio.create_task(a_worker(database).drain(place.tenant_id))
        await asyncio.wait({draining}, timeout=0.5)
        assert not draining.done()
    await draining
    assert await states(database, place) == [NoticeState.APPLIED]


async def test_poison_is_quarantined_with_its_reason_and_its_neighbours_are_applied(database: Database) -> None:
    place = await laid(database, *(a_failure(reference=f"R-{number}") for number in range(5)))
    await a_worker(database, apply=failing(ValueError("no such day"), second)).drain(place.tenant_id)
    assert (await states(database, place)).count(NoticeState.APPLIED) == 4
    async with database.connection() as connection:
        poison = await connection.fetchrow("SELECT state, reason FROM notice WHERE reference = 'R-2'")
    assert poison is not None
    assert tuple(poison) == ("quarantined", "ValueError: no such day")


async def test_a_value_the_database_refuses_is_poison_of_its_notice_alone(database: Database) -> None:
    place = await laid(database, a_failure(reference="R-1"), a_failure(reference="x" * 9_000))
    async with database.transaction() as connection:
        # Incompressible, so that it is too long for an index of the payments.
        await connection.execute(
            "UPDATE notice SET reference = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n)"
            " WHERE length(reference) > 100"
        )
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED, NoticeState.QUARANTINED]


async def test_a_transient_failure_is_tried_again_later_and_applied(database: Database) -> None:
    place = await laid(database, a_failure(reference="R-1"), a_failure(reference="R-2"))
    failing_once = a_worker(database, apply=failing(LookupError("not now"), second), draw=lambda most: most)
    await failing_once.drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED, NoticeState.RETRYING]
    async with database.transaction() as connection:
        due = await connection.fetchval(
            "SELECT next_attempt_at - clock_timestamp() FROM notice WHERE state = 'retrying' AND attempts = 1"
        )
        assert 0 < due.total_seconds() <= RETRY_SECONDS[0]
        await connection.execute("UPDATE notice SET next_attempt_at = now() WHERE state = 'retrying'")
    await a_worker(database).drain(place.tenant_id)
    assert await states(database, place) == [NoticeState.APPLIED, NoticeState.APPLIED]


async def test_the_pause_before_an_attempt_is_drawn_from_the_table(database: Database) -> None:
    drawn: list[float] = []

    def draw(most: float) -> float:
        drawn.append(most)
        return 0.0

    place = await laid(database, a_failure(reference="R-2"))
    worker = a_worker(database, apply=failing(LookupError("never"), second), draw=draw)
    while NoticeState.DEAD not in await states(database, place):
        await worker.drain(place.tenant_id)
    assert tuple(drawn) == RETRY_SECONDS


async def test_an_exhausted_notice_is_a_dead_letter_with_its_reason(database: Database) -> None:
    place = await laid(database, a_failure(reference="R-2"), state=NoticeState.RETRYING, attempts=len(RETRY_SECONDS))
    await a_worker(database, apply=failing(LookupError("still not"), second)).drain(place.tenant_id)
    async with database.connection() as connection:
        row = await connection.fetchrow("SELECT state, reason, attempts FROM notice")
    assert row is not None
    assert tuple(row) == ("dead", "LookupError: still not", len(RETRY_SECONDS) + 1)


async def test_a_database_that_goes_away_is_no_notices_fault(database: Database) -> None:
    async def apply(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
        raise ConnectionResetError

    place = await laid(database, a_failure())
    with pytest.raises(Exception, match="does not answer"):
        await a_worker(database, apply=apply).drain(place.tenant_id)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT attempts FROM notice WHERE state = 'received'") == 0


async def test_two_workers_on_one_tenant_apply_every_notice_once(database: Database) -> None:
    facts = [a_failure(reference=f"R-{n % 40}", transaction_id=f"T-{n % 3}", amount=n) for n in range(120)]
    place = await laid(database)
    async with database.transaction() as connection:
        for number, one in enumerate(facts):
            await put_notice(connection, place, one, dedupe_key=number.to_bytes(32, "big"))
    one, other = a_worker(database), a_worker(database)
    await asyncio.gather(one.drain(place.tenant_id), other.drain(place.tenant_id))
    assert set(await states(database, place)) == {NoticeState.APPLIED}
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM payment_event") == 120


async def test_two_batches_that_add_the_same_payment_at_once_both_count(database: Database) -> None:
    added, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
        applied = await apply_batch(connection, tenant_id, notices)
        added.set()
        await go_on.wait()
        return applied

    place = await laid(database, a_failure())
    first = asyncio.create_task(a_worker(database, apply=slowly).drain(place.tenant_id))
    await added.wait()
    async with database.transaction() as connection:
        await put_notice(connection, place, a_notice(dossier_code=None))
    beaten = asyncio.create_task(a_worker(database).drain(place.tenant_id))
    await asyncio.wait({beaten}, timeout=0.5)
    go_on.set()
    await asyncio.gather(first, beaten)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
        assert (payment["state"], payment["dossier_code"]) == ("paid", DOSSIER)
        assert await connection.fetchval("SELECT count(*) FROM payment_event") == 2


async def test_a_batch_that_stands_still_is_cut_off_by_the_server(database: Database) -> None:
    seen: dict[str, str] = {}

    async def apply(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            seen[name] = await connection.fetchval("SELECT current_setting($1)", name)
        return await apply_batch(connection, tenant_id, notices)

    place = await laid(database, a_failure())
    await a_worker(database, apply=apply).drain(place.tenant_id)
    assert seen == {
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    }


async def test_the_rows_of_a_worker_that_died_are_taken_by_the_next(database: Database) -> None:
    async def die(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return Applied()

    place = await laid(database, a_failure())
    with pytest.raises(Exception, match="does not answer"):
        await a_worker(database, apply=die).drain(place.tenant_id)
    assert await a_worker(database).drain(place.tenant_id) == 1
    assert await states(database, place) == [NoticeState.APPLIED]


async def test_a_running_worker_applies_what_comes_and_asks_for_the_matcher_once_for_many(
    database: Database,
) -> None:
    asked: list[int] = []
    matched = asyncio.Event()

    async def match(tenant_id: int) -> None:
        asked.append(tenant_id)
        matched.set()

    stop = asyncio.Event()
    place = await laid(database, *(a_failure(reference=f"R-{number}") for number in range(3)))
    worker = a_worker(database, match=match)
    running = asyncio.create_task(worker.run(stop))
    async with database.transaction() as connection:
        await put_notice(connection, place, a_failure(reference="R-9"))
    worker.wake()
    await asyncio.wait_for(matched.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert asked == [place.tenant_id]


async def test_a_matcher_that_fails_does_not_stop_the_worker(database: Database) -> None:
    calls: list[int] = []
    again = asyncio.Event()

    async def match(tenant_id: int) -> None:
        calls.append(tenant_id)
        if len(calls) == 2:
            again.set()
        raise ZeroDivisionError

    stop = asyncio.Event()
    place = await laid(database)
    worker = a_worker(database, match=match)
    running = asyncio.create_task(worker.run(stop))
    worker.ask_match(place.tenant_id)
    while not calls:  # noqa: ASYNC110 -- there is nothing to wait on but the call itself
        await asyncio.sleep(0.01)
    worker.ask_match(place.tenant_id)
    await asyncio.wait_for(again.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 5)
