"""Procedure records and payment requests in the database."""

import asyncio
import time
from dataclasses import replace

import pytest

from paygate.database import Database
from paygate.domain.errors import ConflictError
from paygate.domain.record import Obligation, RecordStatus
from paygate.records import Result, request_payment, upsert
from tests.ledger_facts import DOSSIER, Place, a_failure, a_place, a_record, a_worker, payments, put_notice


async def results(database: Database, place: Place, *records: object) -> list[Result]:
    async with database.transaction() as connection:
        return [one.result for one in await upsert(connection, place.tenant_id, list(records))]  # type: ignore[arg-type]


async def placed(database: Database, code: str = "haiduong") -> Place:
    async with database.transaction() as connection:
        return await a_place(connection, code)


async def test_the_same_dossier_twice_in_one_delivery_is_taken_in_order(database: Database) -> None:
    place = await placed(database)
    later = a_record(status=RecordStatus.DONE)
    assert await results(database, place, a_record(), later, later, a_record(version=1)) == [
        Result.CREATED,
        Result.UPDATED,
        Result.UNCHANGED,
        Result.REFUSED,
    ]
    async with database.connection() as connection:
        row = await connection.fetchrow("SELECT version, status FROM procedure_record")
    assert row is not None
    assert tuple(row) == (2, "done")


async def test_an_update_replaces_the_obligations(database: Database) -> None:
    place = await placed(database)
    await results(database, place, a_record(obligations=(Obligation("A", "fee", "", 1), Obligation("B", "fee", "", 2))))
    await results(database, place, a_record(obligations=(Obligation("B", "charge", "", 5),)))
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT code, kind, amount FROM obligation")
        assert [tuple(row) for row in rows] == [("B", "charge", 5)]
        assert await connection.fetchval("SELECT due FROM procedure_record") == 5


async def test_an_exempt_dossier_owes_nothing(database: Database) -> None:
    place = await placed(database)
    await results(database, place, a_record(exempt=True))
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT due FROM procedure_record") == 0


async def test_only_what_changed_is_dirty(database: Database) -> None:
    place = await placed(database)
    other = replace(a_record(), dossier_code="000.00.12.H23-240508-0002")
    await results(database, place, a_record(), other)
    await results(database, place, a_record(), replace(other, exempt=True))
    await results(database, place, a_record())
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT kind, codes FROM dirty ORDER BY dirty_id")
    assert [tuple(row) for row in rows] == [
        ("dossier", [DOSSIER, other.dossier_code]),
        ("dossier", [other.dossier_code]),
    ]


async def test_one_tenants_dossiers_are_not_anothers(database: Database) -> None:
    place, other = await placed(database), await placed(database, "other")
    assert await results(database, place, a_record(version=9)) == [Result.CREATED]
    assert await results(database, other, a_record(version=1)) == [Result.CREATED]


async def test_two_deliveries_at_once_take_turns(database: Database) -> None:
    place = await placed(database)
    versions = [results(database, place, a_record(version=number, agency_name=str(number))) for number in (1, 2, 3)]
    await asyncio.gather(*versions)
    async with database.connection() as connection:
        row = await connection.fetchrow("SELECT version, agency_name FROM procedure_record")
    assert row is not None
    assert tuple(row) == (3, "3")


async def test_ten_thousand_records_are_stored_in_one_delivery(database: Database) -> None:
    place = await placed(database)
    records = [a_record(dossier_code=f"000.00.12.H23-240508-{number:07}") for number in range(10_000)]
    begun = time.monotonic()
    assert set(await results(database, place, *records)) == {Result.CREATED}
    assert time.monotonic() - begun < 20


async def request(database: Database, place: Place, amount: int = 50_000) -> bool:
    async with database.transaction() as connection:
        return await request_payment(
            connection,
            place.tenant_id,
            reference="REF-1",
            dossier_code=DOSSIER,
            amount=amount,
            source_id=place.source_id,
        )


async def test_a_payment_request_is_new_once(database: Database) -> None:
    place = await placed(database)
    assert await request(database, place)
    assert not await request(database, place)


async def test_a_payment_request_of_another_content_is_a_conflict(database: Database) -> None:
    place = await placed(database)
    await request(database, place)
    with pytest.raises(ConflictError):
        await request(database, place, amount=1)


async def test_a_payment_request_links_the_payments_that_came_first(database: Database) -> None:
    place = await placed(database)
    async with database.transaction() as connection:
        await put_notice(connection, place, a_failure(dossier_code=None))
    await a_worker(database).drain(place.tenant_id)
    await request(database, place)
    async with database.connection() as connection:
        (payment,) = await payments(connection, place)
        assert payment["dossier_code"] == DOSSIER
        assert await connection.fetchval("SELECT count(*) FROM dirty WHERE kind = 'payment'") == 2
