"""VietinBank's settlement file from the command line and over HTTP: verified with the account's key, and answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from paygate.access import Role
from paygate.app import open_service
from paygate.domain.notice import NoticeFacts
from paygate.settings import load_settings
from tests.answered import read_as_the_bank
from tests.command_line import paygate, refused
from tests.integration.test_imports_http import imported
from tests.ledger_facts import Place, a_notice, put_notice, quarantine
from tests.served import a_service
from tests.statement_files import MAPPING
from tests.vietinbank_files import KEY, record, settlement

ACCOUNT: Final = "0011007654321"
CONFIGURATION: Final = """
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"

[tenants.haiphong]
name = "Thành phố Hải Phòng"
agency = "H24"

[accounts."0011007654321"]
tenant = "haiduong"
bank = "970415"
file_key = "env:HD_KEY"

[accounts."002"]
tenant = "haiduong"
bank = "970415"

[accounts."003"]
tenant = "haiphong"
bank = "970415"
file_key = "env:HD_KEY"

[sources.hd-vietinbank]
tenant = "haiduong"
adapter = "vietinbank"
provider_id = "9111"
secrets = ["env:HD_PEM"]
account = "0011007654321"

[sources.hd-no-account]
tenant = "haiduong"
adapter = "vietinbank"
provider_id = "9111"
secrets = ["env:HD_PEM"]

[sources.hd-dvcqg]
tenant = "haiduong"
adapter = "dvcqg"
partner_code = "DVC-TEST"
secrets = ["env:HD_DVCQG_SECRET"]
account = "0011007654321"

