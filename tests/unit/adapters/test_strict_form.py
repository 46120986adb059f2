from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.strict_form import MAX_PAIRS, parse_form
from paygate.domain.errors import InvalidInputError

storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.dictionaries(storable.filter(bool), storable, min_size=1, max_size=MAX_PAIRS))
def test_what_the_standard_library_writes_is_read_back(values: dict[str, str]) -> None:
    assert parse_form(urlencode(values).encode()) == values


def test_a_plus_is_a_space_and_an_escaped_one_itself() -> None:
    assert parse_form(b"a=1+2%2B3%20&b=") == {"a": "1 2+3 ", "b": ""}


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_form(b"check_sum=abc==") == {"check_sum": "abc=="}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "pair 1 is not name=value"),
        (b"a", "pair 1 is not name=value"),
        (b"=1", "pair 1 is not name=value"),
        (b"a=1&", "pair 2 is not name=value"),
        (b"a=1&&b=2", "pair 2 is not name=value"),
        (b"a=1&a=1", "pair 2 repeats a name"),
        (b"a=1&%61=2", "pair 2 repeats a name"),
        (b"a=%", "a % in pair 1 escapes nothing"),
        (b"a=%4", "a % in pair 1 escapes nothing"),
        (b"a=%zz", "a % in pair 1 escapes nothing"),
        (b"%u0061=1", "a % in pair 1 escapes nothing"),
        (b"a=%ff", "pair 1 is not UTF-8"),
        (b"a=\xff", "pair 1 is not UTF-8"),
        (b"a=%ed%a0%80", "pair 1 is not UTF-8"),
        (b"a=%c0%80", "pair 1 is not UTF-8"),
        (b"a=%00", "pair 1 holds U\\+0000"),
        (b"a\x00=1", "pair 1 holds U\\+0000"),
        (b"&".join(b"%d=1" % number for number in range(MAX_PAIRS + 1)), "more than 64 pairs"),
        (b"&" * 60_000, "more than 64 pairs"),
    ],
    ids=range(19),
)
def test_anything_else_is_refused_by_its_place_and_without_its_content(body: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        parse_form(body)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    try:
        parse_form(body)
    except InvalidInputError:
        return
