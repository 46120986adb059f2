"""What is proposed about a discrepancy: whether it can be done, and doing it. Afterwards the facts have to agree."""

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from paygate.database import load_queries
from paygate.domain.calendar import Calendar
from paygate.domain.casework import ProposalKind, Proposed
from paygate.domain.errors import ConflictError, InvalidInputError, NotFoundError, worded
from paygate.domain.money import DONG
from paygate.domain.news import EventKind
from reconciliation.cases import Case, have_judged
from reconciliation.model import Reason
from reconciliation.parting import join_facts, undo_match

QUERIES: Final = load_queries("reconciliation.sql", "remedies.sql")

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


async def check(case: Case, proposed: Proposed) -> None:
    """Refuse what could not be done now.

    Raises:
        InvalidInputError: it would mend nothing, or lacks a reason.
        NotFoundError: what it names is not there, or is another agency's.
        ConflictError: what it names is settled otherwise.
    """
    match proposed.kind:
        case ProposalKind.LINK:
            await _check_link(case, proposed)
        case ProposalKind.SPLIT:
            await _check_match(case, proposed.detail["match"])
        case ProposalKind.REFUND:
            _check_refund(case, proposed.detail["amount"])
        case ProposalKind.CORRECT_FLAG:
            await _check_flag(case, proposed.detail["flag"])
        case ProposalKind.REOPEN:
            _check_closed(case)


async def carry_out(case: Case, proposed: Proposed, calendar: Calendar) -> None:
    """Do what was approved, and have the matcher look at what it touches."""
    match proposed.kind:
        case ProposalKind.LINK:
            await join_facts(
                case.connection, case.seen.tenant_id, proposed.detail["payments"], proposed.detail["lines"]
            )
        case ProposalKind.SPLIT:
            await _split(case, proposed.detail["match"], proposed.reason)
        case ProposalKind.REFUND:
            await _await_refund(case, proposed.detail["amount"], calendar)
        case ProposalKind.CORRECT_FLAG:
            await _correct_flag(case, proposed.detail["flag"])
        case ProposalKind.REOPEN:
            await _reopen(case)


async def _check_match(case: Case, match_id: int) -> None:
    """Refuse to split what holds nothing that the discrepancy is about, or another agency's payments."""
    row = case.row
    about = (row["dossier_code"], row["payment_id"], row["line_id"], row["subject"])
    if not await case.connection.fetchval(
        QUERIES["is_match_of_case"], case.seen.tenant_id, match_id, *about, case.agencies
    ):
        raise NotFoundError("the case has no such match")


async def _split(case: Case, match_id: int, reason: str) -> None:
    undone = await undo_match(case.connection, case.seen.tenant_id, match_id, person=case.seen.person, reason=reason)
    if undone is None:
        raise ConflictError("match %(number)s is undone already", number=match_id)


def _check_refund(case: Case, amount: int) -> None:
    if case.row["reason"] not in REFUNDABLE:
        raise InvalidInputError("what is wrong here is not mended by a refund")
    if case.row["currency"] != DONG:
        raise InvalidInputError("what came in another currency is not given back in dong")
    if amount > case.row["amount"]:
        raise InvalidInputError("at most %(amount)s can be refunded", amount=case.row["amount"])


async def _await_refund(case: Case, amount: int, calendar: Calendar) -> None:
    today = await case.connection.fetchval(QUERIES["today"], case.seen.tenant_id)
    until = calendar.add(today, REFUND_DAYS)
    await case.connection.execute(QUERIES["await_refund"], *case.key, amount, until)


async def _check_link(case: Case, proposed: Proposed) -> None:
    tenant_id = case.seen.tenant_id
    wanted_payments, wanted_lines = proposed.detail["payments"], proposed.detail["lines"]
    payments = await case.connection.fetch(QUERIES["payments_to_link"], tenant_id, wanted_payments, case.agencies)
    lines = await case.connection.fetch(QUERIES["lines_to_link"], tenant_id, wanted_lines)
    _check_there(_PAYMENT, wanted_payments, payments)
    _check_there(_LINE, wanted_lines, lines)
    if not _concerns(case.row, payments, lines):
        raise InvalidInputError("nothing of this is what the discrepancy is about")
    if len({one["currency"] for one in (*payments, *lines)}) > 1:
        raise InvalidInputError("they are of several currencies")
    difference = sum(one["amount"] for one in payments) - sum(one["amount"] for one in lines)
    accounts = {one["account_id"] for one in (*payments, *lines)}
    if (difference or len(accounts) > 1) and not proposed.reason:
        if difference:
            raise InvalidInputError("they differ by %(amount)s: say why they belong together", amount=difference)
        raise InvalidInputError("they are of several accounts: say why they belong together")


_PAYMENT: Final = (
    worded("there is no payment %(number)s that came"),
    worded("payment %(number)s is matched or went back already"),
)
_LINE: Final = (
    worded("there is no bank line %(number)s that came"),
    worded("bank line %(number)s is matched or went back already"),
)


def _check_there(refusals: tuple[str, str], wanted: Collection[int], found: Sequence[asyncpg.Record]) -> None:
    absent, used = refusals
    missing = set(wanted) - {one["fact_id"] for one in found}
    if missing:
        raise NotFoundError(absent, number=min(missing))
    taken = [one["fact_id"] for one in found if one["taken"]]
    if taken:
        raise ConflictError(used, number=min(taken))


def _concerns(row: asyncpg.Record, payments: Sequence[asyncpg.Record], lines: Sequence[asyncpg.Record]) -> bool:
    dossier = row["dossier_code"]
    of_payments = any(
        one["fact_id"] == row["payment_id"] or (dossier and one["dossier_code"] == dossier) for one in payments
    )
    return of_payments or any(one["fact_id"] == row["line_id"] for one in lines)


async def _check_flag(case: Case, flag: int) -> None:
    stored = await case.connection.fetchval(QUERIES["flag_of"], case.seen.tenant_id, case.row["dossier_code"])
    if stored is None:
        raise InvalidInputError("it is about no dossier that has a record")
    if stored == flag:
        raise InvalidInputError("the flag is %(flag)s already", flag=flag)


async def _correct_flag(case: Case, flag: int) -> None:
    """Set the flag until a newer version of the record says otherwise, and tell whoever holds the record."""
    where = (case.seen.tenant_id, case.row["dossier_code"], flag)
    await case.connection.execute(QUERIES["correct_flag"], *where)
    await case.connection.execute(QUERIES["have_dossier_judged"], *where[:2])
    await case.connection.execute(QUERIES["tell_of_flag"], *where, EventKind.FLAG_CORRECTED, case.seen.discrepancy_id)


def _check_closed(case: Case) -> None:
    if not case.row["closed"]:
        raise InvalidInputError("no person has closed it, or it was reopened since")


async def _reopen(case: Case) -> None:
    """Let a closing stand no more: where the facts still do not agree, another is opened that names this one."""
    await case.connection.execute(QUERIES["reopen"], *case.key, case.seen.person)
    await have_judged(case)
