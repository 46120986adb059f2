"""A person undoes one match, or takes that back: exactly its facts are free again, and the matcher judges them anew."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from paygate.database import SEATS, SEATS_OF_ALL, Connection, TenantLock, load_queries
from paygate.domain.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)

QUERIES: Final = load_queries("reconciliation.sql", "parting.sql")

BY_HAND: Final = "by_hand"
"""The rule of what a person has joined."""
MOST_PAIRS: Final = 10_000
"""Pairs of one match that a person can part: each is a row which every pass has to heed."""
WAIT_SECONDS: Final = 10
"""For a turn of the matcher to end."""
MOST_REFERENCES: Final = 20
"""References of a match that are named to who reads what was undone."""

Undone = Mapping[str, Any]
"""What was undone or rejoined: `id`, `leg`, `rule`, `difference`, `payments` (references), `lines` (a count)."""


async def undo_match(
    connection: Connection, tenant_id: int, match_id: int, *, person: str, reason: str
) -> Undone | None:
    """Take a match away and part its pairs, inside the caller's transaction; None when a person has done so before.

    Raises:
        NotFoundError: the tenant has no such match.
        ConflictError: it no longer holds, because its facts changed or were rejoined.
        InvalidInputError: it has too many pairs.
    """
    await take_turn(connection, tenant_id)
    match = await connection.fetchrow(QUERIES["find_match"], tenant_id, match_id)
    if match is None:
        former = await _find_former(connection, tenant_id, match_id)
        if former["undone_by"] is None or not former["parted"]:
            raise ConflictError(
                "match %(number)s no longer holds; its facts have been matched anew since", number=match_id
            )
        return None
    pairs = len(match["line_ids"]) * (1 if match["batch_id"] else len(match["payment_ids"]))
    if pairs > MOST_PAIRS:
        raise InvalidInputError(
            "match %(number)s has %(pairs)s pairs; at most %(most)s can be parted",
            number=match_id,
            pairs=pairs,
            most=MOST_PAIRS,
        )
    await connection.execute(QUERIES["put_match_into_history"], tenant_id, match_id, person, reason)
    sides = match["payment_ids"], match["batch_id"], match["line_ids"]
    await connection.execute(QUERIES["part_pairs"], tenant_id, match["leg"], match_id, person, reason, *sides)
    if match["rule"] == BY_HAND:
        await connection.execute(QUERIES["forget_joining"], tenant_id, match["payment_ids"])
    await _free(connection, tenant_id, match)
    return await _tell(connection, tenant_id, match_id, match)


async def rejoin_match(connection: Connection, tenant_id: int, match_id: int) -> Undone | None:
    """Take the undoing of a match back, inside the caller's transaction; None when that was done before.

    What a person had joined is so again.

    Raises:
        NotFoundError: the tenant has no such match, or no person has undone it.
        ConflictError: a person has joined some of it with other facts since.
    """
    await take_turn(connection, tenant_id)
    former = await _find_former(connection, tenant_id, match_id)
    if former["undone_by"] is None:
        raise NotFoundError("nobody has undone match %(number)s", number=match_id)
    if not former["parted"]:
        return None
    await connection.execute(QUERIES["forget_parting"], tenant_id, match_id)
    if former["rule"] == BY_HAND:
        await join_facts(connection, tenant_id, former["payment_ids"], former["line_ids"])
    await _free(connection, tenant_id, former)
    return await _tell(connection, tenant_id, match_id, former)


async def undo_alone(
    connection: Connection, tenant_id: int, match_id: int, *, person: str, reason: str
) -> Undone | None:
    """Undo as `undo_match` what the matcher has matched: one person may say that it erred.

    Raises:
        NotAllowedError: two people have joined it, and two part it, by a proposal.
        NotFoundError, ConflictError, InvalidInputError: as `undo_match`.
    """
    await take_turn(connection, tenant_id)
    match = await connection.fetchrow(QUERIES["find_match"], tenant_id, match_id)
    if match is not None and match["rule"] == BY_HAND:
        raise NotAllowedError("two people joined match %(number)s: propose to split it", number=match_id)
    return await undo_match(connection, tenant_id, match_id, person=person, reason=reason)


async def rejoin_alone(connection: Connection, tenant_id: int, match_id: int) -> Undone | None:
    """Take an undoing back as `rejoin_match`, where one person alone has undone it.

    Raises:
        NotAllowedError: two people have split it, and two join its facts again, by a proposal.
        NotFoundError, ConflictError: as `rejoin_match`.
    """
    await take_turn(connection, tenant_id)
    if await connection.fetchval(QUERIES["have_two_split"], tenant_id, match_id):
        raise NotAllowedError("two people split match %(number)s: propose to link its facts", number=match_id)
    return await rejoin_match(connection, tenant_id, match_id)


async def join_facts(
    connection: Connection, tenant_id: int, payment_ids: Sequence[int], line_ids: Sequence[int]
) -> None:
    """Have payments and bank lines matched with each other whatever they say, inside the caller's transaction.

    Raises:
        ConflictError: a person has joined some of them already.
    """
    if await connection.fetchval(QUERIES["is_any_joined"], tenant_id, payment_ids, line_ids):
        raise ConflictError("some of this is joined with other facts")
    await connection.execute(QUERIES["join_facts"], tenant_id, payment_ids, line_ids)
    await connection.execute(QUERIES["free_payments"], tenant_id, payment_ids)
    await connection.execute(QUERIES["free_lines"], tenant_id, line_ids, None)


async def take_turn(connection: Connection, tenant_id: int) -> None:
    """Keep the matcher from a tenant until the caller's transaction ends.

    Raises:
        TemporaryError: it has not ended its turn in `WAIT_SECONDS`, or as many wait for that as may.
    """
    if await connection.fetchval(QUERIES["try_the_matchers_turn"], TenantLock.MATCHING, tenant_id):
        return
    if not await connection.fetchval(QUERIES["take_a_seat"], SEATS, SEATS_OF_ALL):
        raise DatabaseUnavailableError("the matcher is at work for the tenant, and others wait; try again in a while")
    await connection.execute(QUERIES["bound_wait"], f"{WAIT_SECONDS}s")
    try:
        await connection.execute(QUERIES["take_the_matchers_turn"], TenantLock.MATCHING, tenant_id)
    except asyncpg.LockNotAvailableError as error:
        raise DatabaseUnavailableError("the matcher is at work for the tenant; try again in a while") from error
    await connection.execute(QUERIES["bound_wait"], "0")


async def _find_former(connection: Connection, tenant_id: int, match_id: int) -> asyncpg.Record:
    former = await connection.fetchrow(QUERIES["find_former_match"], tenant_id, match_id)
    if former is None:
        raise NotFoundError("there is no such match")
    return former


async def _free(connection: Connection, tenant_id: int, match: asyncpg.Record) -> None:
    """Have the matcher look at the match's facts again, and at nothing else."""
    await connection.execute(QUERIES["free_payments"], tenant_id, match["payment_ids"])
    await connection.execute(QUERIES["free_lines"], tenant_id, match["line_ids"], match["batch_id"])


async def _tell(connection: Connection, tenant_id: int, match_id: int, match: asyncpg.Record) -> Undone:
    named = match["payment_ids"][:MOST_REFERENCES]
    rows = await connection.fetch(QUERIES["references_of_payments"], tenant_id, named)
    return {
        "id": match_id,
        "leg": match["leg"],
        "rule": match["rule"],
        "difference": match["difference"],
        "payments": [row["reference"] for row in rows],
        "lines": len(match["line_ids"]),
    }
