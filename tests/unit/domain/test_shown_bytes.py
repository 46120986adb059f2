"""What others sent is shown whole, and does nothing where it is shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.shown_bytes import pretty, readable


def test_a_body_is_shown_as_it_is_where_it_prints() -> None:
    assert readable("Lệ phí".encode()) == "Lệ phí"


def test_what_stands_twice_in_json_is_seen_twice() -> None:
    assert pretty(b'{"a":1,"a":[2,"x, {y}"]}').split() == [
        "{",
        '"a":',
        "1,",
        '"a":',
        "[",
        "2,",
        '"x,',
        '{y}"',
        "]",
        "}",
    ]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_indented_json_says_the_same(value: object) -> None:
    said = json.dumps([value])
    assert json.loads(pretty(said.encode())) == [value]


def test_a_form_is_shown_field_by_field() -> None:
    assert pretty(b"vnp_Amount=100&vnp_OrderInfo=Le+phi%0A%1b") == "vnp_Amount = 100\nvnp_OrderInfo = Le phi\\n\\x1b"


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"[" * 70_000, b'{"a": "\\', b"<a b='c'>", b"]]]]", "\u202e{".encode()]
)
def test_whatever_came_is_shown_without_what_does_not_print(body: bytes) -> None:
    assert all(line.isprintable() for line in pretty(body).split("\n"))
