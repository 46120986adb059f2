"""Gross, fee and net of a settled payment: what a row does not tell is found, what it tells is never bent."""

import pytest

from adapters.statements.table.settled import Sums, settled_sums
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ((100, 1, 99), (100, 1, 99)),
        ((100, 1, 98), (100, 1, 98)),
        ((100, None, 99), (100, 1, 99)),
        ((100, None, 100), (100, None, 100)),
        ((100, None, 101), (100, -1, 101)),
        ((100, 1, None), (100, 1, None)),
        ((100, None, None), (100, None, None)),
        ((None, 1, 99), (100, 1, 99)),
        ((None, None, 99), (99, None, 99)),
        ((100, -1, 99), (100, 1, 99)),
        ((100, -1, 101), (100, -1, 101)),
        ((100, -1, 98), (100, -1, 98)),
        ((-100, -1, -99), (-100, -1, -99)),
        ((-100, 1, None), (-100, 1, None)),
        ((None, -1, -99), (-100, -1, -99)),
        ((0, 0, 0), (0, 0, 0)),
        ((MAX_AMOUNT, 0, None), (MAX_AMOUNT, 0, None)),
        ((2**40, 2**33, None), (2**40, 2**33, None)),
    ],
)
def test_what_a_row_does_not_tell_is_found_from_what_it_does(
    stated: tuple[int | None, int | None, int | None], found: tuple[int, int | None, int | None]
) -> None:
    assert settled_sums(*stated) == Sums(*found)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ((None, None, None), "neither a gross nor a net"),
        ((None, 5, None), "neither a gross nor a net"),
        ((100, -1, None), "either direction"),
        ((None, -1, 99), "either direction"),
        ((None, 1, MAX_AMOUNT), "amounts that are kept"),
        ((-MAX_AMOUNT, 1, None), "amounts that are kept"),
        ((MAX_AMOUNT, None, -1), "amounts that are kept"),
    ],
)
def test_sums_that_cannot_be_meant_are_refused(stated: tuple[int | None, int | None, int | None], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        settled_sums(*stated)
