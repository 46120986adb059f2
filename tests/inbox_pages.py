"""An inbox with something on each of its shelves, for tests of the pages that show it."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from paygate.database import connect
from paygate.domain.lifecycle import NoticeState
from paygate.records import upsert
from tests.ledger_facts import Place, a_failure, a_notice, a_record, put_notice, quarantine
from tests.served import Served, a_paid_notice, signed

HOSTILE: Final = '<script>alert(1)</script>=HYPERLINK("http://x")'


@dataclass(frozen=True)
class Inbox:
    """The numbers of the notices, by what would become of each."""

    dead: int
    waiting: int
    fixed: int
    unreadable: int
    known: int
    hostile: int


async def place_of(served: Served, code: str = "hd-dvcqg") -> Place:
    async with connect(served.database_url) as connection:
        row = await connection.fetchrow("SELECT tenant_id, source_id, account_id FROM source WHERE code = $1", code)
    assert row is not None
    return Place(*row)


async def put(served: Served, facts: Any = None, **columns: Any) -> int:
    place = await place_of(served)
    async with connect(served.database_url) as connection:
        return await put_notice(connection, place, facts or a_failure(), **columns)


async def put_untold(served: Served, body: bytes, *, source: str = "hd-dvcqg", **columns: Any) -> int:
    """Lay in a notice that was not understood when it came."""
    place = await place_of(served, source)
    async with connect(served.database_url) as connection:
        number = await quarantine(connection, place, body)
        for name, value in {"reason": "an amount is missing", **columns}.items():
            await connection.execute(f"UPDATE notice SET {name} = $2 WHERE notice_id = $1", number, value)
    return number


async def an_inbox(served: Served) -> Inbox:
    """Lay in one notice of each kind."""
    again = a_paid_notice(reference="REF-KNOWN", transaction_id="T-KNOWN")
    body = signed(again)
    place = await place_of(served)
    async with connect(served.database_url) as connection, connection.transaction():
        await upsert(connection, place.tenant_id, [a_record()])
    await put(served, again, body=body, body_hash=sha256(body).digest(), state=NoticeState.APPLIED)
    return Inbox(
        dead=await put(
            served, a_failure(reference="REF-DEAD"), state=NoticeState.DEAD, reason="exhausted", attempts=13
        ),
        waiting=await put(
            served,
            a_notice(reference="REF-WAITS", dossier_code=None, description=""),
            state=NoticeState.PARKED,
            reason="the record of its dossier has not come",
            waits_for=["REFWAITS"],
        ),
        fixed=await put_untold(served, signed(a_paid_notice(reference="REF-FIXED", transaction_id="T-FIXED"))),
        unreadable=await put_untold(served, b'{"a": "not ours"}'),
        known=await put_untold(served, body),
        hostile=await put_untold(served, HOSTILE.encode(), reason=HOSTILE, request_id=HOSTILE),
    )