[mappings.so-phu]
account = "0011007654321"
columns = { booked_on = "Ngày", amount = "Số tiền" }
"""
KEYS: Final = {"HD_KEY": KEY.decode()}
IMPORT: Final = ("statements", "import", "theirs.txt", "--tenant", "haiduong")
ANSWER: Final = ("statements", "answer", "theirs.txt", "--tenant", "haiduong", "--output", "ours.txt")
SOURCE: Final = ("--source", "hd-vietinbank")


def held(transaction_id: str, *, day: int = 8, hour: int = 14, **changes: Any) -> NoticeFacts:
    """Say what the bank's notice of the file's own record says, under another transId and time."""
    at = datetime(2024, 5, day, hour - 7, 6, 34, tzinfo=UTC)
    told = {"reference": "2NDVNDV24012358711", "amount": 875_800, "occurred_at": at, "dossier_code": None}
    return a_notice(transaction_id=transaction_id, **(told | changes))


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Path:
    (tmp_path / "paygate.toml").write_text(f'database_url = "{database_url}"\n{CONFIGURATION}', encoding="utf-8")
    (tmp_path / "theirs.txt").write_bytes(settlement(record()))
    return tmp_path


@pytest.fixture
async def place(house: Path) -> AsyncIterator[Place]:
    """The source in the ledger."""
    async with open_service(load_settings(house / "paygate.toml")) as service:
        source = service.directory.sources["hd-vietinbank"]
        assert source.account_id is not None
        yield Place(source.tenant.tenant_id, source.source_id, source.account_id)


async def hold(house: Path, place: Place, *notices: NoticeFacts) -> None:
    async with (
        open_service(load_settings(house / "paygate.toml")) as service,
        service.database.transaction() as connection,
    ):
        for notice in notices:
            await put_notice(connection, place, notice)


async def test_a_list_is_answered_record_by_record_and_the_bank_can_read_it(house: Path, place: Place) -> None:
    theirs = settlement(
        record(transId="1"),
        record(transId="2"),
        record(transId="3", amount="1"),
        record(transId="4", recordType="003", transTime="20240507140634"),
        record(transId="5", recordType="003", transTime="20240507140634"),
    )
    (house / "theirs.txt").write_bytes(theirs)
    yesterdays = (held("4", day=7), held("8", day=7))
    await hold(house, place, held("1"), held("3"), held("6", hour=15), *yesterdays, held("9", day=9))
    done = paygate(house, *ANSWER, *SOURCE, **KEYS)
    assert (done.returncode, done.stdout) == (
        0,
        "answered 5 records of 2024-05-08\n00 matched 2 · 01 only the bank's 2 · 02 only ours 1 · 03 differ 1\n",
    )
    answer = read_as_the_bank((house / "ours.txt").read_bytes(), KEY)
    assert answer.statuses() == [("1", "00"), ("2", "01"), ("3", "03"), ("4", "00"), ("5", "01"), ("6", "02")]
    assert not await asyncio.to_thread(lambda: list(house.glob(".*")))


async def test_money_that_never_came_is_not_held_and_what_was_not_understood_is_said(house: Path, place: Place) -> None:
    await hold(house, place, held("501690869", state="pending", outcome="pending"))
    async with (
        open_service(load_settings(house / "paygate.toml")) as service,
        service.database.transaction() as connection,
    ):
        await quarantine(connection, place, b"x")
    done = paygate(house, *ANSWER, *SOURCE, **KEYS)
    assert "01 only the bank's 1 · 02 only ours 0" in done.stdout
    assert "warning: 1 notices of the source are in no payment" in done.stdout


async def test_another_sources_payment_is_not_this_ones(house: Path, place: Place) -> None:
    async with open_service(load_settings(house / "paygate.toml")) as service:
        other = service.directory.sources["hd-dvcqg"].source_id
    await hold(house, Place(place.tenant_id, other, place.account_id), held("501690869"))
    assert "00 matched 0 · 01 only the bank's 1" in paygate(house, *ANSWER, *SOURCE, **KEYS).stdout


async def test_the_day_of_a_list_of_nothing_is_given(house: Path, place: Place) -> None:
    (house / "theirs.txt").write_bytes(settlement())
    await hold(house, place, held("7"))
    refused(paygate(house, *ANSWER, *SOURCE, **KEYS), "no record tells the day of the file")
    assert not (house / "ours.txt").exists()
    done = paygate(house, *ANSWER, *SOURCE, "--date", "2024-05-08", **KEYS)
    assert "answered 0 records of 2024-05-08" in done.stdout
    assert read_as_the_bank((house / "ours.txt").read_bytes(), KEY).statuses() == [("7", "02")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--source", "hd-dvcqg"), "no source 'hd-dvcqg' of vietinbank; it has hd-vietinbank, hd-no-account"),
        (("--source", "nowhere"), "no source 'nowhere'"),
        (("--source", "hd-no-account"), "names no account"),
        ((*SOURCE, "--account", "002"), "no account '002' with a file_key"),
        ((*SOURCE, "--account", "003"), "no account '003' with a file_key"),
        ((*SOURCE, "--date", "2024-05-09"), "the file is of 2024-05-08, not of 2024-05-09"),
        ((*SOURCE, "--output", "theirs.txt"), "take the place of the file that it answers"),
        ((*SOURCE, "--output", "not/there.txt"), "not/there.txt: No such file or directory"),
        ((*SOURCE, "--tenant", "nowhere"), "there is no tenant 'nowhere'; there is haiduong, haiphong"),
        ((*SOURCE, "--tenant", "haiphong"), "no source 'hd-vietinbank' of vietinbank; it has none"),
    ],
)
def test_what_cannot_be_meant_is_refused(house: Path, words: tuple[str, ...], says: str) -> None:
    refused(paygate(house, *ANSWER, *words, **KEYS), says)
    assert (house / "theirs.txt").read_bytes() == settlement(record())
    assert not (house / "ours.txt").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (settlement(record().replace("875800", "975800")), "line 2: its checksum does not hold"),
        (settlement(record(), key=b"another"), "footer's checksum does not hold"),
        (b"\x00" * 100, "no footer"),
        (settlement(record()).replace(b"|9111|bank", b"|9112|bank"), "footer's checksum does not hold"),
    ],
)
def test_a_list_that_is_not_the_banks_is_refused(house: Path, data: bytes, says: str) -> None:
    (house / "theirs.txt").write_bytes(data)
    refused(paygate(house, *ANSWER, *SOURCE, **KEYS), says)
    assert not (house / "ours.txt").exists()


def test_the_list_of_another_provider_is_refused(house: Path) -> None:
    file = house / "paygate.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"9111"', '"9112"'), encoding="utf-8")
    refused(paygate(house, *ANSWER, *SOURCE, **KEYS), "it is for provider '9111', not '9112'")


def test_a_key_that_is_not_there_is_named_with_its_line(house: Path) -> None:
    for words in ((*ANSWER, *SOURCE), (*IMPORT, "--account", ACCOUNT)):
        refused(paygate(house, *words), "paygate.toml:14: secret env:HD_KEY is empty or not set")


@pytest.mark.parametrize("words", [("--account", ACCOUNT), ("--account", "0011 007 654 321"), ("--mapping", "so-phu")])
def test_checksums_are_verified_with_the_key_of_the_account_however_it_is_named(
    house: Path, words: tuple[str, ...]
) -> None:
    (house / "theirs.txt").write_bytes(settlement(record(transId="1"), record().replace("875800", "975800")))
    shown = json.loads(paygate(house, *IMPORT, *words, "--dry-run", "--json", **KEYS).stdout)
    assert (shown["format"], shown["lines"], shown["warnings"]) == ("vietinbank", 1, [])
    assert shown["refused"] == [{"row": 3, "reason": "its checksum does not hold"}]


def test_a_file_of_another_key_is_refused_and_without_a_key_nothing_is_verified(house: Path) -> None:
    (house / "theirs.txt").write_bytes(settlement(record(key=b"another"), key=b"another"))
    refused(paygate(house, *IMPORT, "--account", ACCOUNT, **KEYS), "footer's checksum does not hold")
    done = paygate(house, *IMPORT, "--account", "002", **KEYS)
    assert "warning: its checksums were not verified: its account has no file_key" in done.stdout
    assert "new 1 · known 0" in done.stdout


@pytest.mark.parametrize("query", ["account=001", "mapping=so-phu", "account=001&mapping=so-phu"])
async def test_over_http_too_no_record_escapes_its_checksum(
    database_url: str, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setenv("HD_KEY", KEY.decode())
    accounts = {"001": {"tenant": "haiduong", "bank": "970415", "file_key": "env:HD_KEY"}}
    async with a_service(database_url, accounts=accounts, mappings={"so-phu": MAPPING}) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        body = settlement(record(transId="1"), record().replace("875800", "975800"))
        told = await imported(served, officer, body, f"tenant=haiduong&{query}")
        forged = await imported(served, officer, settlement(record(), key=b"another"), f"tenant=haiduong&{query}")
    assert (told["state"], told["read"]["format"], told["read"]["new"]) == ("done", "vietinbank", 1)
    assert told["refused"] == [{"row": 3, "reason": "its checksum does not hold"}]
    assert (forged["state"], "checksum does not hold" in forged["reason"]) == ("failed", True)


async def test_over_http_a_key_that_is_not_there_fails_the_import_by_name(database_url: str) -> None:
    accounts = {"001": {"tenant": "haiduong", "bank": "970415", "file_key": "env:HD_NOT_SET"}}
    async with a_service(database_url, accounts=accounts) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        told = await imported(served, officer, settlement(record()), "tenant=haiduong&account=001")
    assert told["state"] == "failed"
    assert "HD_NOT_SET" in told["reason"]
