"""What people do about a discrepancy, as it is stored: each act is one event, and moves the state by one table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from paygate.domain.casework import (
    CLOSING,
    QUIET,
    Act,
    Done,
    ProposalKind,
    ProposalState,
    Proposed,
    Seen,
    state_after,
)
from paygate.domain.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from paygate.domain.evidence import MOST, Evidence
from paygate.domain.lifecycle import DiscrepancyState
from reconciliation.model import Reason
from reconciliation.parting import take_turn, undo_match

QUERIES: Final = load_queries("reconciliation.sql", "casework.sql")

Told = dict[str, Any]

REFUND_DAYS: Final = 5
"""Business days in which what is to be given back should have gone."""
REFUNDABLE: Final = frozenset(
    {
        Reason.RECORD_CLOSED,
        Reason.OBLIGATION_EXPIRED,
        Reason.DUPLICATE_PAYMENT,
        Reason.OVERPAID,
        Reason.RECORD_MISSING,
    }
)
"""What comes to agree by itself once the money has gone back."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A discrepancy in hand: nobody else changes it before the transaction ends."""

    connection: Connection
    seen: Seen
    row: asyncpg.Record

    @property
    def state(self) -> DiscrepancyState:
        return DiscrepancyState(self.row["state"])

    @property
    def key(self) -> tuple[int, int]:
        return self.seen.tenant_id, self.seen.discrepancy_id

    @property
    def agencies(self) -> list[str] | None:
        return None if self.seen.agencies is None else list(self.seen.agencies)

    async def check_sight(self) -> None:
        """Refuse who acts on what is no longer so."""
        if self.seen.version > self.row["version"]:
            raise InvalidInputError("the version is none that this discrepancy has had")
        if await self.connection.fetchval(QUERIES["has_it_moved"], *self.key, self.seen.version, sorted(QUIET)):
            raise ConflictError("the facts changed since")

    async def record(
        self, act: Act, detail: Mapping[str, Any], state: DiscrepancyState | None = None, change: int = 0
    ) -> Done:
        """Add the event of an act that has left the discrepancy in a state; None: in its own."""
        left = state or self.state
        content = json.dumps(detail, ensure_ascii=False)
        values = (change, left, act, self.seen.person, content)
        version = await self.connection.fetchval(QUERIES["add_event"], *self.key, *values)
        told = {"reason": self.row["reason"], "amount": self.row["amount"], "state": left, **detail}
        return Done(left, version, detail.get("proposal"), told)

    async def move(
        self, act: Act, detail: Mapping[str, Any], assignee: str | None, before: DiscrepancyState | None = None
    ) -> Done:
        """Move the discrepancy by an act, from its own state where `before` names no other."""
        state = state_after(before or self.state, act)
        await self.connection.execute(QUERIES["move_discrepancy"], *self.key, state, assignee)
        return await self.record(act, detail, state)


async def assign(connection: Connection, seen: Seen, person: str | None) -> Done | None:
    """Make a discrepancy somebody's task, or nobody's; None where it is so already.

    Raises (this and the acts below):
        NotFoundError: there is no such discrepancy, or it is another agency's.
        ConflictError: the facts changed since the person saw it, or the act is not one of its state.
        TemporaryError: the matcher is at work for the tenant.
    """
    case = await _take(connection, seen)
    act = Act.ASSIGN if person else Act.UNASSIGN
    state_after(case.state, act)
    if case.row["assignee"] == person:
        return None
    return await case.move(act, {"to": person, "from": case.row["assignee"]}, person)


async def comment(connection: Connection, seen: Seen, text: str) -> Done:
    """Add what a person has to say."""
    case = await _take(connection, seen)
    return await case.record(Act.COMMENT, {"text": text}, state_after(case.state, Act.COMMENT))


async def attach(connection: Connection, seen: Seen, evidence: Evidence) -> Done:
    """Keep a file that shows how it was.

    Raises:
        InvalidInputError: there are as many as there may be.
    """
    case = await _take(connection, seen)
    state = state_after(case.state, Act.ATTACH)
    if await connection.fetchval(QUERIES["count_attachments"], *case.key) >= MOST:
        raise InvalidInputError(f"a discrepancy has at most {MOST} files")
    values = (evidence.name, evidence.media_type, evidence.digest, evidence.body, seen.person)
    number = await connection.fetchval(QUERIES["attach"], *case.key, *values)
    said = {"attachment": number, "name": evidence.name, "sha256": evidence.digest.hex()}
    return await case.record(Act.ATTACH, said, state)


