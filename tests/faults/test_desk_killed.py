"""`kill -9` of the service in the middle of what people began at the desk: it ends once, its halves are nobody's."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from paygate.access import Role
from paygate.audit import verify
from paygate.database import Connection, connect
from paygate.domain.lifecycle import NoticeState
from paygate.uploads import PIECE, STRAY_SECONDS
from tests.desk import Visitor, a_person
from tests.desk_cases import WHY
from tests.faults.load import a_process
from tests.faults.serve_for_a_fault import PART
from tests.inbox_pages import place_of
from tests.ledger_facts import put_notice
from tests.outside_stories import BANK, CLOSED, DAY
from tests.province import NUMBERS, code_of, table
from tests.served import Served, a_paid_notice

DESK: Final = "/desk/haiduong"
LIST: Final = f"{DESK}/discrepancies"
REPORT: Final = f"{DESK}/reports/{CLOSED}"
DOSSIER: Final = code_of(NUMBERS["the_dossier_still_asks_for_payment"])
NOTICES: Final = 60
HALF_PIECES: Final = 3
LOOKS: Final = 400
LINE: Final = {"booked_on": DAY, "reference": "", "narrative": "ONE LINE", "credit": "12345", "debit": ""}
WAITERS: Final = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
LEASES_END: Final = "UPDATE job SET due_at = now() - interval '1 second' WHERE state = 'running' RETURNING job_id"
"""What time does; the test does not wait for it."""


@asynccontextmanager
async def a_desk(database_url: str, folder: Path, *visitors: Visitor) -> AsyncIterator[Served]:
    """Serve until left, and be killed then; visitors go on where they were."""
    async with a_process(database_url, "desk", str(folder)) as (url, process), aiohttp.ClientSession() as session:
        served = Served(url, session, database_url)
        for visitor in visitors:
            visitor.served = served
        yield served
        process.kill()
        await process.wait()


async def until(look: Awaitable[Any] | Any, *arguments: Any, is_: Any = True) -> None:
    """Look until what is seen is so."""
    for _ in range(LOOKS):
        seen = await look(*arguments)
        if seen == is_:
            return
        await asyncio.sleep(0.05)
    raise AssertionError((arguments, seen))


async def no_more_leases(database_url: str) -> None:
    async with connect(database_url) as connection:
        assert await connection.fetch(LEASES_END)


class Begun:
    """What is under way at the desk, each standing still in its middle behind a lock of ours."""

    def __init__(self, holder: Connection, admin: Visitor, auditor: Visitor) -> None:
        self.holder = holder
        self.admin = admin
        self.auditor = auditor
        self.sent: list[asyncio.Task[Any]] = []
        self.forms: dict[str, dict[str, Any]] = {}
        self.export = ""

    def send(self, where: str, **fields: Any) -> None:
        """Send a form that will not be answered; it is kept to be sent again."""
        self.forms[where] = {**self.admin.hidden, **fields}
        self.sent.append(asyncio.create_task(self.admin.post(where, self.forms[where])))

    async def again(self, where: str) -> str:
        """Send a form once more, as whoever got no answer does."""
        status, text = await self.admin.post(where, self.forms[where])
        assert status == 200, text
        return text

    async def act_on_many(self) -> str:
        """Propose something of all that is listed; the first of the second part is held."""
        await self.admin.get(LIST)
        await self.admin.post(f"{LIST}/acts", {"act": "propose", "list": "", "scope": "all"})
        where = self.admin.url
        held = (
            "SELECT discrepancy_id FROM discrepancy WHERE discrepancy_id = (SELECT"
            " (content->'items'->$1::integer->>0)::bigint FROM selection WHERE selection_id = $2) FOR UPDATE"
        )
        assert await self.holder.fetchval(held, PART, where.rpartition("/")[2])
        self.send(where, kind="write_off", reason=WHY)
        done = "SELECT (content->>'at')::integer FROM selection WHERE selection_id = $1"
        await until(self.admin.served.fetchval, done, where.rpartition("/")[2], is_=PART)
        return where

    async def make_a_file(self) -> str:
        await self.holder.execute("LOCK TABLE export_piece IN ACCESS EXCLUSIVE MODE")
        await self.admin.get(REPORT)
        status, _ = await self.admin.post(f"{REPORT}/exports", {"kind": "csv", "run": ""})
        assert status == 200
        await until(self.admin.served.fetchval, WAITERS, "export_piece", is_=1)
        return self.admin.url

    async def replay_and_check(self) -> tuple[str, str]:
        """Put many notices to work again, and have a chain checked; both stand before the chain."""
        place = await place_of(self.admin.served, "direct")
        async with connect(self.admin.served.database_url) as opened:
            for number in range(NOTICES):
                facts = a_paid_notice(reference=f"KILLED{number}", transaction_id=f"K{number}", dossier_code=DOSSIER)
                await put_notice(opened, place, facts, state=NoticeState.DEAD, reason="exhausted", attempts=13)
        await self.admin.get(f"{DESK}/notices?state=dead")
        status, text = await self.admin.post(f"{DESK}/notices/replays", {"which": "all", "state": "dead", "back": ""})
        assert status == 200, text
        replay = self.admin.url
        await self.auditor.get("/desk/haiphong/audit")
        await self.holder.execute("LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE")
        self.send(replay)
        await self.auditor.post("/desk/haiphong/audit/checks", allow_redirects=False)
        await until(self.admin.served.fetchval, WAITERS, "audit_entry", is_=2)
        check = await self.admin.served.fetchval("SELECT job_id FROM job WHERE kind = 'audit_check'")
        return replay, f"/desk/haiphong/audit/checks/{check}"

    async def hand_in_half(self, folder: Path) -> None:
        """Send the first half of a form with a file, and no more of it."""
        await self.admin.get(f"{DESK}/imports")
        fields = {**self.admin.hidden, "account": "001", "format": "table", "mapping": "bank"}
        parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{one}\r\n' for key, one in fields.items()]
        parts.append('--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nbooked_on,')

        async def body() -> AsyncIterator[bytes]:
            yield "".join(parts).encode()
            for _ in range(HALF_PIECES):
                yield b"x" * PIECE
            await asyncio.get_running_loop().create_future()

        form = self.admin.send(f"{DESK}/imports", body(), "multipart/form-data; boundary=x")
        self.sent.append(asyncio.create_task(form))
        await until(_count, folder / "uploads", is_=1)

    async def broken_off(self) -> None:
        """See every form that was under way fail."""
        for one in self.sent:
            with suppress(aiohttp.ClientError):
                await one
                raise AssertionError("it was answered")
        self.sent.clear()


async def _count(folder: Path) -> int:
    return len(await asyncio.to_thread(os.listdir, folder)) if await asyncio.to_thread(folder.is_dir) else 0


async def taken(visitor: Visitor, path: str) -> tuple[int, bytes]:
    async with visitor.session.get(visitor.served.url + path) as reply:
        return reply.status, await reply.read()


async def ended(visitor: Visitor, where: str) -> str:
    """Wait for the end of the work that a page shows."""
    for _ in range(LOOKS):
        status, text = await visitor.get(where)
        assert status == 200, text
        if "data-again" not in text:
            return text
        await asyncio.sleep(0.05)
    raise AssertionError(text)


async def test_what_was_begun_at_the_desk_ends_once_though_the_service_is_killed_in_its_middle(
    province_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with connect(province_url) as holder, holder.transaction(), a_desk(province_url, tmp_path) as served:
            admin, auditor = [await stack.enter_async_context(Visitor(served)) for _ in range(2)]
            await admin.sign_in(await a_person(served, *Role))
            await auditor.sign_in(await a_person(served, Role.AUDITOR, tenant="haiphong"))
            begun = Begun(holder, admin, auditor)
            await begun.hand_in_half(tmp_path)
            acted = await begun.act_on_many()
            made = await begun.make_a_file()
            replayed, check = await begun.replay_and_check()
            assert (await taken(admin, f"{made}/file"))[0] == 404, "nobody is handed half a file"
            assert await _count(tmp_path / "reports") == 1
        await begun.broken_off()
        assert await _count(tmp_path / "reports") == 1, "the kill left nothing that would have to be cleaned"
        [half] = (tmp_path / "uploads").iterdir()
        os.utime(half, (0, half.stat().st_mtime - 2 * STRAY_SECONDS))
        await no_more_leases(province_url)

        async with a_desk(province_url, tmp_path, admin, auditor) as served:
            assert await served.fetchval("SELECT count(*) FROM notice WHERE state = 'dead'") == NOTICES
            assert await served.fetchval("SELECT count(*) FROM proposal") == PART
            await ended(admin, made)
            assert await taken(admin, f"{made}/file") == await taken(admin, f"{REPORT}.csv")
            assert "data-again" not in await ended(auditor, check)
            assert await served.fetchval(
                "SELECT bool_and(state = 'done' AND turn = 2) FROM job WHERE kind IN ('export', 'audit_check')"
            )
            for _ in range(2):
                await begun.again(replayed)
            await until(served.fetchval, "SELECT count(*) FROM notice WHERE state IN ('dead', 'retrying')", is_=0)
            await begun.again(acted)
            while admin.url == acted:  # it has taken long, and goes on with the page that says so
                await admin.post(acted)
            await until(_count, tmp_path / "reports", is_=0)
            await until(_count, tmp_path / "uploads", is_=0)
            await everything_once(served)


async def everything_once(served: Served) -> None:
    for counted, expected in (
        ("SELECT count(*) FROM audit_entry WHERE act = 'notices_replayed'", 1),
        ("SELECT count(*) FROM payment WHERE reference LIKE 'KILLED%'", NOTICES),
        ("SELECT count(*) FROM job WHERE kind IN ('export', 'audit_check')", 2),
        ("SELECT count(DISTINCT job_id) FROM export_piece", 1),
        ("SELECT max(n) FROM (SELECT count(*) AS n FROM proposal GROUP BY discrepancy_id) AS x", 1),
    ):
        assert await served.fetchval(counted) == expected, counted
    assert await served.fetchval("SELECT count(*) FROM proposal") > PART
    async with connect(served.database_url) as connection:
        for row in await connection.fetch("SELECT tenant_id FROM tenant"):
            assert (await verify(connection, row["tenant_id"])).broken is None


async def test_a_file_that_was_handed_in_is_read_once_though_the_service_is_killed_while_it_reads(
    province_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with connect(province_url) as holder, holder.transaction(), a_desk(province_url, tmp_path) as served:
            admin = await stack.enter_async_context(Visitor(served))
            await admin.sign_in(await a_person(served, *Role))
            await holder.execute("LOCK TABLE statement_line IN SHARE MODE")
            await admin.get(f"{DESK}/imports")
            form = aiohttp.FormData(
                {**admin.hidden, "account": "001", "format": "table", "mapping": "bank"}, default_to_multipart=True
            )
            form.add_field(
                "file",
                table(BANK, [{**LINE, "narrative": f"LINE {number}"} for number in range(200)]),
                filename="a.csv",
            )
            status, text = await admin.send(f"{DESK}/imports", form)
            assert status == 200, text
            where = admin.url
            await until(served.fetchval, WAITERS, "statement_line", is_=1)
        await no_more_leases(province_url)
        async with a_desk(province_url, tmp_path, admin) as served:
            text = await ended(admin, where)
            assert re.search(r"\b200\b", text)
            read = "SELECT count(*) FROM statement_line WHERE narrative LIKE 'LINE %'"
            assert await served.fetchval(read) == 200
            assert (
                await served.fetchval(
                    "SELECT count(*) FROM job WHERE job_id = $1 AND state = 'done' AND turn = 2",
                    where.rpartition("/")[2],
                )
                == 1
            )
            await until(_count, tmp_path / "uploads", is_=0)
