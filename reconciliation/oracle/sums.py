"""Payments and lines that come to the same sum: every subset is tried."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, Fact, join, mark, sides
from reconciliation.oracle.narrative import May, texts_of
from reconciliation.oracle.texts import key_of, stands_in
from reconciliation.rules.model import RuleSet, SumNarrative

NOTHING: tuple[frozenset[MatchFact], Ambiguous] = (frozenset(), frozenset())


def may_be_joined(world: World) -> May:
    """Anything may, but what a person has parted."""
    return lambda payment, line: ("bank", payment.payment_id, line.line_id) not in world.parted


def match_sums(group: Sequence[Fact], rule: str, most: int, may: May) -> tuple[frozenset[MatchFact], Ambiguous]:
    """Match a connected group of facts as a whole, else find what of it comes to the same."""
    payments, lines = sides(group)
    if not payments or not lines:
        return NOTHING
    if _total(group) == 0:
        return frozenset({join(rule, payments, lines)}), frozenset()
    if len(group) > most:
        return frozenset(), frozenset(mark(one) for one in group)
    solutions = list(_solutions(group, may))
    apart = [one for one in solutions if not any(_touch(one, other) for other in solutions if other is not one)]
    unclear = {mark(fact) for one in solutions if one not in apart for fact in one}
    return frozenset(join(rule, *sides(one)) for one in apart), frozenset(unclear)


def match_sums_by_name(
    payments: Sequence[PaymentFact], lines: Sequence[LineFact], rules: RuleSet, parted: May
) -> tuple[frozenset[MatchFact], Ambiguous]:
    """Match, of what is left open, what names hold together."""
    rule = rules.find(SumNarrative)
    if rule is None:
        return NOTHING
    texts = {line.line_id: texts_of(line, rules.prefixes) for line in lines}

    def may(payment: PaymentFact, line: LineFact) -> bool:
        keys = [key_of(payment.reference), key_of(payment.dossier_code or "")]
        after = (line.booked_on - payment.business_date).days
        return (
            (payment.account_id, payment.currency) == (line.account_id, line.currency)
            and rule.window_days.first <= after <= rule.window_days.last
            and any(stands_in(key, texts[line.line_id], rule.least_length) for key in keys)
            and parted(payment, line)
        )

    found = [match_sums(group, "sum_narrative", rule.most_facts, may) for group in connect([*payments, *lines], may)]
    matches = frozenset(match for each, _ in found for match in each)
    return matches, frozenset(fact for _, unclear in found for fact in unclear)


def _solutions(group: Sequence[Fact], may: May) -> Iterator[tuple[Fact, ...]]:
    """Return the sums that agree and hold no smaller one, the smallest first."""
    found: list[frozenset[tuple[str, int]]] = []
    for size in range(2, len(group) + 1):
        for some in combinations(group, size):
            if _total(some) == 0:
                marks = frozenset(mark(one) for one in some)
                if not any(one <= marks for one in found) and len(connect(some, may)) == 1:
                    found.append(marks)
                    yield some


def _total(facts: Collection[Fact]) -> int:
    return sum(one.amount if isinstance(one, PaymentFact) else -one.amount for one in facts)


def _touch(one: Collection[Fact], other: Collection[Fact]) -> bool:
    return bool({mark(fact) for fact in one} & {mark(fact) for fact in other})


def connect(facts: Collection[Fact], may: May) -> list[list[Fact]]:
    """Return the facts in groups that hold together by what may be joined."""
    left, groups = list(facts), []
    while left:
        group = [left.pop(0)]
        for one in group:
            near = [other for other in left if _may(one, other, may)]
            group += near
            left = [other for other in left if other not in near]
        groups.append(group)
    return groups


def _may(one: Fact, other: Fact, may: May) -> bool:
    if isinstance(one, PaymentFact) and isinstance(other, LineFact):
        return may(one, other)
    return isinstance(one, LineFact) and isinstance(other, PaymentFact) and may(other, one)