async def load_evidence(
    connection: Connection, tenant_id: int, agencies: Sequence[str] | None, discrepancy_id: int, attachment_id: int
) -> Evidence:
    """Return a file that was attached.

    Raises:
        NotFoundError: there is none, or it is another agency's.
    """
    limits = None if agencies is None else list(agencies)
    row = await connection.fetchrow(QUERIES["load_attachment"], tenant_id, discrepancy_id, attachment_id, limits)
    if row is None:
        raise NotFoundError("there is no such file")
    return Evidence(row["name"], row["media_type"], row["body"])


async def propose(connection: Connection, seen: Seen, proposed: Proposed) -> Done:
    """Put an act before a second person. Of what was nobody's task, it becomes the maker's.

    Raises:
        InvalidInputError: what is proposed cannot be done.
    """
    case = await _take(connection, seen)
    before, assignee = case.state, case.row["assignee"]
    if before is DiscrepancyState.OPEN:
        assignee = seen.person
        before = (await case.move(Act.ASSIGN, {"to": assignee, "from": None}, assignee)).state
    state_after(before, Act.PROPOSE)
    await _check(case, proposed)
    amount = case.row["amount"] if proposed.amount is None else proposed.amount
    detail = json.dumps(proposed.detail, ensure_ascii=False)
    values = (proposed.kind, detail, amount, proposed.reason, seen.version, seen.person)
    proposal_id = await connection.fetchval(QUERIES["add_proposal"], *case.key, *values)
    return await case.move(
        Act.PROPOSE,
        {
            "proposal": proposal_id,
            "kind": proposed.kind,
            "detail": dict(proposed.detail),
            "amount": amount,
            "text": proposed.reason,
        },
        assignee,
        before,
    )


async def withdraw(connection: Connection, seen: Seen) -> Done:
    """Take one's own proposal back.

    Raises:
        NotAllowedError: it is another's.
    """
    case, proposal = await _take_open_proposal(connection, seen)
    if proposal["proposed_by"] != seen.person:
        raise NotAllowedError(f"{proposal['proposed_by']} made this proposal, and alone may withdraw it")
    await _decide(case, proposal, ProposalState.WITHDRAWN, "")
    return await case.move(Act.WITHDRAW, _about(proposal), case.row["assignee"])


async def reject(connection: Connection, seen: Seen, reason: str) -> Done:
    """Refuse a proposal; the discrepancy goes back to its maker.

    Raises:
        NotAllowedError: it is one's own.
    """
    case, proposal = await _take_open_proposal(connection, seen)
    _check_other_eyes(seen, proposal)
    await _decide(case, proposal, ProposalState.REJECTED, reason)
    return await case.move(Act.REJECT, {**_about(proposal), "text": reason}, proposal["proposed_by"])


async def approve(connection: Connection, seen: Seen, calendar: Calendar) -> Done:
    """Do what another person has proposed. By the calendar it is reckoned until when a refund is awaited.

    Raises:
        NotAllowedError: it is one's own.
        ConflictError: the facts changed since it was proposed, or what it is about is no longer there.
    """
    case, proposal = await _take_open_proposal(connection, seen)
    _check_other_eyes(seen, proposal)
    if await connection.fetchval(QUERIES["have_facts_moved"], *case.key, proposal["version"]):
        raise ConflictError("the facts changed since it was proposed")
    await _decide(case, proposal, ProposalState.APPROVED, "")
    kind = ProposalKind(proposal["kind"])
    if kind in CLOSING:
        return await _close(case, proposal, kind)
    done = await case.move(Act.APPROVE, _about(proposal), proposal["proposed_by"])
    await _carry_out(case, proposal, kind, calendar)
    return done


async def _take(connection: Connection, seen: Seen) -> _Case:
    case = await _lock(connection, seen)
    await case.check_sight()
    return case


async def _lock(connection: Connection, seen: Seen) -> _Case:
    await take_turn(connection, seen.tenant_id)
    agencies = None if seen.agencies is None else list(seen.agencies)
    row = await connection.fetchrow(QUERIES["take_discrepancy"], seen.tenant_id, seen.discrepancy_id, agencies)
    if row is None:
        raise NotFoundError("there is no such discrepancy")
    return _Case(connection, seen, row)


