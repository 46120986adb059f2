"""Payments and the lines by which their gateways settle them, and what those lines' own figures say."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from reconciliation.model import Reason
from reconciliation.oracle.dossiers import AddBusinessDays
from reconciliation.oracle.facts import DiscrepancyFact, LineFact, MatchFact, PaymentFact, SourceFact, World
from reconciliation.oracle.groups import Ambiguous, Fact, group_by, join, mark, sides, still_joined
from reconciliation.oracle.texts import key_of

NO_SOURCE = SourceFact()


def match_settlements(world: World) -> tuple[frozenset[MatchFact], Ambiguous]:
    """Match by reference: of one amount before any amount, lines that name their source before those that do not."""
    left: list[Fact] = [one for one in world.payments if one.came and one.amount > 0 and key_of(one.reference)]
    left += [one for one in _settling(world) if key_of(one.reference)]
    matches: set[MatchFact] = set()
    doubts: set[tuple[str, int]] = set()
    for exact in (True, False):
        for sourced in (True, False):
            groups = group_by(
                (one for one in left if isinstance(one, PaymentFact) or (one.source_id is not None) == sourced),
                _key(exact=exact, sourced=sourced),
            )
            taken: set[tuple[str, int]] = set()
            parts = [one for whole in groups.values() for one in still_joined(whole, world.parted, "settlement")]
            for group in parts:
                payments, lines = sides(group)
                if payments and lines and len(payments) == len(lines) and (exact or len(lines) == 1):
                    matches.add(_settle(world, payments, lines, exact=exact))
                elif payments and lines:
                    doubts |= {mark(one) for one in group}
                else:
                    continue
                taken |= {mark(one) for one in group}
            left = [one for one in left if mark(one) not in taken]
    return frozenset(matches), frozenset(doubts)


def _settling(world: World) -> Iterator[LineFact]:
    return (one for one in world.lines if one.leg == "settlement" and one.amount > 0)


def _key(*, exact: bool, sourced: bool) -> Callable[[Fact], Hashable]:
    def key(one: Fact) -> Hashable:
        return key_of(one.reference), one.currency, exact and one.amount, sourced and one.source_id

    return key


def _settle(world: World, payments: Sequence[PaymentFact], lines: Sequence[LineFact], *, exact: bool) -> MatchFact:
    promoted = world.sources.get(payments[0].source_id, NO_SOURCE).promotions and lines[0].amount > payments[0].amount
    rule = "exact" if exact else "promotion" if promoted else "reference"
    return replace(join(rule, payments, lines), leg="settlement")


def pairs_of(matches: Collection[MatchFact]) -> dict[int, int]:
    """Return each settled payment's line: of several of one amount, in the order of their numbers."""
    settled = [match for match in matches if match.leg == "settlement"]
    return {payment: line for match in settled for payment, line in zip(match.payment_ids, match.line_ids, strict=True)}


def promotions(matches: Collection[MatchFact]) -> dict[int, int]:
    """Return what gateways add to payments."""
    return {match.payment_ids[0]: -match.difference for match in matches if match.rule == "promotion"}


def judge_settlements(
    world: World, matches: Collection[MatchFact], doubts: Ambiguous, add: AddBusinessDays
) -> Iterable[DiscrepancyFact]:
    line_of = pairs_of(matches)
    lines = {one.line_id: one for one in _settling(world)}
    for one in world.payments:
        source = world.sources.get(one.source_id, NO_SOURCE)
        if one.payment_id in line_of:
            yield from _judge_settled(one, lines.pop(line_of[one.payment_id]), source)
        elif one.came and one.state != "reversed" and one.amount > 0 and one.currency == "VND":
            subject = f"payment:{one.payment_id}"
            if mark(one) in doubts:
                yield DiscrepancyFact(subject, Reason.AMBIGUOUS, one.amount, one.business_date)
            elif source.settlement_days is not None:
                due = add(one.business_date, source.settlement_days)
                yield DiscrepancyFact(subject, Reason.SETTLEMENT_MISSING, one.amount, due)
    for line in lines.values():
        subject, since = f"line:{line.line_id}", line.booked_on
        reason = Reason.AMBIGUOUS if mark(line) in doubts else Reason.SETTLEMENT_UNEXPECTED
        yield DiscrepancyFact(subject, reason, line.amount, since)
        if lacking := _net_lacks(line, world.sources.get(line.source_id or 0, NO_SOURCE)):
            yield DiscrepancyFact(subject, Reason.NET_DIFFERS, lacking, since)


def _judge_settled(payment: PaymentFact, line: LineFact, source: SourceFact) -> Iterable[DiscrepancyFact]:
    subject, since = f"line:{line.line_id}", max(payment.business_date, line.booked_on)
    difference = payment.amount - line.amount
    if difference and not (source.promotions and difference < 0):
        yield DiscrepancyFact(subject, Reason.AMOUNT_DIFFERS, abs(difference), since)
    if wrong := _fee_is_wrong_by(line, source):
        yield DiscrepancyFact(subject, Reason.FEE_DIFFERS, wrong, since)
    if lacking := _net_lacks(line, source):
        yield DiscrepancyFact(subject, Reason.NET_DIFFERS, lacking, since)


def _fee_is_wrong_by(line: LineFact, source: SourceFact) -> int:
    """Return how far the fee is from the schedule's, which may be rounded to a whole unit either way."""
    if line.fee is None or source.fee_percent is None:
        return 0
    if source.fee_borne_by == "gateway":
        return abs(line.fee)
    due = Decimal(line.amount) * source.fee_percent / 100 + source.fee_fixed
    allowed = [int(due.to_integral_value(rounding)) for rounding in (ROUND_FLOOR, ROUND_CEILING)]
    return min(abs(line.fee - one) for one in allowed)


def _net_lacks(line: LineFact, source: SourceFact) -> int:
    if line.fee is None or line.net is None:
        return 0
    borne_by_agency = source.fee_percent is None or source.fee_borne_by == "agency"
    return abs(line.net - (line.amount - (line.fee if borne_by_agency else 0)))
