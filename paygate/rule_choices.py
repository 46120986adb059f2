"""Which rules a tenant's matcher goes by: proposed by one person, put in force by another, both written down."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from paygate import audit
from paygate.database import Connection


class Rules(Protocol):
    """A rule set as it names itself."""

    @property
    def version(self) -> str: ...

    @property
    def digest(self) -> bytes: ...


ProposeRules = Callable[[Connection, int, bytes, Any, str], Awaitable[None]]
"""Stores a rule set, beside the file it was read from, as proposed by a person; ConflictError: it waits for approval
already, or is in force."""

ApproveRules = Callable[[Connection, int, str, str], Awaitable[str]]
"""Puts a version in force, approved by a person, and returns who had proposed it; NotAllowedError: the same person."""


@dataclass(frozen=True, slots=True)
class RuleChoices:
    """The choices of every tenant, for the command line and the desk alike."""

    propose_rules: ProposeRules
    approve_rules: ApproveRules

    async def propose(self, connection: Connection, tenant_id: int, content: bytes, rules: Rules, person: str) -> None:
        """Propose a rule set. Raises as `ProposeRules`."""
        await self.propose_rules(connection, tenant_id, content, rules, person)
        detail = {"digest": rules.digest.hex()}
        await audit.append(connection, tenant_id, person, "rules_proposed", rules.version, detail)

    async def approve(self, connection: Connection, tenant_id: int, version: str, person: str) -> str:
        """Put a proposed rule set in force and return who had proposed it. Raises as `ApproveRules`."""
        proposed_by = await self.approve_rules(connection, tenant_id, version, person)
        await audit.append(connection, tenant_id, person, "rules_approved", version, {"proposed_by": proposed_by})
        return proposed_by
