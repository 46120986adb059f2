"""What people do about a discrepancy, as it is stored: each act is one event, and moves the state by one table."""

import json
from collections.abc import Sequence
from typing import Any

import asyncpg

from paygate.database import Connection
from paygate.domain.calendar import Calendar
from paygate.domain.casework import (
    CLOSING,
    UNDOING,
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
from reconciliation.cases import QUERIES, Case, have_judged, lock, take
from reconciliation.remedies import carry_out, check

Told = dict[str, Any]


async def assign(connection: Connection, seen: Seen, person: str | None, agencies: Sequence[str] | None) -> Done | None:
    """Make a discrepancy somebody's task, or nobody's; None where it is so already.

    `agencies` are those whose discrepancies that person sees; None: all.

    Raises (this and the acts below):
        NotFoundError: there is no such discrepancy, or it is another agency's.
        ConflictError: the facts changed since the person saw it, or the act is not one of its state.
        TemporaryError: the matcher is at work for the tenant.
        InvalidInputError: it is another agency's than that person sees.
    """
    case = await take(connection, seen)
    act = Act.ASSIGN if person else Act.UNASSIGN
    state_after(case.state, act)
    if agencies is not None and case.row["agency_code"] not in agencies:
        raise InvalidInputError("%(person)s works for other agencies, and does not see it", person=person)
    if case.row["assignee"] == person:
        return None
    return await case.move(act, {"to": person, "from": case.row["assignee"]}, person)


async def comment(connection: Connection, seen: Seen, text: str) -> Done:
    """Add what a person has to say."""
    case = await take(connection, seen)
    return await case.record(Act.COMMENT, {"text": text}, state_after(case.state, Act.COMMENT))


async def attach(connection: Connection, seen: Seen, evidence: Evidence) -> Done:
    """Keep a file that shows how it was.

    Raises:
        InvalidInputError: there are as many as there may be.
    """
    case = await take(connection, seen)
    state = state_after(case.state, Act.ATTACH)
    if await connection.fetchval(QUERIES["count_attachments"], *case.key) >= MOST:
        raise InvalidInputError("a discrepancy has at most %(most)s files", most=MOST)
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
    case = await take(connection, seen)
    before, assignee = case.state, case.row["assignee"]
    if before is DiscrepancyState.OPEN:
        assignee = seen.person
        before = (await case.move(Act.ASSIGN, {"to": assignee, "from": None}, assignee)).state
    state_after(before, Act.PROPOSE)
    if before is DiscrepancyState.RESOLVED and proposed.kind not in UNDOING:
        raise ConflictError("it is resolved: what was done can be undone, and nothing else")
    await check(case, proposed)
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
        raise NotAllowedError(
            "%(person)s made this proposal, and alone may withdraw it", person=proposal["proposed_by"]
        )
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
    proposed = _proposed(proposal)
    await check(case, proposed)
    await _decide(case, proposal, ProposalState.APPROVED, "")
    if proposed.kind in CLOSING:
        return await _close(case, proposal, proposed.kind)
    done = await case.move(Act.APPROVE, _about(proposal), proposal["proposed_by"])
    await carry_out(case, proposed, calendar)
    return done


async def _take_open_proposal(connection: Connection, seen: Seen) -> tuple[Case, asyncpg.Record]:
    """Take a discrepancy with its open proposal. Who comes second is told who was first, and when."""
    case = await lock(connection, seen)
    proposal = await connection.fetchrow(QUERIES["find_last_proposal"], *case.key)
    if proposal is None:
        raise ConflictError("there is no open proposal")
    if proposal["state"] != ProposalState.OPEN:
        when = proposal["decided_at"]
        if proposal["decided_by"] is None:
            raise ConflictError("it came to agree by itself at %(moment)s; yours was not recorded", moment=when)
        raise ConflictError(
            "%(person)s %(state)s the proposal at %(moment)s; yours was not recorded",
            person=proposal["decided_by"],
            state=ProposalState(proposal["state"]),
            moment=when,
        )
    await case.check_sight()
    return case, proposal


def _check_other_eyes(seen: Seen, proposal: asyncpg.Record) -> None:
    if proposal["proposed_by"] == seen.person:
        raise NotAllowedError("you made this proposal, so you cannot decide it")


def _proposed(row: asyncpg.Record) -> Proposed:
    return Proposed(ProposalKind(row["kind"]), json.loads(row["detail"]), row["reason"], row["amount"])


def _about(proposal: asyncpg.Record) -> Told:
    return {"proposal": proposal["proposal_id"], "kind": proposal["kind"]}


async def _decide(case: Case, proposal: asyncpg.Record, state: ProposalState, answer: str) -> None:
    values = (case.seen.tenant_id, proposal["proposal_id"], state, case.seen.person, answer)
    await case.connection.execute(QUERIES["decide_proposal"], *values)


async def _close(case: Case, proposal: asyncpg.Record, kind: ProposalKind) -> Done:
    state = state_after(case.state, Act.CLOSE)
    await case.connection.execute(QUERIES["close_discrepancy"], *case.key, kind, case.seen.person)
    await have_judged(case)
    return await case.record(Act.CLOSE, _about(proposal), state, change=-case.row["dong"])
