"""Notices become payments: folded, linked to their dossiers, and written down once."""

from datetime import date, time, timedelta

from paygate.database import Database
from paygate.domain.lifecycle import NoticeState
from paygate.domain.payment import Evidence
from paygate.records import request_payment, upsert
from paygate.telemetry import REGISTRY
from tests.ledger_facts import (
    DOSSIER,
    NOON,
    a_failure,
    a_notice,
    a_place,
    a_record,
    a_worker,
    notice_states,
    payments,
    put_notice,
)


async def test_a_paid_notice_with_its_record_there_is_applied_and_makes_a_payment(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await upsert(connection, place.tenant_id, [a_record()])
        number = await put_notice(connection, place, a_notice())
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        assert await notice_states(connection, place) == {number: NoticeState.APPLIED}
        (payment,) = await payments(connection, place)
    assert (payment["state"], payment["amount"], payment["dossier_code"]) == ("paid", 50_000, DOSSIER)
    assert payment["account_id"] == place.account_id


async def test_what_happens_after_the_sources_cut_off_belongs_to_the_next_day(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection, cut_off=time(12, 0))
        await put_notice(connection, place, a_notice())
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert payment["business_date"] == date(2024, 5, 9)


async def test_a_second_paid_transaction_under_one_reference_is_a_second_payment(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await put_notice(connection, place, a_notice(transaction_id="T-1"))
        await put_notice(connection, place, a_notice(transaction_id="T-2"))
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        assert [one["transaction_id"] for one in await payments(connection, place)] == ["T-1", "T-2"]


async def test_a_late_success_after_a_failure_makes_the_payment_paid(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await put_notice(connection, place, a_failure())
    worker = a_worker(database)
    await worker.drain(place.tenant_id)
    async with database.transaction() as connection:
        await put_notice(connection, place, a_notice(occurred_at=NOON + timedelta(hours=1)))
    await worker.drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert (payment["state"], payment["occurred_at"]) == ("paid", NOON + timedelta(hours=1))


async def test_a_notice_that_gives_no_time_happened_when_it_came(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await put_notice(connection, place, a_notice(occurred_at=None))
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert payment["occurred_at"] == NOON


async def test_every_notice_leaves_one_event_and_every_batch_one_dirty_row(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        for number in range(5):
            await put_notice(connection, place, a_notice(reference=f"R-{number}"))
            await put_notice(connection, place, a_failure(reference=f"R-{number}"))
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM payment_event") == 10
        (dirty,) = await connection.fetch("SELECT kind, fact_ids FROM dirty")
        assert (dirty["kind"], len(dirty["fact_ids"])) == ("payment", 5)


async def test_an_outcome_is_counted_when_it_is_reached_and_never_again(database: Database) -> None:
    labels = {"tenant": "counted", "source": "counted-dvcqg", "outcome": "paid"}
    async with database.transaction() as connection:
        place = await a_place(connection, "counted")
        await put_notice(connection, place, a_notice())
        await put_notice(connection, place, a_failure())
    worker = a_worker(database)
    await worker.drain(place.tenant_id)
    async with database.transaction() as connection:
        await upsert(connection, place.tenant_id, [a_record()])
    await worker.drain(place.tenant_id)
    assert REGISTRY.get_sample_value("paygate_payments_total", labels) == 1


async def test_a_conflicting_notice_marks_its_payment(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await put_notice(connection, place, a_notice())
        await put_notice(connection, place, a_notice(amount=1), conflicting=True, dedupe_key=bytes(32))
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert payment["conflicting"]


async def test_the_registered_dossier_is_surer_than_what_a_notice_tells(database: Database) -> None:
    other = "000.00.12.H23-240508-0002"
    async with database.transaction() as connection:
        place = await a_place(connection)
        await request_payment(
            connection,
            place.tenant_id,
            reference="REF-1",
            dossier_code=other,
            amount=50_000,
            source_id=place.source_id,
        )
        await put_notice(connection, place, a_notice())
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert (payment["dossier_code"], payment["dossier_evidence"]) == (other, Evidence.REQUESTED)


async def test_the_only_dossier_code_in_the_description_is_the_payments(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await put_notice(connection, place, a_notice(dossier_code=None, description=f"THANH TOAN HO SO {DOSSIER}"))
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert (payment["dossier_code"], payment["dossier_evidence"]) == (DOSSIER, Evidence.DESCRIBED)


async def test_a_dossier_inside_the_reference_is_found_among_the_records(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await upsert(connection, place.tenant_id, [a_record(dossier_code="000.00.12.H23-240508-0002"), a_record()])
        await put_notice(
            connection, place, a_notice(dossier_code=None, reference="dvc0000012H23240508000120240508101112")
        )
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert (payment["dossier_code"], payment["dossier_evidence"]) == (DOSSIER, Evidence.CONTAINED)


async def test_a_dossier_told_without_its_signs_is_named_as_its_record_names_it(database: Database) -> None:
    async with database.transaction() as connection:
        place = await a_place(connection)
        await upsert(connection, place.tenant_id, [a_record()])
        await put_notice(connection, place, a_notice(dossier_code="0000012h232405080001"))
    await a_worker(database).drain(place.tenant_id)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
    assert payment["dossier_code"] == DOSSIER


async def test_a_tenants_notices_are_not_linked_to_another_tenants_records(database: Database) -> None:
    async with database.transaction() as connection:
        place, other = await a_place(connection), await a_place(connection, "other")
        await upsert(connection, other.tenant_id, [a_record()])
        number = await put_notice(connection, place, a_notice())
    worker = a_worker(database)
    await worker.drain(other.tenant_id)
    async with database.connection() as connection:
        assert await notice_states(connection, place) == {number: NoticeState.RECEIVED}
    await worker.drain(place.tenant_id)
    async with database.connection() as connection:
        assert await notice_states(connection, place) == {number: NoticeState.PARKED}
        assert await payments(connection, other) == []
