"""How tables are read, as people say at the desk: proposed by one, approved by another, and then used by that name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from paygate import audit
from paygate.database import Connection, TenantLock, load_queries
from paygate.domain.casework import ProposalState
from paygate.domain.deeds import Deed
from paygate.domain.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError

QUERIES: Final = load_queries("paygate.sql", "queries/mappings.sql")

LONGEST_NAME: Final = 60
"""Characters."""
LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """A mapping to read by; `content` is as one of the configuration, whose `version` is None."""

    name: str
    version: int | None
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MappingVersion:
    """A version as stored. `sample` is what its maker saw of a file that was read by it."""

    mapping_id: int
    name: str
    version: int
    content: Mapping[str, Any]
    sample: Mapping[str, Any]
    note: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What somebody proposes; `note` says why."""

    name: str
    content: Mapping[str, Any]
    sample: Mapping[str, Any]
    note: str


def called(name: str | None, version: int | None) -> str:
    """Name a mapping and its version in one word; '' where there is none."""
    return "" if name is None else name if version is None else f"{name} v{version}"


def readable_name(given: str) -> str:
    """Return a name as it is kept.

    Raises:
        InvalidInputError: it is empty, too long, or could not be typed again.
    """
    name = " ".join(given.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInputError("a name has 1 to %(most)s characters that print", most=LONGEST_NAME)
    return name


async def approved(connection: Connection, tenant_id: int, name: str, version: int | None = None) -> Chosen | None:
    """Return a tenant's mapping in a version that was approved, the last of them unless another is named."""
    row = await connection.fetchrow(QUERIES["approved_mapping"], tenant_id, name.replace("\0", ""), version)
    return None if row is None else Chosen(row["name"], row["version"], json.loads(row["content"]))


async def list_approved(connection: Connection, tenant_id: int) -> list[Chosen]:
    """Return a tenant's mappings by name, each as it was approved last."""
    rows = await connection.fetch(QUERIES["list_approved_mappings"], tenant_id)
    return [Chosen(row["name"], row["version"], json.loads(row["content"])) for row in rows]


async def list_versions(connection: Connection, tenant_id: int) -> Sequence[Mapping[str, Any]]:
    """Return every version of a tenant's mappings without what it holds, by name, the newest first."""
    return [dict(row) for row in await connection.fetch(QUERIES["list_mappings"], tenant_id)]


async def find_version(connection: Connection, tenant_id: int, mapping_id: int) -> MappingVersion:
    """Find a version by its number.

    Raises:
        NotFoundError: the tenant has none.
    """
    row = await connection.fetchrow(QUERIES["read_mapping"], tenant_id, mapping_id)
    if row is None:
        raise NotFoundError("there is no such mapping")
    fields = dict(row)
    fields["state"] = ProposalState(row["state"])
    fields["content"], fields["sample"] = json.loads(row["content"]), json.loads(row["sample"])
    return MappingVersion(**fields)


async def propose(connection: Connection, tenant_id: int, proposed: Proposed, person: str) -> MappingVersion:
    """Store the next version of a mapping, to be approved by somebody else. To be called inside a transaction.

    Raises:
        ConflictError: one of that name waits for its approval already.
    """
    await connection.execute(QUERIES["lock_mappings"], TenantLock.MAPPINGS, tenant_id)
    try:
        async with connection.transaction():
            number = await connection.fetchval(
                QUERIES["store_mapping"],
                tenant_id,
                proposed.name,
                json.dumps(proposed.content),
                json.dumps(proposed.sample),
                proposed.note,
                person,
            )
    except asyncpg.UniqueViolationError:
        raise ConflictError("a version of this mapping waits for its approval; decide that one first") from None
    made = await find_version(connection, tenant_id, number)
    await _tell(connection, tenant_id, made, person, Deed.MAPPING_PROPOSED, {"content": dict(made.content)})
    return made


async def approve(connection: Connection, tenant_id: int, mapping_id: int, person: str) -> MappingVersion:
    """Let files be read by a version from now on. To be called inside a transaction.

    Raises:
        NotFoundError, NotAllowedError, ConflictError: as `reject`.
    """
    return await _decide(connection, tenant_id, mapping_id, ProposalState.APPROVED, person, "")


async def reject(connection: Connection, tenant_id: int, mapping_id: int, person: str, answer: str) -> MappingVersion:
    """Send a version back to its maker with the reason. To be called inside a transaction.

    Raises:
        NotFoundError: the tenant has none of that number.
        NotAllowedError: it is the person's own.
        ConflictError: somebody has decided it.
        InvalidInputError: no reason is given.
    """
    if not answer.strip():
        raise InvalidInputError("a reason is needed; the maker will read it")
    return await _decide(connection, tenant_id, mapping_id, ProposalState.REJECTED, person, answer)


async def withdraw(connection: Connection, tenant_id: int, mapping_id: int, person: str) -> MappingVersion:
    """Take one's own proposal back. To be called inside a transaction.

    Raises:
        NotFoundError, ConflictError: as `reject`.
        NotAllowedError: it is another's.
    """
    return await _decide(connection, tenant_id, mapping_id, ProposalState.WITHDRAWN, person, "")


async def _decide(  # noqa: PLR0913, PLR0917 -- what, by whom and how
    connection: Connection, tenant_id: int, mapping_id: int, state: ProposalState, person: str, answer: str
) -> MappingVersion:
    await connection.execute(QUERIES["lock_mappings"], TenantLock.MAPPINGS, tenant_id)
    found = await find_version(connection, tenant_id, mapping_id)
    if found.state is not ProposalState.OPEN:
        raise ConflictError("%(person)s decided it already: %(state)s", person=found.decided_by, state=found.state)
    own = person == found.proposed_by
    withdrawing = state is ProposalState.WITHDRAWN
    if own and not withdrawing:
        raise NotAllowedError("who proposed it cannot decide it")
    if withdrawing and not own:
        raise NotAllowedError("only who proposed it takes it back")
    await connection.execute(
        QUERIES["decide_mapping"], tenant_id, mapping_id, state, person, answer.strip()[:LONGEST_NOTE] or None
    )
    decided = await find_version(connection, tenant_id, mapping_id)
    await _tell(connection, tenant_id, decided, person, Deed(f"mapping_{state}"), {"answer": decided.answer})
    return decided


async def _tell(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
    connection: Connection, tenant_id: int, one: MappingVersion, person: str, act: Deed, more: Mapping[str, Any]
) -> None:
    detail = {"name": one.name, "version": one.version, **more}
    await audit.append(connection, tenant_id, person, act, f"mapping:{one.mapping_id}", detail)
