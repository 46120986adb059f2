"""Facts in groups: the two sides, and what joins them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact

Fact = PaymentFact | LineFact
Ambiguous = frozenset[tuple[str, int]]


def mark(fact: Fact) -> tuple[str, int]:
    return ("payment", fact.payment_id) if isinstance(fact, PaymentFact) else ("line", fact.line_id)


def marks_of(matches: Iterable[MatchFact]) -> Ambiguous:
    payments = frozenset(("payment", one) for match in matches for one in match.payment_ids)
    return payments | {("line", one) for match in matches for one in match.line_ids}


def group_by(facts: Iterable[Fact], by: Callable[[Fact], Hashable]) -> Mapping[Hashable, list[Fact]]:
    groups = defaultdict(list)
    for fact in facts:
        groups[by(fact)].append(fact)
    return groups


def sides(group: Collection[Fact]) -> tuple[list[PaymentFact], list[LineFact]]:
    payments = sorted((one for one in group if isinstance(one, PaymentFact)), key=lambda one: one.payment_id)
    lines = sorted((one for one in group if isinstance(one, LineFact)), key=lambda one: one.line_id)
    return payments, lines


def join(rule: str, payments: Collection[PaymentFact], lines: Collection[LineFact]) -> MatchFact:
    difference = sum(one.amount for one in payments) - sum(one.amount for one in lines)
    return MatchFact(rule, tuple(one.payment_id for one in payments), tuple(one.line_id for one in lines), difference)


def still_joined(group: Sequence[Fact], parted: Collection[tuple[str, int, int]], leg: str) -> list[list[Fact]]:
    """Return what a group falls into where a payment may have every line of it but those it was parted from."""
    if not parted:
        return [list(group)]
    parts: list[list[Fact]] = []
    for fact in group:
        near = [part for part in parts if any(_may_join(fact, one, parted, leg) for one in part)]
        parts = [part for part in parts if part not in near] + [[fact, *(one for part in near for one in part)]]
    return parts


def _may_join(one: Fact, other: Fact, parted: Collection[tuple[str, int, int]], leg: str) -> bool:
    if isinstance(one, LineFact):
        one, other = other, one
    if isinstance(one, PaymentFact) and isinstance(other, LineFact):
        return (leg, one.payment_id, other.line_id) not in parted
    return False
