"""The feed of each tenant: what one-stop systems are told, in order, without a gap.

News is written in the transaction of the fact it tells, by whoever has it, and numbered after its commit, by whoever
reads next. Numberings of one tenant take turns on its head, so a reader that has seen a number has been able to see
every lower one: a cursor never skips what commits late.
"""

import json
from collections.abc import Sequence
from typing import Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.errors import NoLongerKeptError
from paygate.domain.news import FeedEvent

QUERIES: Final = load_queries("paygate.sql", "queries/feed.sql")

NUMBERED_AT_ONCE: Final = 10_000
"""News numbered in one transaction."""


async def tell_payments(connection: Connection, tenant_id: int, payment_ids: Sequence[int]) -> None:
    """Tell where payments have got to, those of them that brought money.

    To be called in the transaction that moved them there.
    """
    if payment_ids:
        await connection.execute(QUERIES["tell_payments"], tenant_id, payment_ids)


async def number_news(connection: Connection, tenant_id: int) -> None:
    """Give committed news its numbers, up to `NUMBERED_AT_ONCE` of it.

    To be called outside a transaction: one that began before others numbered would not see what they have done.
    """
    if not await connection.fetchval(QUERIES["is_there_news"], tenant_id):
        return
    async with connection.transaction():
        await connection.execute(QUERIES["begin_feed"], tenant_id)
        head = await connection.fetchval(QUERIES["take_head"], tenant_id)
        await connection.execute(QUERIES["number_news"], tenant_id, head, NUMBERED_AT_ONCE)


async def head_of(connection: Connection, tenant_id: int) -> int:
    """Return the last number given, 0 where nothing was told."""
    head: int | None = await connection.fetchval(QUERIES["read_head"], tenant_id)
    return head or 0


async def read_events(connection: Connection, tenant_id: int, after: int, limit: int) -> list[FeedEvent]:
    """Return the events that follow a number, in order.

    Raises:
        NoLongerKeptError: some of what followed it is over its time; who went on would miss it unseen.
    """
    rows = await connection.fetch(QUERIES["read_events"], tenant_id, after, limit)
    # Looked up last: what is trimmed between the two looks is then seen here.
    trimmed_to: int = await connection.fetchval(QUERIES["read_trimmed"], tenant_id) or 0
    if after < trimmed_to:
        raise NoLongerKeptError(f"the feed is kept from {trimmed_to + 1} on; begin after {trimmed_to}")
    return [feed_event(row) for row in rows]


def feed_event(row: asyncpg.Record) -> FeedEvent:
    """Read a row of the feed."""
    return FeedEvent(
        row["sequence"], f"evt_{row['event_id'].hex}", row["kind"], row["recorded_at"], json.loads(row["body"])
    )
