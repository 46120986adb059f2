"""Which rules a tenant's matcher goes by: proposed by one person, put in force or refused by another, and who did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from paygate import audit
from paygate.database import Connection
from paygate.domain.deeds import Deed
from paygate.domain.errors import InvalidInputError

LONGEST_REASON: Final = 500
"""Characters of why a rule set is refused."""


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


WithdrawRules = Callable[[Connection, int, str, str], Awaitable[None]]
"""Takes a proposed version back; NotAllowedError: another person has proposed it."""

RejectRules = Callable[[Connection, int, str, str, str], Awaitable[str]]
"""Refuses a proposed version for a reason, and returns who had proposed it; NotAllowedError: the same person."""


@dataclass(frozen=True, slots=True)
class RuleChoices:
    """The choices of every tenant, for the command line and the desk alike."""

    propose_rules: ProposeRules
    approve_rules: ApproveRules
    withdraw_rules: WithdrawRules
    reject_rules: RejectRules

    async def propose(self, connection: Connection, tenant_id: int, content: bytes, rules: Rules, person: str) -> None:
        """Propose a rule set. Raises as `ProposeRules`."""
        await self.propose_rules(connection, tenant_id, content, rules, person)
        detail = {"digest": rules.digest.hex()}
        await audit.append(connection, tenant_id, person, Deed.RULES_PROPOSED, rules.version, detail)

    async def approve(self, connection: Connection, tenant_id: int, version: str, person: str) -> str:
        """Put a proposed rule set in force and return who had proposed it. Raises as `ApproveRules`."""
        proposed_by = await self.approve_rules(connection, tenant_id, version, person)
        await audit.append(connection, tenant_id, person, Deed.RULES_APPROVED, version, {"proposed_by": proposed_by})
        return proposed_by

    async def withdraw(self, connection: Connection, tenant_id: int, version: str, person: str) -> None:
        """Take one's own proposal back. Raises as `WithdrawRules`."""
        await self.withdraw_rules(connection, tenant_id, version, person)
        await audit.append(connection, tenant_id, person, Deed.RULES_WITHDRAWN, version, {})

    async def reject(self, connection: Connection, tenant_id: int, version: str, person: str, reason: str) -> str:
        """Refuse a proposed rule set and return who had proposed it. Raises as `RejectRules`.

        Raises:
            InvalidInputError: there is no reason, or none that can be kept.
        """
        said = " ".join(reason.split())
        if not said or len(said) > LONGEST_REASON or not said.isprintable():
            raise InvalidInputError(
                "say why, in 1 to %(most)s characters; who proposed it will read it", most=LONGEST_REASON
            )
        proposed_by = await self.reject_rules(connection, tenant_id, version, person, said)
        detail = {"proposed_by": proposed_by, "reason": said}
        await audit.append(connection, tenant_id, person, Deed.RULES_REJECTED, version, detail)
        return proposed_by
