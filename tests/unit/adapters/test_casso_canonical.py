import json

import pytest

from adapters.casso.canonical import number_text, write
from adapters.strict_json import parse


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (599000.0, "599000"),
        (-1.5, "-1.5"),
        (100.5, "100.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.000001, "0.000001"),
        (0.0000012, "0.0000012"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_a_number_is_written_as_javascript_writes_it(number: float, written: str) -> None:
    assert number_text(number) == written
    assert write(parse(json.dumps([number]).encode())) == f"[{written}]"


def test_a_text_is_written_as_javascript_writes_it() -> None:
    text = 'Ánh "\\/\b\f\n\r\t\x01\x1f\x7f\u2028\u00ad😀'
    written = '"Ánh \\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\u2028\u00ad😀"'
    assert write(text) == written


def test_names_are_sorted_at_every_depth_but_inside_arrays() -> None:
    assert write({"b": {"d": None, "C": True}, "a": [{"z": 1, "y": False}]}) == (
        '{"a":[{"z":1,"y":false}],"b":{"C":true,"d":null}}'
    )
