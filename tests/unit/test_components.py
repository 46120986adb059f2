"""What a person parts stays apart, and whatever else may still be joined stays together."""

from itertools import product

from hypothesis import event, given
from hypothesis import strategies as st

from reconciliation.components import split_group

numbers = st.integers(0, 4)


def test_a_pair_that_is_parted_is_nothing() -> None:
    assert list(split_group([1], [7], [(1, 7)])) == []


def test_what_is_parted_from_one_may_be_another_s() -> None:
    assert list(split_group([1, 2], [7, 8], [(1, 7)])) == [([1, 2], [7, 8])]
    assert list(split_group([1, 2], [7, 8], [(1, 7), (2, 8)])) == [([1], [8]), ([2], [7])]
    assert list(split_group([1, 2], [7], [(1, 7)])) == [([2], [7])]


@given(st.sets(numbers), st.sets(numbers), st.sets(st.tuples(numbers, numbers)))
def test_no_pair_that_may_be_joined_lies_in_two_parts(
    payments: set[int], lines: set[int], parted: set[tuple[int, int]]
) -> None:
    parts = list(split_group(payments, lines, parted))
    event(f"parts: {len(parts)}")
    part_of_payment = {one: place for place, (of, _) in enumerate(parts) for one in of}
    part_of_line = {one: place for place, (_, of) in enumerate(parts) for one in of}
    assert len(part_of_payment) == sum(len(of) for of, _ in parts)
    assert len(part_of_line) == sum(len(of) for _, of in parts)
    for payment, line in product(payments, lines):
        if (payment, line) not in parted:
            assert part_of_payment[payment] == part_of_line[line]
