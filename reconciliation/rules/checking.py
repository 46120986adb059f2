"""Whether the engine can follow a rule set: each rule once, in an order it has, and each able to get a fact."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from reconciliation.rules.model import ORDER, Exact, Reference, Rule, RuleSet, Tolerance


def faults_of(rules: RuleSet) -> Sequence[str]:
    """Return what is wrong, each in a sentence that names its rule; a set without faults can act."""
    for check in _CHECKS:
        if faults := list(check(rules)):
            return faults
    return ()


def _kind(rule: Rule) -> str:
    return str(getattr(rule, "kind"))  # noqa: B009 -- every kind of rule has it, each with its own literal type


def _repeated(rules: RuleSet) -> Iterator[str]:
    counts = Counter(map(_kind, rules.rules))
    yield from (
        f"rule {kind} stands {count} times; the second can never get a fact"
        for kind, count in counts.items()
        if count > 1
    )


def _unknown_names(rules: RuleSet) -> Iterator[str]:
    known = [_kind(rule) for rule in rules.rules]
    for rule in rules.rules:
        for name in rule.after:
            if name not in known:
                yield f"rule {_kind(rule)}: after names {name!r}, which is not in this set; there is {', '.join(known)}"


def _cycles(rules: RuleSet) -> Iterator[str]:
    """Find a cycle, if there is one: each `after` is followed once."""
    after = {_kind(rule): rule.after for rule in rules.rules}
    done: set[str] = set()
    for start in after:
        if cycle := _cycle_from(start, after, done):
            yield f"rule {cycle[0]}: after goes in a circle: {' after '.join(cycle)}"
            return


def _cycle_from(start: str, after: Mapping[str, Sequence[str]], done: set[str]) -> list[str]:
    path: list[str] = [start]
    ahead = [iter(after[start])]
    while path:
        following = next(ahead[-1], None)
        if following is None:
            done.add(path.pop())
            ahead.pop()
        elif following in path:
            return [*path[path.index(following) :], following]
        elif following not in done:
            path.append(following)
            ahead.append(iter(after[following]))
    return []


def _orders(rules: RuleSet) -> Iterator[str]:
    place = {kind: number for number, kind in enumerate(ORDER)}
    kinds = [_kind(rule) for rule in rules.rules]
    for rule in rules.rules:
        for name in rule.after:
            if place[name] > place[_kind(rule)]:
                yield f"rule {_kind(rule)}: after {name} cannot be followed: {_kind(rule)} acts before it"
    for earlier, later in pairwise(kinds):
        if place[earlier] > place[later]:
            yield f"rule {later} stands after {earlier}, but acts before it; the order is {', '.join(ORDER)}"


def _unreachable(rules: RuleSet) -> Iterator[str]:
    if rules.find(Exact) is None:
        yield "rule exact: it must be there and enabled: every other rule works on what it leaves"
    tolerance = rules.find(Tolerance)
    if tolerance is None:
        return
    if rules.find(Reference) is None:
        yield "rule tolerance: it can never get a fact: it accepts what reference pairs, and reference is off"
    if tolerance.dong is None and tolerance.percent is None:
        yield "rule tolerance: it accepts any difference: say dong, percent or both"
    if tolerance.dong == 0 or tolerance.percent == 0:
        yield "rule tolerance: it can never get a fact: equal amounts are taken by exact before it"


_CHECKS: Final[Sequence[Callable[[RuleSet], Iterator[str]]]] = (
    _repeated,
    _unknown_names,
    _cycles,
    _orders,
    _unreachable,
)
"""What a later check takes for granted, an earlier one has made sure of."""