async def _take_open_proposal(connection: Connection, seen: Seen) -> tuple[_Case, asyncpg.Record]:
    """Take a discrepancy with its open proposal. Who comes second is told who was first, and when."""
    case = await _lock(connection, seen)
    proposal = await connection.fetchrow(QUERIES["find_last_proposal"], *case.key)
    if proposal is None:
        raise ConflictError("there is no open proposal")
    if proposal["state"] != ProposalState.OPEN:
        who = proposal["decided_by"] or "it came to agree by itself:"
        raise ConflictError(
            f"{who} {proposal['state']} the proposal at {proposal['decided_at']}; yours was not recorded"
        )
    await case.check_sight()
    return case, proposal


def _check_other_eyes(seen: Seen, proposal: asyncpg.Record) -> None:
    if proposal["proposed_by"] == seen.person:
        raise NotAllowedError("you made this proposal, so you cannot decide it")


def _about(proposal: asyncpg.Record) -> Told:
    return {"proposal": proposal["proposal_id"], "kind": proposal["kind"]}


async def _decide(case: _Case, proposal: asyncpg.Record, state: ProposalState, answer: str) -> None:
    values = (case.seen.tenant_id, proposal["proposal_id"], state, case.seen.person, answer)
    await case.connection.execute(QUERIES["decide_proposal"], *values)


async def _close(case: _Case, proposal: asyncpg.Record, kind: ProposalKind) -> Done:
    state = state_after(case.state, Act.CLOSE)
    await case.connection.execute(QUERIES["close_discrepancy"], *case.key, kind, case.seen.person)
    await _have_judged(case)
    return await case.record(Act.CLOSE, _about(proposal), state, change=-case.row["amount"])


async def _have_judged(case: _Case) -> None:
    """Have the matcher judge the case again, so that its day is reported again. Feeds are looked at every day."""
    kind, _, key = case.row["case_key"].partition(":")
    ids, codes = [], []
    if kind == "dossier":
        codes = [key]
    elif kind == "batch":
        kind, ids = "line", await case.connection.fetchval(QUERIES["lines_of_batch"], case.seen.tenant_id, int(key))
    elif kind in {"payment", "line"}:
        ids = [int(key)]
    if ids or codes:
        await case.connection.execute(QUERIES["have_judged"], case.seen.tenant_id, kind, ids, codes)


async def _check(case: _Case, proposed: Proposed) -> None:
    """Refuse what could not be done if it were approved now."""
    if proposed.kind is ProposalKind.SPLIT:
        await _check_match(case, proposed.detail["match"])
    elif proposed.kind is ProposalKind.REFUND:
        _check_refund(case, proposed.detail["amount"])


async def _carry_out(case: _Case, proposal: asyncpg.Record, kind: ProposalKind, calendar: Calendar) -> None:
    detail = json.loads(proposal["detail"])
    if kind is ProposalKind.SPLIT:
        await _split(case, detail["match"], proposal["reason"])
    elif kind is ProposalKind.REFUND:
        await _await_refund(case, detail["amount"], calendar)


async def _check_match(case: _Case, match_id: int) -> None:
    """Refuse to split what holds nothing that the discrepancy is about, or another agency's payments."""
    row = case.row
    about = (row["dossier_code"], row["payment_id"], row["line_id"], row["subject"])
    if not await case.connection.fetchval(
        QUERIES["is_match_of_case"], case.seen.tenant_id, match_id, *about, case.agencies
    ):
        raise NotFoundError("the case has no such match")


async def _split(case: _Case, match_id: int, reason: str) -> None:
    undone = await undo_match(case.connection, case.seen.tenant_id, match_id, person=case.seen.person, reason=reason)
    if undone is None:
        raise ConflictError(f"match {match_id} is undone already")


def _check_refund(case: _Case, amount: int) -> None:
    if case.row["reason"] not in REFUNDABLE:
        raise InvalidInputError(f"{case.row['reason']} is not mended by a refund")
    if amount > case.row["amount"]:
        raise InvalidInputError(f"at most {case.row['amount']} can be refunded")


async def _await_refund(case: _Case, amount: int, calendar: Calendar) -> None:
    today = await case.connection.fetchval(QUERIES["today"], case.seen.tenant_id)
    until = calendar.add(today, REFUND_DAYS)
    await case.connection.execute(QUERIES["await_refund"], *case.key, amount, until)
