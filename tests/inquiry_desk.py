"""A desk for tests of questions: the source that is asked, who asks it, and the ledger its answers come to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from adapters import registry
from paygate.database import Database
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, ReceivedNotice, dedupe_key
from paygate.inbox import store_within
from paygate.inquiry import Poller, Send
from tests.asked_source import (
    OPTIONS,
    SECRET,
    AskedSource,
    a_place_asked,
    a_poller,
    an_asked_source,
    loopback,
    questioned,
)
from tests.ledger_facts import Place, a_notice, a_worker, put_notice

EARLIER = datetime.now(UTC) - timedelta(hours=1)


@dataclass
class Desk:
    """A source that is asked, who asks it, and the ledger."""

    database: Database
    asked: AskedSource
    place: Place
    poller: Poller
    send: Send
    one: Any

    def another(self) -> Poller:
        """A second poller of the same source, as a second process or one after a restart has it."""
        return a_poller(self.database, self.one, self.send)

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def pending(self, reference: str = "REF-1", **changes: Any) -> None:
        facts = {"reference": reference, "state": PaymentState.PENDING, "outcome": Outcome.PENDING}
        async with self.database.connection() as connection:
            notice = a_notice(**({"occurred_at": EARLIER, "dossier_code": None} | facts | changes))
            await put_notice(connection, self.place, notice)
        await self.settle()

    async def notice(self, **changes: Any) -> None:
        """Take in a signed notice that the payment was paid, as intake does."""
        facts = the_payment(description="Lệ phí", **changes)
        method, body, _ = registry.simulator("vnpay", SECRET, OPTIONS["vnpay"]).request(facts, EARLIER)
        now = datetime.now(UTC)
        row = ReceivedNotice(
            *(self.place.tenant_id, self.place.source_id, dedupe_key(facts), sha256(body).digest(), False, method),
            *(body, None, 0, "r", now, NoticeState.RECEIVED, None, facts.reference, facts.transaction_id),
            *(facts.state, facts.outcome, facts.amount, facts.currency, facts.occurred_at, None, "", None),
        )
        async with self.database.transaction() as connection:
            await store_within(connection, row)
        await self.settle()

    async def settle(self) -> None:
        await a_worker(self.database).drain(self.place.tenant_id)

    async def request(self, reference: str, amount: int = 50_000, hours: float = 1.0) -> None:
        await self.fetch(
            "INSERT INTO payment_request (tenant_id, reference, dossier_code, amount, source_id, requested_at)"
            " VALUES ($1, $2, 'D', $3, $4, now() - make_interval(secs => $5)) RETURNING reference",
            self.place.tenant_id,
            reference,
            amount,
            self.place.source_id,
            hours * 3600,
        )

    async def round(self, poller: Poller | None = None) -> int:
        await (poller or self.poller).enrol(self.one)
        asked = await (poller or self.poller).ask(self.one)
        await self.settle()
        return asked

    async def due_again(self) -> None:
        await self.fetch("UPDATE inquiry SET next_ask_at = now() WHERE next_ask_at IS NOT NULL RETURNING reference")
        await self.fetch("UPDATE inquiry_pace SET rests_until = now() RETURNING source_id")

    async def payments(self) -> list[tuple[str, str, str, int]]:
        rows = await self.fetch("SELECT reference, transaction_id, state::text, amount FROM payment ORDER BY 1, 2")
        return [tuple(row) for row in rows]

    async def inquiry(self, reference: str = "REF-1") -> Any:
        rows = await self.fetch("SELECT * FROM inquiry WHERE reference = $1", reference)
        return rows[0] if rows else None


def the_payment(**changes: Any) -> NoticeFacts:
    return a_notice(occurred_at=EARLIER, dossier_code=None, transaction_id="14422574")._replace(**changes)


async def open_desk(database: Database, kind: str) -> AsyncIterator[Desk]:
    async with an_asked_source(kind) as asked, loopback() as send:
        source = await a_place_asked(database, asked)
        one = questioned(source, asked)
        place = Place(source.tenant.tenant_id, source.source_id, source.account_id or 0)
        yield Desk(database, asked, place, a_poller(database, one, send), send, one)
