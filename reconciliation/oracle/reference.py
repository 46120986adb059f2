"""Payments and bank lines of one reference."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, Fact, group_by, join, mark, marks_of, sides
from reconciliation.oracle.narrative import May
from reconciliation.oracle.sums import connect, match_sums, may_be_joined
from reconciliation.oracle.texts import key_of
from reconciliation.rules.model import Reference, ReferenceOtherAccount, Rule, RuleSet, SumReference, Tolerance

_SWITCHED: Final[Mapping[str, type[Rule]]] = {
    "sum_reference": SumReference,
    "reference": Reference,
    "reference_other_account": ReferenceOtherAccount,
}
PAIR: Final = 2

Found = tuple[frozenset[MatchFact], Ambiguous]


def match_by_reference(
    world: World, rules: RuleSet
) -> tuple[frozenset[MatchFact], list[PaymentFact], list[LineFact], Ambiguous]:
    came = [one for one in world.payments if one.came and one.amount > 0 and one.account_id is not None]
    credits_ = [one for one in world.lines if one.leg == "bank" and one.amount > 0]
    facts: list[Fact] = [*came, *credits_]
    open_facts = [one for one in facts if key_of(one.reference)]
    nameless = [one for one in facts if not key_of(one.reference)]
    may = may_be_joined(world)
    matches: set[MatchFact] = set()
    ambiguous: set[tuple[str, int]] = set()
    stages: tuple[tuple[str, Callable[[Fact], Hashable], bool], ...] = (
        ("exact", lambda one: (key_of(one.reference), one.currency, one.account_id, one.amount), True),
        ("sum_reference", lambda one: (key_of(one.reference), one.currency, one.account_id), True),
        ("reference", lambda one: (key_of(one.reference), one.currency, one.account_id), False),
        ("reference_other_account", lambda one: (key_of(one.reference), one.currency, one.amount), False),
    )
    on = {"exact", *(kind for kind, one in _SWITCHED.items() if rules.find(one))}
    for rule, by, many in (stage for stage in stages if stage[0] in on):
        left: list[Fact] = []
        whole = group_by(open_facts, by).values()
        for group in (part for facts_of_one in whole for part in connect(facts_of_one, may)):
            if rule == "sum_reference":
                found, unclear = _match_sums(group, rules, may)
            else:
                found, unclear = _match_group(group, rule, rules, many=many)
            matches |= found
            ambiguous |= unclear
            settled = marks_of(found) | unclear
            left += [one for one in group if mark(one) not in settled]
        open_facts = left
    payments, lines = sides([*open_facts, *nameless])
    return frozenset(matches), payments, lines, frozenset(ambiguous)


def _match_group(group: Sequence[Fact], rule: str, rules: RuleSet, *, many: bool) -> Found:
    payments, lines = sides(group)
    if not payments or not lines:
        return frozenset(), frozenset()
    if len(payments) == len(lines) and (many or len(payments) == 1):
        joined = join(rule, payments, lines)
        return frozenset({_named(joined, payments[0].amount, rules.find(Tolerance))}), frozenset()
    return frozenset(), frozenset(mark(one) for one in group)


def _match_sums(group: Sequence[Fact], rules: RuleSet, may: May) -> Found:
    """Two facts that differ are a pair, and no sum."""
    rule = rules.find(SumReference)
    if rule is None or len(group) <= PAIR:
        return frozenset(), frozenset()
    return match_sums(group, "sum_reference", rule.most_facts, may)


def _named(match: MatchFact, amount: int, tolerance: Tolerance | None) -> MatchFact:
    """Say of a pair that differs by little that it is within the tolerance."""
    if match.rule != "reference" or tolerance is None:
        return match
    off = abs(match.difference)
    too_far = tolerance.dong is not None and off > tolerance.dong
    too_much = tolerance.percent is not None and Fraction(off * 100, amount) > Fraction(tolerance.percent)
    return match if too_far or too_much else replace(match, rule="tolerance")
