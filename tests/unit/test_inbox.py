"""The inbox on a real database: what is new, what is a repeat, what contradicts, and what happens to the unlucky."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from paygate.database import Database, connect
from paygate.domain.errors import DatabaseUnavailableError, InboxFullError, PaygateError
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState
from paygate.domain.notice import ReceivedNotice, Stored, Told, dedupe_key, twin_key
from paygate.inbox import BATCH_LIMIT, GroupCommitInbox, Lane, open_inbox
from tests.ledger_facts import Place, a_notice, a_place
from tests.served import a_line_to


def put(inbox: GroupCommitInbox, row: ReceivedNotice) -> asyncio.Future[Stored]:
    answer: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
    inbox.put(row, answer)
    return answer


@dataclass(frozen=True)
class Desk:
    """An open inbox, the place its notices are for, and how often it told of a commit."""

    inbox: GroupCommitInbox
    place: Place
    commits: list[int]

    def a_row(self, body: bytes = b"{}", **changes: Any) -> ReceivedNotice:
        facts = a_notice(reference=changes.pop("named", "REF-1"))
        row = ReceivedNotice(
            tenant_id=self.place.tenant_id,
            source_id=self.place.source_id,
            dedupe_key=dedupe_key(facts),
            body_hash=sha256(body).digest(),
            conflicting=False,
            method="POST",
            body=body,
            headers=None,
            key_id=0,
            request_id="r-1",
            received_at=datetime.now(UTC),
            state=NoticeState.RECEIVED,
            reason=None,
            reference=facts.reference,
            transaction_id=facts.transaction_id,
            said_state=PaymentState.PAID,
            outcome=Outcome.PAID,
            amount=facts.amount,
            currency=facts.currency,
            occurred_at=facts.occurred_at,
            description="",
        )
        return row._replace(**changes)

    async def put_together(self, *rows: ReceivedNotice) -> list[Stored]:
        """Queue rows so that one statement takes them all."""
        return await asyncio.gather(*[put(self.inbox, row) for row in rows])


@pytest.fixture
async def desk(database: Database, database_url: str) -> AsyncIterator[Desk]:
    async with database.connection() as connection:
        place = await a_place(connection)
    commits: list[int] = []
    async with open_inbox(database_url, limit=5000, committed=lambda: commits.append(1)) as inbox:
        yield Desk(inbox, place, commits)


async def rows_of(database: Database) -> list[asyncpg.Record]:
    async with database.connection() as connection:
        return await connection.fetch("SELECT * FROM notice ORDER BY notice_id")


async def test_a_new_notice_is_new_and_a_repeat_is_not_stored_again(desk: Desk, database: Database) -> None:
    assert await put(desk.inbox, desk.a_row()) is Stored.NEW
    assert await put(desk.inbox, desk.a_row()) is Stored.REPEAT
    assert len(await rows_of(database)) == 1


async def test_every_field_is_stored_as_given(desk: Desk, database: Database) -> None:
    given = desk.a_row(b"\x00\xff", headers='{"a": "b"}', key_id=3, dossier_code="D", description="é", alarm="look")
    await put(desk.inbox, given)
    (row,) = await rows_of(database)
    assert {name: row[name] for name in ReceivedNotice._fields} == given._asdict()


async def test_the_same_identity_with_another_body_is_kept_beside_the_first(desk: Desk, database: Database) -> None:
    first, other = desk.a_row(b"one"), desk.a_row(b"two")
    outcomes = [await put(desk.inbox, row) for row in (first, other, other, first)]
    assert outcomes == [Stored.NEW, Stored.CONFLICT, Stored.REPEAT, Stored.REPEAT]
    kept = await rows_of(database)
    assert [(row["body"], row["conflicting"]) for row in kept] == [(b"one", False), (b"two", True)]
    assert kept[1]["dedupe_key"] == twin_key(
        other.dedupe_key, Told(other.method, other.body_hash, other.amount, other.currency)
    )


async def test_what_comes_together_is_told_apart_as_if_it_came_one_by_one(desk: Desk, database: Database) -> None:
    one, other = desk.a_row(b"one"), desk.a_row(b"two")
    outcomes = await desk.put_together(one, one, other, other, desk.a_row(named="REF-2"))
    assert outcomes == [Stored.NEW, Stored.REPEAT, Stored.CONFLICT, Stored.REPEAT, Stored.NEW]
    assert len(await rows_of(database)) == 3


async def test_another_source_has_identities_of_its_own(desk: Desk, database: Database) -> None:
    async with database.connection() as connection:
        elsewhere = await a_place(connection, "haiphong")
    row = desk.a_row()
    there = row._replace(tenant_id=elsewhere.tenant_id, source_id=elsewhere.source_id)
    assert await desk.put_together(row, there) == [Stored.NEW, Stored.NEW]


async def test_those_who_wait_together_share_a_commit(desk: Desk) -> None:
    await desk.put_together(*(desk.a_row(named=f"REF-{number}") for number in range(BATCH_LIMIT)))
    assert len(desk.commits) <= 2


@pytest.mark.parametrize(
    "unstorable",
    [{"description": "a\0b"}, {"reference": "\ud800"}, {"amount": 2**63}, {"occurred_at": "yesterday"}],
    ids=["nul", "lone surrogate", "beyond 64 bits", "wrong type"],
)
async def test_a_row_that_cannot_be_stored_is_kept_raw_and_harms_no_neighbour(
    desk: Desk, database: Database, unstorable: dict[str, Any]
) -> None:
    rows = [desk.a_row(named=f"REF-{number}") for number in range(50)]
    rows[17] = desk.a_row(b"the unlucky one", named="REF-17", **unstorable)
    assert await desk.put_together(*rows) == [Stored.NEW] * 50
    kept = {row["body"]: row for row in await rows_of(database) if row["state"] == "quarantined"}
    assert list(kept) == [b"the unlucky one"]
    assert "cannot be stored" in kept[b"the unlucky one"]["reason"]
    assert kept[b"the unlucky one"]["reference"] is None
    assert await put(desk.inbox, rows[17]) is Stored.REPEAT


async def test_a_row_that_cannot_be_kept_at_all_fails_alone(desk: Desk) -> None:
    bad = desk.a_row(named="BAD", state=NoticeState.QUARANTINED, dedupe_key=b"short")
    good, failed = put(desk.inbox, desk.a_row()), put(desk.inbox, bad)
    with pytest.raises(PaygateError, match="cannot be stored"):
        await failed
    assert await good is Stored.NEW


async def test_the_commit_is_pinned_whatever_the_server_is_told_later(database_url: str) -> None:
    async with connect(database_url) as connection:
        await connection.execute("SET synchronous_commit = off")
        await Lane.prepare(connection)
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_a_stricter_commit_stays(database_url: str) -> None:
    async with connect(database_url) as connection:
        await connection.execute("SET synchronous_commit = remote_apply")
        await Lane.prepare(connection)
        assert await connection.fetchval("SHOW synchronous_commit") == "remote_apply"


async def test_on_leaving_what_is_queued_is_stored(database: Database, database_url: str) -> None:
    async with database.connection() as connection:
        place = await a_place(connection)
    async with open_inbox(database_url, limit=5000, committed=list) as inbox:
        desk = Desk(inbox, place, [])
        answers = [put(inbox, desk.a_row(named=f"REF-{number}")) for number in range(2500)]
    assert {answer.result() for answer in answers} == {Stored.NEW}


async def test_more_than_the_limit_is_refused(desk: Desk, database_url: str) -> None:
    async with open_inbox(database_url, limit=2, committed=list) as small:
        answers = [put(small, desk.a_row(named=f"REF-{number}")) for number in range(2)]
        assert small.full
        with pytest.raises(InboxFullError):
            put(small, desk.a_row(named="REF-3"))
        await asyncio.gather(*answers)


async def test_a_handler_that_gave_up_takes_nothing_from_the_others(desk: Desk, database: Database) -> None:
    gone, stays = put(desk.inbox, desk.a_row(named="GONE")), put(desk.inbox, desk.a_row(named="STAYS"))
    gone.cancel()
    assert await stays is Stored.NEW
    assert len(await rows_of(database)) == 2


async def test_a_lost_connection_fails_who_waits_and_is_replaced(
    desk: Desk, database: Database, database_url: str, tmp_path: Path
) -> None:
    async with a_line_to(database_url, tmp_path) as (url, line), open_inbox(url, limit=10, committed=list) as inbox:
        line.freeze()
        answer = put(inbox, desk.a_row())
        await asyncio.sleep(0.05)
        await line.cut()
        with pytest.raises(DatabaseUnavailableError):
            await answer
        with pytest.raises(DatabaseUnavailableError):
            put(inbox, desk.a_row())
        await line.mend()
        await asyncio.wait_for(inbox.ready(), 5)
        assert await put(inbox, desk.a_row()) in {Stored.NEW, Stored.REPEAT}
    assert len(await rows_of(database)) == 1


async def test_an_idle_connection_that_the_server_ends_is_replaced_before_it_is_needed(
    desk: Desk, database: Database
) -> None:
    await put(desk.inbox, desk.a_row())
    async with database.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await asyncio.sleep(0.05)
    await asyncio.wait_for(desk.inbox.ready(), 5)
    assert await put(desk.inbox, desk.a_row(named="REF-2")) is Stored.NEW
