"""Payments and bank lines of one reference."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, Fact, group_by, join, mark, sides
from reconciliation.oracle.texts import key_of
from reconciliation.rules.model import Reference, ReferenceOtherAccount, Rule, RuleSet, Tolerance

_SWITCHED: Final[Mapping[str, type[Rule]]] = {
    "reference": Reference,
    "reference_other_account": ReferenceOtherAccount,
}


def match_by_reference(
    world: World, rules: RuleSet
) -> tuple[frozenset[MatchFact], list[PaymentFact], list[LineFact], Ambiguous]:
    came = [one for one in world.payments if one.came and one.amount > 0 and one.account_id is not None]
    credits_ = [one for one in world.lines if one.leg == "bank" and one.amount > 0]
    facts: list[Fact] = [*came, *credits_]
    open_facts = [one for one in facts if key_of(one.reference)]
    nameless = [one for one in facts if not key_of(one.reference)]
    matches: set[MatchFact] = set()
    ambiguous: set[tuple[str, int]] = set()
    stages: tuple[tuple[str, Callable[[Fact], Hashable], bool], ...] = (
        ("exact", lambda one: (key_of(one.reference), one.currency, one.account_id, one.amount), True),
        ("reference", lambda one: (key_of(one.reference), one.currency, one.account_id), False),
        ("reference_other_account", lambda one: (key_of(one.reference), one.currency, one.amount), False),
    )
    on = {"exact", *(kind for kind, one in _SWITCHED.items() if rules.find(one))}
    for rule, by, many in (stage for stage in stages if stage[0] in on):
        left: list[Fact] = []
        for group in group_by(open_facts, by).values():
            payments, lines = sides(group)
            if not payments or not lines:
                left += group
            elif len(payments) == len(lines) and (many or len(payments) == 1):
                matches.add(_named(join(rule, payments, lines), payments[0].amount, rules.find(Tolerance)))
            else:
                ambiguous |= {mark(one) for one in group}
        open_facts = left
    payments, lines = sides([*open_facts, *nameless])
    return frozenset(matches), payments, lines, frozenset(ambiguous)


def _named(match: MatchFact, amount: int, tolerance: Tolerance | None) -> MatchFact:
    """Say of a pair that differs by little that it is within the tolerance."""
    if match.rule != "reference" or tolerance is None:
        return match
    off = abs(match.difference)
    too_far = tolerance.dong is not None and off > tolerance.dong
    too_much = tolerance.percent is not None and Fraction(off * 100, amount) > Fraction(tolerance.percent)
    return match if too_far or too_much else replace(match, rule="tolerance")
