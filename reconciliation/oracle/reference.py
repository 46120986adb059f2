"""Payments and bank lines of one reference."""

from collections.abc import Callable, Hashable

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, Fact, group_by, join, mark, sides
from reconciliation.oracle.texts import key_of


def match_by_reference(
    world: World,
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
    for rule, by, many in stages:
        left: list[Fact] = []
        for group in group_by(open_facts, by).values():
            payments, lines = sides(group)
            if not payments or not lines:
                left += group
            elif len(payments) == len(lines) and (many or len(payments) == 1):
                matches.add(join(rule, payments, lines))
            else:
                ambiguous |= {mark(one) for one in group}
        open_facts = left
    payments, lines = sides([*open_facts, *nameless])
    return frozenset(matches), payments, lines, frozenset(ambiguous)
