"""What gateways settle, what is handed over and receipted: files become lines of their legs, each once."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from paygate.app import open_service
from paygate.configured import open_statement, table_mapping
from paygate.database import Database
from paygate.domain.calendar import Calendar
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement_import import StatementImport, preview
from paygate.settings import Settings
from paygate.statements import import_statements
from reconciliation.arrivals import check_feeds, feed_gauges
from tests.leg_files import DAY, NEXT_DAY, RECEIPT, SETTLEMENT, TREASURY, handed, settled
from tests.napas_files import napas
from tests.napas_files import record as napas_record
from tests.sheets import Table, as_csv, as_xlsx

SOURCE: Final = {"tenant": "haiduong", "adapter": "vnpay", "terminal_code": "PAYGATE1"}
LEGS: Final = {"payment": 0, "settlement": 1}


def configured(url: str, **changes: Any) -> Settings:
    """Configure a gateway that settles on an account of its own, and a bank's account that has statements."""
    tables = {
        "tenants": {code: {"name": code, "agency": "H23"} for code in ("haiduong", "haiphong")},
        "accounts": {
            "001": {"tenant": "haiduong", "bank": "970436"},
            "009": {"tenant": "haiduong", "bank": "970436", "kind": "gateway"},
            "KB1": {"tenant": "haiduong", "bank": "970436", "kind": "treasury"},
            "BL1": {"tenant": "haiduong", "bank": "970436", "kind": "receipt"},
        },
        "sources": {
            "hd-vnpay": {**SOURCE, "account": "001", "legs": {**LEGS, "bank": 1}},
            "hd-quiet": {**SOURCE, "account": "001", "legs": {"payment": 0, "bank": 1}},
            "hp-vnpay": {**SOURCE, "tenant": "haiphong", "legs": LEGS},
        },
        "mappings": {"vnpay": SETTLEMENT, "kho-bac": TREASURY, "bien-lai": RECEIPT},
    }
    for kind, more in changes.items():
        tables[kind] = {**tables[kind], **more}
    return Settings(database_url=url, **tables)


@dataclass
class House:
    """A configured database that files are taken into."""

    folder: Path
    database: Database
    settings: Settings
    tenant_id: int

    async def take_in(self, rows: Table, mapping: str, account: str | None = None, **how: Any) -> StatementImport:
        write = how.get("write", as_csv)
        file = self.folder / f"{next(_numbers)}"
        data = write(rows)
        await asyncio.to_thread(file.write_bytes, data)
        return await self.take_in_file(file, mapping, account)

    async def take_in_file(self, file: Path, mapping: str | None, account: str | None = None) -> StatementImport:
        account = account or (self.settings.mappings[mapping].account if mapping else None)
        digest = sha256(await asyncio.to_thread(file.read_bytes)).digest()
        with await asyncio.to_thread(file.open, "rb") as opened:
            kind, parts = await asyncio.to_thread(
                open_statement, self.settings, opened, None, table_mapping(self.settings, mapping), account
            )
            async with self.database.connection() as connection:
                return await import_statements(
                    connection, self.tenant_id, parts, file_hash=digest, format=kind, account=account
                )

    async def fetch(self, query: str) -> list[Mapping[str, Any]]:
        async with self.database.connection() as connection:
            return [dict(row) for row in await connection.fetch(query)]

    async def lines(self) -> list[Mapping[str, Any]]:
        return await self.fetch(
            "SELECT a.number AS account, a.kind, s.code AS source, l.leg::text AS leg, l.amount, l.fee, l.net, l.batch,"
            " l.reference_key, l.booked_on, l.value_on, l.dossier_code, l.document, l.evidence FROM statement_line AS l"
            " JOIN account AS a USING (tenant_id, account_id)"
            " LEFT JOIN source AS s ON s.tenant_id = l.tenant_id AND s.source_id = l.source_id ORDER BY l.line_id"
        )


