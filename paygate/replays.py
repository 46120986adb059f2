"""Notices put to work again, with what that would come to shown before: tried in the ledger itself, and taken back."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

import asyncpg

from paygate import audit, notices
from paygate.database import Connection, load_queries
from paygate.domain.errors import DatabaseUnavailableError
from paygate.domain.payment import Applied, DueNotice
from paygate.notices import Plan, ReplayCounts, Selection, Translate
from paygate.worker import due_notice

QUERIES: Final = load_queries("paygate.sql", "queries/replays.sql")

TRIED_AT_ONCE: Final = 500
"""Notices whose payments are held while they are tried."""


class Fate(StrEnum):
    """What a replay would make of a notice."""

    APPLIES = "applies"
    KNOWN = "known"
    WAITS = "waits"
    UNREADABLE = "unreadable"
    FAILS = "fails"


ACTED_ON: Final = frozenset({Fate.APPLIES, Fate.KNOWN})
"""The others would come to stand where they stand."""


class ApplyBatch(Protocol):
    """Folds notices into the ledger, inside the caller's transaction."""

    async def __call__(self, connection: Connection, tenant_id: int, notices: Sequence[DueNotice], /) -> Applied: ...


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of each notice. `settled` were named and need nothing; `reasons` say why some would not go.

    `amounts` add up what those say that would be applied, in minor units by currency.
    """

    fates: Mapping[int, Fate]
    settled: int = 0
    amounts: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    def count(self, fate: Fate) -> int:
        return Counter(self.fates.values())[fate]

    @property
    def acted_on(self) -> list[int]:
        """Return the notices that are worth replaying."""
        return [number for number, fate in self.fates.items() if fate in ACTED_ON]


@asynccontextmanager
async def _taken_back(connection: Connection) -> AsyncIterator[None]:
    """Leave no trace of what is tried inside, and hold nothing of it."""
    trying = connection.transaction()
    await trying.start()
    try:
        yield
    finally:
        await trying.rollback()


@dataclass(frozen=True, slots=True)
class Replays:
    """`translate` is how the sources' adapters read today, `apply` the ledger's own way in."""

    translate: Translate
    apply: ApplyBatch

    async def preview(self, connection: Connection, tenant_id: int, selection: Selection) -> Preview:
        """Try a replay and take it back. To be called inside a transaction.

        Raises:
            ConflictError: a notice of the same identity came in at this very moment.
        """
        async with _taken_back(connection):
            plan = await notices.lay_plan(connection, tenant_id, selection, self.translate)
            await notices.carry_out(connection, tenant_id, plan)
            return await self._try(connection, tenant_id, plan)

    async def act(self, connection: Connection, tenant_id: int, numbers: Collection[int], person: str) -> ReplayCounts:
        """Put exactly these notices to work again and write down who did. To be called inside a transaction.

        What has come to rest meanwhile, or is under way, is left alone and counted as applied.

        Raises:
            ConflictError: as `preview`.
        """
        return await notices.replay(
            connection,
            tenant_id,
            Selection(tuple(numbers)),
            person,
            translate=self.translate,
            append_audit=audit.append,
        )

    async def _try(self, connection: Connection, tenant_id: int, plan: Plan) -> Preview:
        fates = dict.fromkeys((number for number, _ in plan.settled_now), Fate.KNOWN)
        fates |= dict.fromkeys((number for number, _ in plan.unreadable), Fate.UNREADABLE)
        reasons = Counter(reason for _, reason in plan.unreadable)
        amounts = Counter[str]()
        rows = await connection.fetch(QUERIES["read_retried"], tenant_id, plan.due)
        for start in range(0, len(rows), TRIED_AT_ONCE):
            some = rows[start : start + TRIED_AT_ONCE]
            tried = _Tried()
            await self._apply_or_halve(connection, tenant_id, some, tried)
            fates |= tried.fates
            reasons.update(tried.reasons)
            for row in some:
                if tried.fates.get(row["notice_id"]) is Fate.APPLIES:
                    amounts[row["currency"]] += row["amount"]
        return Preview(dict(sorted(fates.items())), plan.settled, dict(amounts), dict(reasons.most_common()))

    async def _apply_or_halve(
        self, connection: Connection, tenant_id: int, rows: Sequence[asyncpg.Record], tried: "_Tried"
    ) -> None:
        """Apply rows and take that back; where it fails, halve them until the one at fault stands alone."""
        try:
            async with _taken_back(connection):
                tried.note(rows, await self.apply(connection, tenant_id, [due_notice(row) for row in rows]))
        except DatabaseUnavailableError:
            raise
        except Exception as error:
            if connection.is_closed():
                raise
            if len(rows) == 1:
                tried.fail(rows[0]["notice_id"], error)
                return
        else:
            return
        middle = len(rows) // 2
        await self._apply_or_halve(connection, tenant_id, rows[:middle], tried)
        await self._apply_or_halve(connection, tenant_id, rows[middle:], tried)


@dataclass(slots=True)
class _Tried:
    fates: dict[int, Fate] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, rows: Sequence[asyncpg.Record], applied: Applied) -> None:
        for row in rows:
            number = row["notice_id"]
            self.fates[number] = Fate.WAITS if number in applied.parked else Fate.APPLIES

    def fail(self, number: int, error: Exception) -> None:
        self.fates[number] = Fate.FAILS
        # The first line alone: the server's further lines quote the row, and with it the payer.
        self.reasons[f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:200]] += 1
