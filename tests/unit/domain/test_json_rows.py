"""Rows of JSON one at a time: the same as all at once, wherever the window ends."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain import json_rows
from paygate.domain.json_rows import DoubledObject, rows_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=8), st.sampled_from((None, 1, "\t")), st.integers(1, 40))
def test_an_array_read_row_by_row_is_what_it_is_at_once(rows: list[Any], indent: Any, window: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "WINDOW", window)
        assert list(rows_of(json.dumps(rows, indent=indent))) == rows


@given(VALUES.filter(lambda value: not isinstance(value, list)))
def test_another_document_is_one_row(value: Any) -> None:
    assert list(rows_of(f" {json.dumps(value)}\n")) == [value]


@given(st.lists(VALUES, max_size=4), st.data())
def test_what_is_cut_off_is_refused_wherever_it_is_cut(rows: list[Any], data: st.DataObject) -> None:
    whole = json.dumps([*rows, None])
    with pytest.raises(ValueError, match=r"."):
        list(rows_of(whole[: data.draw(st.integers(0, len(whole) - 1))]))


@pytest.mark.parametrize("text", ["", " ", "[1,]", "[,1]", "[1 2]", "[1]]", "[1][2]", "{} {}", "[NaN]", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(rows_of(text))


def test_a_row_is_only_so_long() -> None:
    assert list(rows_of(json.dumps(["x" * (json_rows.MAX_ROW - 100)])))
    with pytest.raises(ValueError, match="longer than"):
        list(rows_of(json.dumps(["x" * (json_rows.MAX_ROW + 1), 1])))


def test_a_key_that_stands_twice_is_marked() -> None:
    [row] = rows_of('[{"a": 1, "a": 2}]')
    assert isinstance(row, DoubledObject)
