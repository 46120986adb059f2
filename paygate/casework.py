"""What people do about discrepancies: who may do what, said in words that can be kept, and written into the chain."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from paygate import audit
from paygate.access import CHECKERS, MAKERS, Caller, Role, grant_of
from paygate.database import Connection
from paygate.domain.calendar import Calendar
from paygate.domain.casework import Act, Done, ProposalKind, Proposed, Seen
from paygate.domain.deeds import Deed
from paygate.domain.errors import InvalidInputError, NotAllowedError, worded
from paygate.domain.evidence import Evidence
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.parties import Tenant

LONGEST_TEXT: Final = 2_000
"""Characters of a comment or a reason."""
SAY_SOMETHING: Final = worded("say something, in 1 to %(most)s characters that can be seen")
SAY_WHY: Final = worded("say why, in 1 to %(most)s characters that can be seen")
LARGEST_ID: Final = 2**63 - 1
MOST_FACTS: Final = 50
"""Payments and lines that a person joins at once."""

_Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class _Detail(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Nothing(_Detail):
    """The discrepancy itself says all."""


class _Split(_Detail):
    match: _Id


class _Refund(_Detail):
    amount: Annotated[int, Field(ge=1, le=MAX_AMOUNT)]


class _Link(_Detail):
    payments: Annotated[list[_Id], Field(min_length=1, max_length=MOST_FACTS)]
    lines: Annotated[list[_Id], Field(min_length=1, max_length=MOST_FACTS)]

    @model_validator(mode="after")
    def _check_facts(self) -> Self:
        facts = len(self.payments) + len(self.lines)
        if facts > MOST_FACTS or facts != len(set(self.payments)) + len(set(self.lines)):
            raise PydanticCustomError("facts", "at most {most} facts, each named once", {"most": MOST_FACTS})
        return self


class _CorrectFlag(_Detail):
    flag: Annotated[int, Field(ge=0, le=2)]


DETAILS: Final[Mapping[ProposalKind, type[_Detail]]] = {
    ProposalKind.LINK: _Link,
    ProposalKind.SPLIT: _Split,
    ProposalKind.REFUND: _Refund,
    ProposalKind.WRITE_OFF: _Nothing,
    ProposalKind.CORRECT_FLAG: _CorrectFlag,
    ProposalKind.NOT_OURS: _Nothing,
    ProposalKind.REOPEN: _Nothing,
}
"""What must be said of each kind of proposal beside its reason."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who acts in a tenant, and what they may do there. `agencies` None: they are limited to none."""

    tenant_id: int
    person: str
    roles: frozenset[Role]
    agencies: Sequence[str] | None = None

    @classmethod
    def of(cls, caller: Caller, tenant: Tenant) -> Self:
        grant = caller.grants[tenant.code]
        return cls(tenant.tenant_id, caller.person, grant.roles, caller.agencies(tenant.code))

    def sees(self, discrepancy_id: int, version: int) -> Seen:
        return Seen(self.tenant_id, discrepancy_id, version, self.person, self.agencies)

    def check(self, roles: frozenset[Role]) -> None:
        if not self.roles & roles:
            raise NotAllowedError("the role %(roles)s may not do this", roles=", ".join(sorted(self.roles)))


class Book(Protocol):
    """Does what people decide about discrepancies, inside the caller's transaction, and tells what it came to.

    Raises:
        NotFoundError: there is no such discrepancy, or it is another agency's.
        ConflictError: the facts changed since the person saw it, or it is not in a state for that.
        NotAllowedError: it is one's own proposal, or another's to withdraw.
        TemporaryError: the matcher is at work for the tenant.
    """

    async def assign(
        self, connection: Connection, seen: Seen, person: str | None, agencies: Sequence[str] | None
    ) -> Done | None: ...

    async def comment(self, connection: Connection, seen: Seen, text: str) -> Done: ...

    async def attach(self, connection: Connection, seen: Seen, evidence: Evidence) -> Done: ...

    async def load_evidence(
        self,
        connection: Connection,
        tenant_id: int,
        agencies: Sequence[str] | None,
        discrepancy_id: int,
        attachment_id: int,
    ) -> Evidence: ...

    async def propose(self, connection: Connection, seen: Seen, proposed: Proposed) -> Done: ...

    async def withdraw(self, connection: Connection, seen: Seen) -> Done: ...

    async def reject(self, connection: Connection, seen: Seen, reason: str) -> Done: ...

    async def approve(self, connection: Connection, seen: Seen, calendar: Calendar) -> Done: ...


