"""Codes and numbers that simulators make up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.shaping import code, number
from paygate.domain.errors import InvalidInputError

PATTERNS = [
    "[0-9]{8}",
    "2NDV[A-Z]{3}[0-9]{11}",
    "[0-9]{3}[A-Z][0-9]{5}[A-Z0-9]{7}",
    "[A-Za-z0-9._-]{1,30}",
    r"HD\d{4,}-\w+[^a-z]?",
    "a.c*",
    r"x\.y",
    "[]x]{3}",
    "[!-~]{0,100}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text())
def test_a_code_made_up_to_a_pattern_is_of_it_and_stays_as_it_is(pattern: str, text: str) -> None:
    made = code(text, re.compile(pattern))
    assert re.fullmatch(pattern, made)
    assert code(made, re.compile(pattern)) == made


def test_other_texts_have_other_codes() -> None:
    assert len({code(f"SIM{n}", re.compile(PATTERNS[1])) for n in range(1000)}) == 1000


@pytest.mark.parametrize("pattern", ["(a|b)c", "a|b", r"(?=x)y", r"\bword", r"(z)\1", "^abc$"])
def test_a_pattern_that_is_more_than_characters_in_a_row_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInputError, match="no code can be made up"):
        code("?", re.compile(pattern))


@given(text=st.text(), digits=st.integers(1, 30))
def test_a_number_has_its_digits_and_stays_as_it_is(text: str, digits: int) -> None:
    made = number(text, digits)
    assert re.fullmatch(rf"[1-9][0-9]{{0,{digits - 1}}}", made)
    assert number(made, digits) == made
