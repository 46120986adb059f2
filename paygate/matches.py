"""What people decide about matches: done and written into the chain of who did what in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from paygate import audit
from paygate.database import Connection, Database
from paygate.domain.deeds import Deed
from paygate.domain.errors import InvalidInputError

LONGEST_REASON: Final = 500
"""Characters."""


class Undo(Protocol):
    """Undoes a match and tells what it was; None where that was done before."""

    async def __call__(
        self, connection: Connection, tenant_id: int, match_id: int, *, person: str, reason: str
    ) -> Mapping[str, Any] | None: ...


class Rejoin(Protocol):
    """Takes the undoing of a match back and tells what it was; None where that was done before."""

    async def __call__(self, connection: Connection, tenant_id: int, match_id: int) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches of every tenant. What is done twice is done, and written down, once."""

    database: Database
    undo_match: Undo
    rejoin_match: Rejoin

    async def undo(self, tenant_id: int, match_id: int, *, person: str, reason: str) -> bool:
        """Undo a match; False when it was undone before.

        Raises:
            InvalidInputError: there is no reason, or none that can be kept.
            NotAllowedError, NotFoundError, ConflictError, InvalidInputError, TemporaryError: as the matcher says.
        """
        reason = _checked(reason)
        async with self.database.transaction() as connection:
            undone = await self.undo_match(connection, tenant_id, match_id, person=person, reason=reason)
            await _write_down(connection, tenant_id, person, Deed.MATCH_UNDONE, undone, reason)
        return undone is not None

    async def rejoin(self, tenant_id: int, match_id: int, *, person: str, reason: str) -> bool:
        """Take the undoing of a match back; False when that was done before. Raises as `undo`."""
        reason = _checked(reason)
        async with self.database.transaction() as connection:
            rejoined = await self.rejoin_match(connection, tenant_id, match_id)
            await _write_down(connection, tenant_id, person, Deed.MATCH_REJOINED, rejoined, reason)
        return rejoined is not None


def _checked(reason: str) -> str:
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON or not said.isprintable():
        raise InvalidInputError("say why, in 1 to %(most)s characters of one line", most=LONGEST_REASON)
    return said


async def _write_down(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
    connection: Connection, tenant_id: int, person: str, act: Deed, done: Mapping[str, Any] | None, reason: str
) -> None:
    if done is not None:
        detail = {**done, "reason": reason}
        await audit.append(connection, tenant_id, person, act, f"match:{done['id']}", detail)