@dataclass(frozen=True, slots=True)
class Casework:
    """What people do about discrepancies, each act in its caller's transaction.

    `version` is the number of the discrepancy's last event as the person saw it. After an approval the matcher has
    facts to look at again. Every act raises, beside what its book does:

    NotAllowedError: the person's roles do not allow it.
    InvalidInputError: what is said cannot be kept, or cannot be done.
    """

    book: Book
    calendar: Calendar

    async def assign(
        self, connection: Connection, worker: Worker, discrepancy_id: int, version: int, to: str | None
    ) -> Done | None:
        """Make it the task of someone who may work on it, or of nobody; None where it is so already."""
        worker.check(MAKERS)
        agencies = None if to is None else await _agencies_of(connection, worker.tenant_id, to)
        done = await self.book.assign(connection, worker.sees(discrepancy_id, version), to, agencies)
        if done is not None:
            await _write_down(connection, worker, discrepancy_id, Act.ASSIGN if to else Act.UNASSIGN, done)
        return done

    async def comment(
        self, connection: Connection, worker: Worker, discrepancy_id: int, version: int, text: str
    ) -> Done:
        worker.check(MAKERS)
        done = await self.book.comment(connection, worker.sees(discrepancy_id, version), _text(text, SAY_SOMETHING))
        return await _write_down(connection, worker, discrepancy_id, Act.COMMENT, done)

    async def attach(
        self, connection: Connection, worker: Worker, discrepancy_id: int, version: int, evidence: Evidence
    ) -> Done:
        worker.check(MAKERS)
        done = await self.book.attach(connection, worker.sees(discrepancy_id, version), evidence)
        return await _write_down(connection, worker, discrepancy_id, Act.ATTACH, done)

    async def evidence(
        self, connection: Connection, worker: Worker, discrepancy_id: int, attachment_id: int
    ) -> Evidence:
        """Return a file as it was attached, for whoever may see the discrepancy.

        Raises:
            NotFoundError: there is none.
        """
        where = (worker.tenant_id, worker.agencies, discrepancy_id, attachment_id)
        return await self.book.load_evidence(connection, *where)

    async def propose(  # noqa: PLR0913, PLR0917 -- a proposal is exactly these
        self,
        connection: Connection,
        worker: Worker,
        discrepancy_id: int,
        version: int,
        kind: ProposalKind,
        detail: Mapping[str, Any],
        reason: str,
    ) -> Done:
        """Put an act before a second person. `detail` is as `DETAILS` has it of the kind."""
        worker.check(MAKERS)
        proposed = _read_proposal(kind, detail, reason)
        done = await self.book.propose(connection, worker.sees(discrepancy_id, version), proposed)
        return await _write_down(connection, worker, discrepancy_id, Act.PROPOSE, done)

    async def withdraw(self, connection: Connection, worker: Worker, discrepancy_id: int, version: int) -> Done:
        """Take one's own proposal back."""
        worker.check(MAKERS)
        done = await self.book.withdraw(connection, worker.sees(discrepancy_id, version))
        return await _write_down(connection, worker, discrepancy_id, Act.WITHDRAW, done)

    async def approve(self, connection: Connection, worker: Worker, discrepancy_id: int, version: int) -> Done:
        """Have done what another person has proposed."""
        worker.check(CHECKERS)
        done = await self.book.approve(connection, worker.sees(discrepancy_id, version), self.calendar)
        return await _write_down(connection, worker, discrepancy_id, Act.APPROVE, done)

    async def reject(
        self, connection: Connection, worker: Worker, discrepancy_id: int, version: int, reason: str
    ) -> Done:
        """Refuse what another person has proposed; they read why."""
        worker.check(CHECKERS)
        done = await self.book.reject(connection, worker.sees(discrepancy_id, version), _text(reason, SAY_WHY))
        return await _write_down(connection, worker, discrepancy_id, Act.REJECT, done)


async def _agencies_of(connection: Connection, tenant_id: int, name: str) -> list[str] | None:
    """Return the agencies to which someone is limited who works on discrepancies; None: to none."""
    grant = await grant_of(connection, tenant_id, name)
    if grant is None or not grant.roles & (MAKERS | CHECKERS):
        raise InvalidInputError("nobody called %(name)r works on discrepancies here", name=name)
    return sorted(grant.agencies) or None


def _read_proposal(kind: ProposalKind, detail: Mapping[str, Any], reason: str) -> Proposed:
    try:
        read = DETAILS[kind].model_validate(dict(detail))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in ("detail", *first["loc"]))
        raise InvalidInputError("%(place)s: %(fault)s", place=where, fault=first["msg"]) from None
    amount = read.amount if isinstance(read, _Refund) else None
    even = kind == ProposalKind.LINK and not reason.strip()  # whether it needs a reason, its book knows
    return Proposed(kind, read.model_dump(mode="json"), "" if even else _text(reason, SAY_WHY), amount)


def _text(given: str, otherwise: str) -> str:
    """Return what was typed as it is kept: lines of printable characters, composed, without space around them.

    Raises:
        InvalidInputError: it is empty, too long, or holds what cannot be seen.
    """
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", given).splitlines()]
    said = "\n".join(lines).strip()
    if not said or len(said) > LONGEST_TEXT or not all(line.isprintable() for line in lines):
        raise InvalidInputError(otherwise, most=LONGEST_TEXT)
    return said


async def _write_down(connection: Connection, worker: Worker, discrepancy_id: int, act: Act, done: Done) -> Done:
    subject = f"discrepancy:{discrepancy_id}"
    await audit.append(connection, worker.tenant_id, worker.person, Deed(f"discrepancy_{act}"), subject, done.told)
    return done
