"""Payments and lines that come to the same sum: every subset is tried."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, Fact, join, mark, sides

May = Callable[[PaymentFact, LineFact], bool]
"""Whether a payment and a line may be joined at all."""

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
