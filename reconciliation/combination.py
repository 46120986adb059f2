"""Which payments and lines of a group come to the same sum, where not all of them do: a search that is bounded."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

Side = Mapping[int, int]
"""Amounts, all above zero, by the number of their fact."""
Pair = tuple[int, int]
"""A payment and a line, by their numbers."""


@dataclass(frozen=True, slots=True)
class Combinations:
    """What a search found: solutions that share no fact with another, and the facts of those that do.

    A solution is payments and lines of equal sums that hold together by allowed pairs, and none smaller inside.
    """

    taken: Sequence[tuple[tuple[int, ...], tuple[int, ...]]] = ()
    unclear_payments: frozenset[int] = frozenset()
    unclear_lines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Facts:
    """Facts as bits, payments before lines, and with which others each may be joined; None: any with any."""

    payments: Sequence[int]
    lines: Sequence[int]
    neighbours: Sequence[int] | None = field(default=None)

    def hold_together(self, solution: int) -> bool:
        if self.neighbours is None:
            return True
        reached = frontier = solution & -solution
        while frontier:
            bit = frontier & -frontier
            new = self.neighbours[bit.bit_length() - 1] & solution & ~reached
            reached |= new
            frontier = (frontier | new) & ~bit
        return reached == solution

    def numbers(self, solution: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        payments = (number for place, number in enumerate(self.payments) if solution >> place & 1)
        lines = (number for place, number in enumerate(self.lines, len(self.payments)) if solution >> place & 1)
        return tuple(payments), tuple(lines)


def combine(payments: Side, lines: Side, allowed: Collection[Pair] | None = None) -> Combinations:
    """Find every solution. The caller sees to it that there are few facts: the work doubles with every other one."""
    facts = _Facts(tuple(sorted(payments)), tuple(sorted(lines)))
    amounts = [*(payments[one] for one in facts.payments), *(-lines[one] for one in facts.lines)]
    if allowed is not None:
        facts = _Facts(facts.payments, facts.lines, _neighbours(facts, allowed))
    balanced = [one for one in _balanced(amounts) if facts.hold_together(one)]
    return _decide(facts, _smallest(balanced, len(amounts)))


def _neighbours(facts: _Facts, allowed: Collection[Pair]) -> list[int]:
    places = {("payment", number): place for place, number in enumerate(facts.payments)}
    places |= {("line", number): place for place, number in enumerate(facts.lines, len(facts.payments))}
    found = [0] * len(places)
    for payment, line in allowed:
        one, other = places["payment", payment], places["line", line]
        found[one] |= 1 << other
        found[other] |= 1 << one
    return found


def _balanced(amounts: Sequence[int]) -> list[int]:
    """Return the sets that come to nothing, as bits: those of one half against those of the other."""
    middle = len(amounts) // 2
    lower = defaultdict(list)
    for bits, total in enumerate(_totals(amounts[:middle])):
        lower[total].append(bits)
    upper = enumerate(_totals(amounts[middle:]))
    return [bits | high << middle for high, total in upper for bits in lower.get(-total, ()) if bits or high]


def _totals(amounts: Sequence[int]) -> list[int]:
    totals = [0]
    for amount in amounts:
        totals += [total + amount for total in totals]
    return totals


def _smallest(balanced: Sequence[int], facts: int) -> list[int]:
    """Return the sets in which no other lies. All sets of the facts are the bits of one number: one is set, or not."""
    marked = bytearray((1 << facts) // 8 + 1)
    for one in balanced:
        marked[one >> 3] |= 1 << (one & 7)
    around = int.from_bytes(marked, "little")
    larger = 0
    for place in range(facts):
        grown = (around & _without(place, facts)) << (1 << place)
        larger |= grown | (larger & _without(place, facts)) << (1 << place)
        around |= grown
    holding = larger.to_bytes(len(marked) + 1, "little")
    return [one for one in balanced if not holding[one >> 3] >> (one & 7) & 1]


@cache
def _without(place: int, facts: int) -> int:
    """Return the number whose bits are the sets without a fact."""
    width = 1 << place
    pattern = (1 << width) - 1
    while width < 1 << facts:
        width *= 2
        pattern |= pattern << width
    return pattern & ((1 << (1 << facts)) - 1)


def _decide(facts: _Facts, solutions: Sequence[int]) -> Combinations:
    seen = shared = 0
    for one in solutions:
        shared |= seen & one
        seen |= one
    taken = [facts.numbers(one) for one in solutions if not one & shared]
    unclear = 0
    for one in solutions:
        unclear |= one if one & shared else 0
    payments, lines = facts.numbers(unclear)
    return Combinations(sorted(taken), frozenset(payments), frozenset(lines))
