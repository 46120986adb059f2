"""A tenant with discrepancies and people who work on them, without a server in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from paygate.access import Role, add_person, grant_of, limit_person
from paygate.casework import Casework, Worker
from paygate.database import Database
from paygate.domain.calendar import Calendar
from paygate.domain.casework import Done, ProposalKind
from reconciliation import casework
from reconciliation.engine import match_dirty
from reconciliation.model import Reason
from reconciliation.oracle.facts import World
from reconciliation.policy import Policy
from tests.worlds import lay_world

CASEWORK: Final = Casework(casework, Calendar())
ROLES: Final = {"anh": Role.OFFICER, "binh": Role.APPROVER, "chi": Role.ADMIN, "dung": Role.AUDITOR}
"""Who works in the tenant."""


@dataclass(frozen=True, slots=True)
class Office:
    """The people of a tenant: each act is one transaction, with the version as it is now where none is given."""

    database: Database
    tenant_id: int

    async def worker(self, name: str) -> Worker:
        async with self.database.connection() as connection:
            grant = await grant_of(connection, self.tenant_id, name)
        assert grant is not None
        return Worker(self.tenant_id, name, grant.roles, sorted(grant.agencies) or None)

    async def limit(self, name: str, *agencies: str) -> None:
        async with self.database.transaction() as connection:
            person_id = await add_person(connection, name, ROLES[name], self.tenant_id)
            await limit_person(connection, person_id, self.tenant_id, agencies)

    async def act(self, name: str, act: str, discrepancy_id: int, *said: Any, version: int | None = None) -> Done:
        """Have someone do `act` of `Casework`."""
        worker = await self.worker(name)
        seen = await self.version(discrepancy_id) if version is None else version
        async with self.database.transaction() as connection:
            done: Done = await getattr(CASEWORK, act)(connection, worker, discrepancy_id, seen, *said)
        return done

    async def propose(
        self, discrepancy_id: int, kind: str = "write_off", detail: Mapping[str, Any] | None = None, by: str = "anh"
    ) -> Done:
        return await self.act(by, "propose", discrepancy_id, ProposalKind(kind), detail or {}, "it was agreed so")

    async def settle(
        self, discrepancy_id: int, kind: str = "write_off", detail: Mapping[str, Any] | None = None
    ) -> Done:
        """Propose and approve, and have the matcher look at it."""
        await self.propose(discrepancy_id, kind, detail)
        done = await self.act("binh", "approve", discrepancy_id)
        await self.match()
        return done

    async def match(self) -> None:
        await match_dirty(self.database, self.tenant_id, Policy())

    async def version(self, discrepancy_id: int) -> int:
        rows = await self.fetch("SELECT max(event_id) FROM discrepancy_event WHERE discrepancy_id = $1", discrepancy_id)
        return rows[0][0] or 0

    async def live(self, reason: Reason) -> asyncpg.Record:
        """Return the one live discrepancy of a reason."""
        [row] = await self.fetch("SELECT * FROM discrepancy WHERE reason = $1 AND state <> 'resolved'", reason)
        return row

    async def row(self, discrepancy_id: int) -> asyncpg.Record:
        [row] = await self.fetch("SELECT * FROM discrepancy WHERE discrepancy_id = $1", discrepancy_id)
        return row

    async def fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)


async def an_office(database: Database, world: World, code: str = "haiduong") -> Office:
    """Lay a world, let people in, and have it judged."""
    office = await let_in(database, await lay_world(database, code, world))
    await office.match()
    return office


async def let_in(database: Database, tenant_id: int) -> Office:
    """Let people into a tenant."""
    async with database.transaction() as connection:
        for name, role in ROLES.items():
            await add_person(connection, name, role, tenant_id)
    return Office(database, tenant_id)
