"""Statements handed in over HTTP: taken in, read in the background, told of when asked, also after a restart."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from paygate import background, uploads
from paygate.access import Role
from paygate.web.server import Limits
from tests.leg_files import RECEIPT, SETTLEMENT, TREASURY, handed, settled
from tests.served import Served, a_service, settings_for, signed
from tests.sheets import Table, as_xlsx
from tests.statement_files import MAPPING, Booked, camt, table

YESTERDAY = [Booked(f"dvc{number:04}", 1000 * number) for number in range(1, 6)]


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, mappings={"so-phu": MAPPING}) as one:
        yield one


async def hand_in(
    served: Served, headers: Mapping[str, str], body: Any, query: str = "tenant=haiduong"
) -> tuple[int, Any]:
    async with served.session.post(f"{served.url}/v1/statements?{query}", data=body, headers=headers) as reply:
        return reply.status, await reply.json(content_type=None)


async def look(served: Served, headers: Mapping[str, str], job_id: str) -> Any:
    async with served.session.get(f"{served.url}/v1/imports/{job_id}", headers=headers) as reply:
        assert reply.status == 200
        return await reply.json()


async def finished(served: Served, headers: Mapping[str, str], job_id: str) -> Any:
    for _ in range(400):
        told = await look(served, headers, job_id)
        if told["state"] in {"done", "failed"}:
            return told
        await asyncio.sleep(0.03)
    raise AssertionError(told)


async def imported(served: Served, headers: Mapping[str, str], body: bytes, query: str = "tenant=haiduong") -> Any:
    status, reply = await hand_in(served, headers, body, query)
    assert status == 202
    return await finished(served, headers, reply["id"])


def waiting_files(served: Served) -> list[str]:
    folder = settings_for(served.database_url).data_dir / "uploads"
    return [file.name for file in folder.iterdir()] if folder.is_dir() else []


async def test_a_statement_is_read_in_the_background_and_told_of(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    told = await imported(served, officer, camt(YESTERDAY))
    assert (told["state"], told["reason"], told["progress"], told["refused"]) == ("done", None, {"lines": 5}, [])
    assert {name: told["read"][name] for name in ("format", "account", "lines", "new", "known")} == {
        "format": "camt",
        "account": "001",
        "lines": 5,
        "new": 5,
        "known": 0,
    }
    assert await served.fetchval("SELECT sum(amount) FROM statement_line") == 15_000
    assert waiting_files(served) == []


async def test_a_table_is_read_by_its_mapping_and_its_bad_rows_are_named(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    body = table(YESTERDAY) + b"08/05/2024,dvc0009,x,a lot\n"
    told = await imported(served, officer, body, "format=table&mapping=so-phu")
    assert (told["state"], told["read"]["new"]) == ("done", 5)
    [refused] = told["refused"]
    assert refused["row"] == 7


LEG_MAPPINGS = {"vnpay": {**SETTLEMENT, "source": "hd-vnpay"}, "kho-bac": TREASURY, "bien-lai": RECEIPT}


@pytest.mark.parametrize(
    ("mapping", "rows", "leg", "account"),
    [
        ("vnpay", settled({"reference": "R1"}, {"reference": "R2"}), "settlement", "hd-vnpay"),
        ("kho-bac", handed({"reference": "R1"}, {"dossier_code": "H1"}), "treasury", "treasury"),
        ("bien-lai", handed({"reference": "R1"}, {"dossier_code": "H1"}), "receipt", "receipt"),
    ],
)
async def test_a_table_of_any_leg_is_read_by_its_mapping(
    database_url: str, mapping: str, rows: Table, leg: str, account: str
) -> None:
    async with a_service(database_url, mappings=LEG_MAPPINGS) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        told = await imported(served, officer, as_xlsx([*rows, ["R3"]]), f"mapping={mapping}")
        assert (told["state"], told["read"]["format"], told["read"]["account"]) == ("done", "table", account)
        assert (told["read"]["new"], told["read"]["legs"], [row["row"] for row in told["refused"]]) == (
            2,
            {leg: 2},
            [4],
        )
        assert await served.fetchval("SELECT count(*) FROM statement_line WHERE leg = $1::text::leg", leg) == 2
        assert await served.fetchval("SELECT count(*) FROM dirty WHERE kind = 'line'") == 1


async def test_a_table_that_names_the_same_in_every_row_fails_with_its_column(database_url: str) -> None:
    async with a_service(database_url, mappings=LEG_MAPPINGS) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        rows = settled(*[{"reference": "M1", "gross": number} for number in range(20)])
        told = await imported(served, officer, as_xlsx(rows), "mapping=vnpay")
        assert (told["state"], told["read"]) == ("failed", None)
        assert "all 20 lines have the reference 'M1': column A 'Mã đơn hàng'" in told["reason"]
        told = await imported(served, officer, as_xlsx(settled({"reference": "A"})), "mapping=vnpay&account=001")
        assert (told["state"], told["read"]) == ("failed", None)
        assert "account '001' tells of the bank leg, and these lines of the settlement leg" in told["reason"]


async def test_a_file_that_is_none_fails_with_the_reason(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    told = await imported(served, officer, camt(YESTERDAY)[:-40])
    assert (told["state"], told["read"]) == ("failed", None)
    assert "XML" in told["reason"]
    assert await served.fetchval("SELECT count(*) FROM statement_line") == 0
    assert waiting_files(served) == []


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("format=pdf", 400, "'pdf'"),
        ("mapping=none", 400, "so-phu"),
        ("account=999", 404, "999"),
        ("accuont=001", 400, "account"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_the_file_is_taken_in(
    served: Served, query: str, status: int, says: str
) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    got, problem = await hand_in(served, officer, camt(YESTERDAY), query)
    assert got == status
    assert says in problem["detail"]
    assert waiting_files(served) == []


async def test_a_form_and_an_empty_file_are_refused(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    form = {**officer, "Content-Type": "multipart/form-data; boundary=x"}
    assert (await hand_in(served, form, b"--x--"))[0] == 400
    assert (await hand_in(served, officer, b""))[0] == 400


async def test_another_tenants_account_is_no_account(database_url: str) -> None:
    accounts = {
        number: {"tenant": tenant, "bank": "970436"} for number, tenant in (("001", "haiduong"), ("9", "haiphong"))
    }
    async with a_service(database_url, accounts=accounts) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        assert (await hand_in(served, officer, camt(YESTERDAY), "account=9"))[0] == 404


async def in_pieces(body: bytes, *, pause: float) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 500):
        yield body[start : start + 500]
        await asyncio.sleep(pause)


async def test_a_file_larger_than_allowed_is_turned_away(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_LIMIT", 1000)
    officer = await served.token("haiduong", Role.OFFICER)
    status, problem = await hand_in(served, officer, in_pieces(camt(YESTERDAY), pause=0))
    assert (status, problem["type"]) == (413, "urn:paygate:problem:too-large")
    assert waiting_files(served) == []


async def test_more_files_than_allowed_are_told_to_come_later(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "TENANT_LIMIT", 0)
    officer = await served.token("haiduong", Role.OFFICER)
    async with served.session.post(f"{served.url}/v1/statements", data=b"x", headers=officer) as reply:
        assert (reply.status, int(reply.headers["Retry-After"]) > 0) == (503, True)


async def test_an_upload_may_take_longer_than_strangers_may(database_url: str) -> None:
    quick = Limits(head_seconds=0.2, body_seconds=0.2, request_seconds=0.4)
    async with a_service(database_url, limits=quick) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        status, _ = await hand_in(served, officer, in_pieces(camt(YESTERDAY), pause=0.2))
        assert status == 202


async def test_an_upload_that_breaks_off_leaves_nothing(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    _, writer = await asyncio.open_connection(*served.address)
    head = "".join(f"{name}: {value}\r\n" for name, value in officer.items())
    writer.write(f"POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n{head}\r\n".encode() + b"x" * 99)
    for _ in range(100):
        if waiting_files(served):
            break
        await asyncio.sleep(0.02)
    assert waiting_files(served)
    writer.close()
    for _ in range(200):
        if not waiting_files(served):
            break
        await asyncio.sleep(0.02)
    assert waiting_files(served) == []
    assert await served.fetchval("SELECT count(*) FROM job") == 0


# -- Restarts ----------------------------------------------------------------------------------------------------------


async def test_an_import_is_told_of_after_a_restart(database_url: str) -> None:
    async with a_service(database_url) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        told = await imported(served, officer, camt(YESTERDAY))
    async with a_service(database_url) as again:
        assert await look(again, officer, told["id"]) == told


async def test_an_import_that_a_stop_broke_off_is_taken_up_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, begun = background.import_statements, asyncio.Event()

    async def never(*_: Any, **__: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(background, "import_statements", never)
    async with a_service(database_url) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        _, reply = await hand_in(served, officer, camt(YESTERDAY))
        await asyncio.wait_for(begun.wait(), 10)
    monkeypatch.setattr(background, "import_statements", real)
    async with a_service(database_url) as again:
        told = await finished(again, officer, reply["id"])
        assert (told["state"], told["read"]["new"]) == ("done", 5)


async def test_an_import_whose_file_is_gone_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_service(database_url) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        real = uploads.Uploads.open

        def removed(self: uploads.Uploads, name: str) -> Any:
            self.remove(name)
            return real(self, name)

        monkeypatch.setattr(uploads.Uploads, "open", removed)
        told = await imported(served, officer, camt(YESTERDAY))
        assert (told["state"], "send the file again" in told["reason"]) == ("failed", True)


async def test_notices_are_answered_while_a_file_is_being_read(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, reading = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    opened = background.import_statements

    async def held(connection: Any, tenant_id: int, parts: Any, **more: Any) -> Any:
        def waiting() -> Any:
            loop.call_soon_threadsafe(reading.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result(30)
            yield from parts

        return await opened(connection, tenant_id, waiting(), **more)

    monkeypatch.setattr(background, "import_statements", held)
    async with a_service(database_url) as served:
        officer = await served.token("haiduong", Role.OFFICER)
        _, reply = await hand_in(served, officer, camt(YESTERDAY))
        await asyncio.wait_for(reading.wait(), 10)
        assert (await served.post(signed()))[0] == 200
        assert (await look(served, officer, reply["id"]))["state"] == "running"
        go.set()
        assert (await finished(served, officer, reply["id"]))["state"] == "done"


# -- Yesterday's file, again -------------------------------------------------------------------------------------------


async def test_the_same_file_again_brings_nothing_new(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    first = await imported(served, officer, camt(YESTERDAY))
    again = await imported(served, officer, camt(YESTERDAY))
    assert first["id"] != again["id"]
    assert (again["state"], again["read"]["new"], again["read"]["already_imported"]) == ("done", 0, True)
    assert await served.fetchval("SELECT count(*) FROM statement_line") == 5


async def test_one_row_changed_brings_that_row(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    await imported(served, officer, camt(YESTERDAY))
    told = await imported(served, officer, camt([*YESTERDAY[:-1], YESTERDAY[-1]._replace(amount=7)]))
    assert (told["read"]["new"], told["read"]["known"]) == (1, 4)


async def test_rows_swapped_bring_nothing_new(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    await imported(served, officer, camt(YESTERDAY))
    told = await imported(served, officer, camt(reversed(YESTERDAY)))
    assert (told["read"]["new"], told["read"]["known"]) == (0, 5)
    assert await served.fetchval("SELECT count(*) FROM statement_line") == 5
