"""Money that went back: reversals with their credits, refunds with their payments, and what is kept of each payment."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from reconciliation.model import Reason
from reconciliation.oracle.facts import BackFact, DiscrepancyFact, LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, mark
from reconciliation.oracle.narrative import names_whole
from reconciliation.oracle.texts import key_of
from reconciliation.rules.model import RuleSet


@dataclass(frozen=True, slots=True)
class Returned:
    """What of a payment went back, and what is kept. `reversed_on`: since when all of it is taken back."""

    refunded: int
    reversed_on: date | None
    kept: int


def find_returns(world: World) -> frozenset[BackFact]:
    return frozenset((*_pair_reversals(world.lines), *_tie_refunds(world)))


def leave_out(world: World, back: Collection[BackFact]) -> World:
    """Return the world without the lines that went back, or were taken back."""
    gone = {one.line_id for one in back} | {one.credit_line_id for one in back}
    return replace(world, lines=[line for line in world.lines if line.line_id not in gone])


def _pair_reversals(lines: Sequence[LineFact]) -> Iterator[BackFact]:
    in_time = sorted((line for line in lines if line.leg == "bank"), key=lambda line: (line.booked_on, line.line_id))
    free = [line for line in in_time if line.amount > 0]
    for line in in_time:
        if line.reversal and line.amount < 0 and any(_alike(line)[3:]):
            fitting = [one for one in free if one.booked_on <= line.booked_on and _alike(one) == _alike(line)]
            if fitting:
                free.remove(fitting[-1])
                yield BackFact(line.line_id, None, fitting[-1].line_id, -line.amount)


def _alike(line: LineFact) -> tuple[int, str, int, str, str]:
    key = key_of(line.reference)
    return line.account_id, line.currency, abs(line.amount), key, "" if key else key_of(line.narrative)


def _tie_refunds(world: World) -> Iterator[BackFact]:
    came = [one for one in world.payments if one.came and one.amount > 0]
    groups: dict[tuple[str, str, int | None], list[LineFact]] = defaultdict(list)
    for line in world.lines:
        key = key_of(line.reference)
        if line.amount < 0 and key and line.leg == "bank" and not line.reversal:
            groups[key, line.currency, None].append(line)
        elif line.amount < 0 and key and line.leg == "settlement":
            of_key = {one.source_id for one in world.payments if one.came and _place(one) == (key, line.currency)}
            only = next(iter(of_key)) if len(of_key) == 1 else 0
            groups[key, line.currency, line.source_id or only].append(line)
    for (key, currency, source), lines in groups.items():
        payments = [one for one in came if _place(one) == (key, currency) and source in (None, one.source_id)]
        if sum(-line.amount for line in lines) <= sum(one.amount for one in payments):
            yield from _allot(lines, payments)


def _place(payment: PaymentFact) -> tuple[str, str]:
    return key_of(payment.reference), payment.currency


def _allot(lines: Collection[LineFact], payments: Collection[PaymentFact]) -> Iterator[BackFact]:
    """Give equal amounts to the latest equal payment, and the rest đồng by đồng to the latest that has any left."""
    latest = sorted(payments, key=_lateness, reverse=True)
    open_ = {one.payment_id: one.amount for one in latest}
    waiting = []
    for line in sorted(lines, key=lambda line: (line.booked_on, line.line_id)):
        equal = [one.payment_id for one in latest if one.amount == -line.amount == open_[one.payment_id]]
        if equal:
            open_[equal[0]] = 0
            yield BackFact(line.line_id, equal[0], None, -line.amount)
        else:
            waiting.append(line)
    for line in waiting:
        rest = -line.amount
        for one in latest:
            part = min(rest, open_[one.payment_id])
            if part:
                open_[one.payment_id], rest = open_[one.payment_id] - part, rest - part
                yield BackFact(line.line_id, one.payment_id, None, part)


def _lateness(one: PaymentFact) -> tuple[date, datetime, str, int]:
    return one.business_date, one.occurred_at or datetime.min.replace(tzinfo=UTC), one.transaction_id, one.payment_id


def reckon_returned(
    world: World, back: Collection[BackFact], matches: Collection[MatchFact], ambiguous: Ambiguous, rules: RuleSet
) -> Mapping[int, Returned]:
    """Return what went back of each payment of which anything did."""
    lines = {line.line_id: line for line in world.lines}
    taken = {one.credit_line_id: lines[one.line_id].booked_on for one in back if one.credit_line_id}
    credits_ = [(line, taken[line.line_id]) for line in world.lines if line.line_id in taken]
    settled = {number for match in matches for number in match.payment_ids}
    found = {}
    for one in (one for one in world.payments if one.came):
        told = {"notice": one.amount if one.state == "refunded" else 0}
        for part in (part for part in back if part.payment_id == one.payment_id):
            leg = lines[part.line_id].leg
            told[leg] = told.get(leg, 0) + part.amount
        since = _reversed_by_notice(one)
        if since is None and one.payment_id not in settled and mark(one) not in ambiguous:
            own = [(line, day) for line, day in credits_ if ("bank", one.payment_id, line.line_id) not in world.parted]
            since = _taken_back_on(one, own, rules)
        refunded = max(told.values())
        if refunded or since:
            found[one.payment_id] = Returned(refunded, since, 0 if since else one.amount - refunded)
    return found


def _reversed_by_notice(one: PaymentFact) -> date | None:
    return one.business_date if one.state == "reversed" and one.currency == "VND" else None


def _taken_back_on(one: PaymentFact, credits_: Collection[tuple[LineFact, date]], rules: RuleSet) -> date | None:
    """Return when the last credit was taken back of a payment that waits for its line, if any was its own."""
    if one.currency != "VND" or one.amount <= 0 or one.account_id is None or one.bank_days is None:
        return None
    return max((day for line, day in credits_ if _is_of(line, one, rules)), default=None)


def _is_of(line: LineFact, one: PaymentFact, rules: RuleSet) -> bool:
    if line.currency == one.currency and key_of(line.reference) == key_of(one.reference) != "":
        return True
    alike = (line.account_id, line.amount, line.currency) == (one.account_id, one.amount, one.currency)
    return alike and names_whole(line, one, rules)


def keep(world: World, returned: Mapping[int, Returned]) -> World:
    """Return the world with of each payment what is kept of it."""
    kept = {number: one.kept for number, one in returned.items()}
    payments = [replace(one, amount=kept.get(one.payment_id, one.amount)) for one in world.payments]
    return replace(world, payments=payments)


def judge_gateway_refunds(staying: World) -> Iterable[DiscrepancyFact]:
    for line in staying.lines:
        if line.leg == "settlement" and line.amount < 0:
            yield DiscrepancyFact(f"line:{line.line_id}", Reason.REFUND_UNMATCHED, -line.amount, line.booked_on)