_numbers = count(1)


async def _house(folder: Path, database: Database, settings: Settings) -> House:
    async with open_service(settings) as service:
        return House(folder, database, settings, service.directory.tenant("haiduong").tenant_id)


@pytest.fixture
async def house(tmp_path: Path, database: Database, database_url: str) -> House:
    return await _house(tmp_path, database, configured(database_url))


PAID: Final = ({"reference": "HD-0001"}, {"reference": "HD-0002", "gross": 50_000, "fee": 425, "net": 49_575})


async def test_a_settlement_becomes_lines_of_the_gateways_clearing_account(house: House) -> None:
    result = await house.take_in(settled(*PAID), "vnpay")
    assert (result.new, result.account, result.as_json()["legs"]) == (2, "hd-vnpay", {"settlement": 2})
    first, second = await house.lines()
    assert first == {
        "account": "hd-vnpay",
        "kind": "gateway",
        "source": "hd-vnpay",
        "leg": "settlement",
        "amount": 100_000,
        "fee": 850,
        "net": 99_150,
        "batch": "LO-20240509-01",
        "reference_key": "HD0001",
        "booked_on": NEXT_DAY,
        "value_on": DAY,
        "dossier_code": None,
        "document": None,
        "evidence": True,
    }
    assert (second["amount"], second["net"]) == (50_000, 49_575)


@pytest.mark.parametrize(("mapping", "number"), [("kho-bac", "treasury"), ("bien-lai", "receipt")])
async def test_hand_overs_and_receipts_become_lines_of_an_account_that_stands_for_the_leg(
    house: House, mapping: str, number: str
) -> None:
    rows = handed({"reference": "HD-0001"}, {"dossier_code": "000.00.12.H23-240508-0001", "status": "Chưa gửi"})
    result = await house.take_in(rows, mapping)
    assert (result.new, result.account, result.as_json()["legs"]) == (2, number, {number: 2})
    first, second = await house.lines()
    assert (first["account"], first["kind"], first["leg"], first["source"]) == (number, number, number, None)
    assert (first["reference_key"], first["dossier_code"], first["document"], first["evidence"]) == (
        "HD0001",
        None,
        "PT0001",
        True,
    )
    assert (second["reference_key"], second["dossier_code"]) == ("", "000.00.12.H23-240508-0001")
    assert not second["evidence"]
    assert (await house.take_in(handed({"reference": "HD-0009"}), mapping)).account == number
    assert len(await house.fetch(f"SELECT FROM account WHERE number = '{number}'")) == 1


async def test_new_lines_of_every_leg_are_marked_for_the_matcher_and_none_is_weighed(house: House) -> None:
    await house.fetch("UPDATE source SET money_confirms = true")
    for rows, mapping in ((settled(*PAID), "vnpay"), (handed({"reference": "A"}), "kho-bac")):
        await house.take_in(rows, mapping)
    marks = await house.fetch("SELECT kind, cardinality(fact_ids) AS lines FROM dirty ORDER BY dirty_id")
    assert marks == [{"kind": "line", "lines": 2}, {"kind": "line", "lines": 1}]
    assert await house.fetch("SELECT FROM unweighed") == []


@pytest.mark.parametrize("mapping", ["vnpay", "kho-bac", "bien-lai"])
async def test_the_same_lines_in_another_file_order_and_container_add_nothing(house: House, mapping: str) -> None:
    write = settled if mapping == "vnpay" else handed
    rows = [{"reference": f"R{number}", "document": "1"} for number in range(5)]
    assert (await house.take_in(write(*rows), mapping)).new == 5
    again = await house.take_in(write(*rows), mapping)
    assert (again.new, again.known, again.already_imported) == (0, 5, True)
    for other in (as_csv, as_xlsx):
        again = await house.take_in(write(*rows[::-1]), mapping, write=other)
        assert (again.new, again.known, again.already_imported) == (0, 5, False)
    overlapping = await house.take_in(write(*rows[2:], {"reference": "R9", "document": "1"}), mapping)
    assert (overlapping.new, overlapping.known) == (1, 3)


