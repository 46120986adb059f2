"""Payments and lines of equal sums: every smallest answer is found, and only what is clear is taken."""

import itertools
from math import comb

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from reconciliation.combination import Pair, _balanced, combine
from reconciliation.rules.model import SEARCH_FACTS

HALF = SEARCH_FACTS // 2
ANY = [(payment, line) for payment in range(HALF) for line in range(HALF)]


def test_two_payments_come_to_one_line() -> None:
    assert combine({1: 30, 2: 50}, {9: 80}).taken == [((1, 2), (9,))]


def test_what_comes_to_no_sum_is_left() -> None:
    found = combine({1: 30, 2: 50, 3: 200}, {8: 80, 9: 110})
    assert found.taken == [((1, 2), (8,))]
    assert not found.unclear_payments | found.unclear_lines


def test_of_two_answers_none_is_taken() -> None:
    found = combine({1: 30, 2: 50, 3: 20, 4: 60}, {9: 80})
    assert found.taken == []
    assert (found.unclear_payments, found.unclear_lines) == ({1, 2, 3, 4}, {9})


def test_a_clear_answer_is_taken_beside_an_unclear_one() -> None:
    found = combine({1: 30, 2: 50, 3: 20, 4: 60, 5: 7, 6: 8}, {8: 15, 9: 80})
    assert found.taken == [((5, 6), (8,))]
    assert found.unclear_lines == {9}


def test_what_is_not_joined_by_any_pair_is_no_answer() -> None:
    assert combine({1: 30, 2: 50}, {8: 30, 9: 50}, {(1, 9), (2, 8)}).taken == []
    assert combine({1: 30, 2: 50}, {9: 80}, {(1, 9), (2, 9)}).taken == [((1, 2), (9,))]


amounts = st.dictionaries(st.integers(1, 9), st.integers(1, 9), min_size=1, max_size=4)


@given(amounts, amounts, st.sets(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=10) | st.none())
def test_the_search_finds_what_trying_everything_finds(
    payments: dict[int, int], lines: dict[int, int], pairs: set[Pair] | None
) -> None:
    allowed = {one for one in pairs if one[0] in payments and one[1] in lines} if pairs is not None else None
    solutions = try_everything(payments, lines, allowed)
    apart = [one for one in solutions if not any(one & other for other in solutions if other is not one)]
    found = combine(payments, lines, allowed)
    event(f"taken {len(found.taken)} of {min(len(solutions), 3)}")
    assert {facts_of(*one) for one in found.taken} == set(apart)
    unclear = frozenset().union(*(one for one in solutions if one not in apart))
    assert facts_of(found.unclear_payments, found.unclear_lines) == unclear


Facts = frozenset[tuple[str, int]]


def facts_of(payments: "frozenset[int] | tuple[int, ...]", lines: "frozenset[int] | tuple[int, ...]") -> Facts:
    return frozenset({("payment", one) for one in payments} | {("line", one) for one in lines})


def try_everything(payments: dict[int, int], lines: dict[int, int], allowed: set[Pair] | None) -> list[Facts]:
    signed = {("payment", number): amount for number, amount in payments.items()}
    signed |= {("line", number): -amount for number, amount in lines.items()}
    found: list[Facts] = []
    for size in range(2, len(signed) + 1):
        for some in map(frozenset, itertools.combinations(signed, size)):
            if not sum(signed[one] for one in some) and not any(one <= some for one in found) and hold(some, allowed):
                found.append(some)
    return found


def hold(facts: Facts, allowed: set[Pair] | None) -> bool:
    first, *rest = facts
    reached = [first]
    for kind, number in reached:
        for other in [one for one in rest if one[0] != kind]:
            pair = (number, other[1]) if kind == "payment" else (other[1], number)
            if allowed is None or pair in allowed:
                reached.append(other)
                rest.remove(other)
    return not rest


@pytest.mark.parametrize("allowed", [None, ANY])
def test_the_largest_search_that_is_allowed_looks_at_a_bounded_number_of_sets(allowed: list[Pair] | None) -> None:
    """No twenty amounts come to nothing in more ways than equal ones do: half of them against the other half."""
    payments, lines = dict.fromkeys(range(HALF), 5), dict.fromkeys(range(HALF), 5)
    assert len(_balanced([*payments.values(), *(-one for one in lines.values())])) == comb(SEARCH_FACTS, HALF) - 1
    assert len(combine(payments, lines, allowed).unclear_lines) == HALF