async def test_one_file_may_be_read_for_several_legs_by_a_mapping_for_each(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    settled_too = {
        "leg": "settlement",
        "columns": {"reference": "Mã tham chiếu", "gross": "Số tiền", "paid_at": "Ngày"},
    }
    booked_too = {"columns": {"booked_on": "Ngày", "reference": "Mã tham chiếu", "amount": "Số tiền"}, "account": "001"}
    mappings = {"settled": {**settled_too, "thousands": "."}, "booked": {**booked_too, "thousands": "."}}
    house = await _house(tmp_path, database, configured(database_url, mappings=mappings))
    for mapping in ("kho-bac", "booked", "settled", "bien-lai"):
        assert (await house.take_in(handed(*PAID), mapping)).new == 2
    for mapping in ("bien-lai", "settled", "booked", "kho-bac"):
        again = await house.take_in(handed(*PAID), mapping)
        assert (again.new, again.known, again.already_imported) == (0, 2, True)
    assert [line["leg"] for line in await house.lines()][::2] == ["treasury", "bank", "settlement", "receipt"]


async def test_twins_both_stay_and_come_only_once(house: House) -> None:
    rows = settled({"reference": "R"}, {"reference": "R"}, {"reference": "R", "fee": 0})
    assert (await house.take_in(rows, "vnpay")).new == 3
    assert (await house.take_in(rows[:1] + rows[:0:-1], "vnpay")).new == 0


async def test_a_line_that_differs_in_any_field_is_another_but_for_when_it_was_paid(house: House) -> None:
    one = {"reference": "R"}
    others = [{}, {"fee": 0}, {"fee": None, "net": 100_000}, {"net": 99_000}, {"batch": "L2"}, {"settled_on": DAY}]
    for other in others:
        assert (await house.take_in(settled({**one, **other}), "vnpay")).new == 1
    assert (await house.take_in(settled({**one, "paid_at": DAY}), "vnpay")).new == 0
    for other in ({}, {"document": "2"}, {"status": "FAILED"}, {"dossier_code": "H"}):
        assert (await house.take_in(handed({**one, **other}), "kho-bac")).new == 1


async def test_a_status_in_other_words_that_means_the_same_is_the_same_line(house: House) -> None:
    assert (await house.take_in(handed({"reference": "R", "status": "SENT"}), "kho-bac")).new == 1
    assert (await house.take_in(handed({"reference": "R", "status": "Đã hạch toán"}), "kho-bac")).new == 0


@pytest.mark.parametrize(
    ("borne_by", "net"), [("agency", 99_150), ("payer", 100_000), ("gateway", 100_000), (None, 99_150)]
)
async def test_a_net_that_is_not_told_follows_from_who_bears_the_fee(
    tmp_path: Path, database: Database, database_url: str, borne_by: str | None, net: int
) -> None:
    fee = {"fee": {"percent": "0.85", "borne_by": borne_by}} if borne_by else {}
    sources = {"hd-vnpay": {**SOURCE, "legs": LEGS, **fee}}
    house = await _house(tmp_path, database, configured(database_url, sources=sources))
    rows = settled(
        {"reference": "A", "net": None}, {"reference": "B", "net": 1}, {"reference": "C", "fee": None, "net": None}
    )
    await house.take_in(rows, "vnpay")
    assert [(line["fee"], line["net"]) for line in await house.lines()] == [(850, net), (850, 1), (None, 100_000)]


ISSUED, CANCELLED, WAITING = (
    {"dossier_code": "H1", "status": status} for status in ("Đã phát hành", "Đã hủy", "Chưa ký")
)


async def test_a_receipt_that_is_cancelled_later_is_evidence_no_more_and_stays_so(house: House) -> None:
    assert (await house.take_in(handed(ISSUED), "bien-lai")).new == 1
    result = await house.take_in(handed(CANCELLED), "bien-lai")
    assert (result.new, result.known) == (1, 0)
    assert [line["evidence"] for line in await house.lines()] == [False]
    marks = await house.fetch("SELECT fact_ids FROM dirty ORDER BY dirty_id")
    assert len(marks) == 2
    assert marks[0] == marks[1]
    for rows in ([ISSUED, {"dossier_code": "H2"}], [CANCELLED, {"dossier_code": "H2"}]):
        await house.take_in(handed(*rows), "bien-lai")
    assert [line["evidence"] for line in await house.lines()] == [False, True]
    assert await house.fetch("SELECT FROM dirty OFFSET 3") == []


async def test_a_receipt_that_was_waiting_and_is_issued_later_is_evidence(house: House) -> None:
    await house.take_in(handed(WAITING), "bien-lai")
    await house.take_in(handed(ISSUED), "bien-lai")
    await house.take_in(handed(WAITING, {"dossier_code": "H2"}), "bien-lai")
    assert [line["evidence"] for line in await house.lines()] == [False, True, True]


async def test_one_of_two_twins_that_is_cancelled_leaves_the_other_whatever_their_order(house: House) -> None:
    await house.take_in(handed(ISSUED, ISSUED), "bien-lai")
    for rows in ([ISSUED, CANCELLED], [CANCELLED, ISSUED], [CANCELLED, ISSUED, {"dossier_code": "H2"}]):
        await house.take_in(handed(*rows), "bien-lai")
    assert sorted(line["evidence"] for line in await house.lines() if line["dossier_code"] == "H1") == [False, True]


async def test_a_mapping_names_its_source_and_the_tenants_own_alone(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    mappings = {"quiet": {**SETTLEMENT, "source": "hd-quiet"}, "theirs": {**SETTLEMENT, "source": "hp-vnpay"}}
    house = await _house(tmp_path, database, configured(database_url, mappings=mappings))
    assert (await house.take_in(settled(*PAID), "quiet")).account == "hd-quiet"
    with pytest.raises(InvalidInputError, match=r"no source 'hp-vnpay'; the tenant has hd-quiet, hd-vnpay$"):
        await house.take_in(settled(*PAID[:1]), "theirs")


@pytest.mark.parametrize(
    ("legs", "message"),
    [
        ((None, None), "no source of the tenant expects a settlement; the mapping should name its source"),
        ((1, 2), r"several sources expect a settlement \(hd-quiet, hd-vnpay\); the mapping should name its source"),
    ],
)
async def test_a_settlement_of_no_certain_source_is_refused_and_nothing_made(
    house: House, legs: Sequence[int | None], message: str
) -> None:
    for code, days in zip(("hd-vnpay", "hd-quiet"), legs, strict=True):
        await house.fetch(f"UPDATE source SET settlement_days = {days or 'NULL'} WHERE code = '{code}'")
    with pytest.raises(InvalidInputError, match=message):
        await house.take_in(settled(*PAID), "vnpay")
    assert await house.fetch("SELECT FROM account WHERE bank = ''") == await house.lines() == []


async def test_a_file_refused_as_a_whole_makes_no_account(house: House) -> None:
    with pytest.raises(UnreadableStatementError, match="all 25 lines have the reference 'M1': column A 'Mã đơn hàng'"):
        await house.take_in(settled(*[{"reference": "M1", "gross": number} for number in range(25)]), "vnpay")
    assert await house.fetch("SELECT FROM account WHERE bank = ''") == []


@pytest.mark.parametrize(
    ("rows", "mapping", "account"),
    [(settled(*PAID), "vnpay", "009"), (handed(*PAID), "kho-bac", "KB1"), (handed(*PAID), "bien-lai", "BL1")],
)
async def test_an_account_of_the_right_kind_may_be_named_instead(
    house: House, rows: Table, mapping: str, account: str
) -> None:
    assert (await house.take_in(rows, mapping, account)).account == account
    assert {line["source"] for line in await house.lines()} == {"hd-vnpay" if mapping == "vnpay" else None}
    with pytest.raises(InvalidInputError, match="account '001' tells of the bank leg, and these lines of the"):
        await house.take_in(rows[:2], mapping, "001")


async def test_the_lines_of_a_gateways_account_are_of_the_only_source_that_has_it(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    sources = {"hd-napas": {**SOURCE, "account": "009", "legs": LEGS}}
    house = await _house(tmp_path, database, configured(database_url, sources=sources))
    file = tmp_path / "napas.dat"
    await asyncio.to_thread(file.write_bytes, napas(napas_record()))
    await house.take_in_file(file, None, "009")
    await house.take_in(settled({"reference": "A"}), "vnpay", "009")
    told, mapped = await house.lines()
    assert (told["source"], told["batch"], told["net"], told["fee"]) == ("hd-napas", None, None, None)
    assert (mapped["source"], mapped["batch"]) == ("hd-napas", "LO-20240509-01")
    await house.fetch(
        "UPDATE source SET account_id = (SELECT account_id FROM account WHERE number = '009') WHERE code = 'hd-quiet'"
    )
    await asyncio.to_thread(file.write_bytes, napas(napas_record(F37="412900000002")))
    await house.take_in_file(file, None, "009")
    assert [line["source"] for line in await house.lines()] == ["hd-napas", "hd-napas", None]


async def test_accounts_that_stand_for_a_leg_are_no_feeds_and_leave_those_of_the_bank_alone(house: House) -> None:
    async def feeds() -> tuple[Any, Any]:
        async with house.database.connection() as connection:
            day = await check_feeds(connection, house.tenant_id, NEXT_DAY, Calendar())
            return day, await feed_gauges(connection, datetime(2024, 5, 20, tzinfo=UTC), Calendar())

    before = await feeds()
    for rows, mapping in ((settled(*PAID), "vnpay"), (handed(*PAID), "kho-bac"), (handed(*PAID), "bien-lai")):
        await house.take_in(rows, mapping)
    assert await feeds() == before
    assert {feed.get("account") for feed in before[0]} == {"001", None}


async def test_two_first_settlements_at_once_share_one_clearing_account(house: House) -> None:
    results = await asyncio.gather(
        house.take_in(settled(*PAID), "vnpay"),
        house.take_in(settled({"reference": "HD-0003"}), "vnpay"),
        house.take_in(handed({"reference": "HD-0003"}), "kho-bac"),
    )
    assert sum(result.new or 0 for result in results) == 4
    assert {line["account"] for line in await house.lines()} == {"hd-vnpay", "treasury"}


async def test_bad_rows_are_listed_and_the_rest_loads(house: House) -> None:
    result = await house.take_in(settled(PAID[0], {"gross": "x"}, {"reference": "A", "batch": "y" * 501}), "vnpay")
    assert (result.new, [(row.row, row.reason) for row in result.refused]) == (
        1,
        [(3, "it has no reference"), (4, "its batch is longer than 500 characters")],
    )


async def test_a_preview_says_what_it_would_read_and_of_which_leg(house: House) -> None:
    file = house.folder / "a"
    await asyncio.to_thread(file.write_bytes, as_csv(settled(*PAID)))
    with await asyncio.to_thread(file.open, "rb") as opened:
        kind, parts = await asyncio.to_thread(
            open_statement, house.settings, opened, None, table_mapping(house.settings, "vnpay"), None
        )
        shown = preview(parts, format=kind)
    assert json.loads(json.dumps(shown.as_json()))["lines"] == 2
    assert (shown.legs, shown.as_json()["account"]) == ({"settlement": 2}, None)
