import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.strict_json import MAX_DEPTH, parse
from paygate.domain.errors import InvalidInputError

BEYOND_OUR_BOUNDS = {
    "y_object_duplicated_key.json": "a key stands twice",
    "y_object_duplicated_key_and_value.json": "a key stands twice",
    "y_object_escaped_null_in_key.json": "U+0000",
    "y_string_null_escape.json": "U+0000",
}
"""Well-formed files of the suite that are refused all the same, and for which bound."""


def verdict(body: bytes) -> str:
    try:
        parse(body)
    except InvalidInputError as refused:
        return str(refused)
    return "accepted"


def test_every_file_of_the_json_test_suite_has_the_verdict_it_should(shared: Path) -> None:
    verdicts = {
        file.name: verdict(file.read_bytes())
        for file in sorted((shared / "corpora/nasty/json-test-suite/test_parsing").glob("*.json"))
    }
    refused = {name: why for name, why in verdicts.items() if name.startswith("y_") and why != "accepted"}
    assert refused.keys() == BEYOND_OUR_BOUNDS.keys()
    assert all(BEYOND_OUR_BOUNDS[name] in why for name, why in refused.items())
    assert not [name for name, why in verdicts.items() if name.startswith("n_") and why == "accepted"]
    counted = [sum(name.startswith(kind) for name in verdicts) for kind in ("y_", "n_", "i_")]
    assert counted == [95, 188, 35]


def test_what_the_suite_accepts_reads_as_the_standard_library_reads_it(shared: Path) -> None:
    files = [
        file
        for file in (shared / "corpora/nasty/json-test-suite/test_parsing").glob("y_*.json")
        if file.name not in BEYOND_OUR_BOUNDS
    ]
    assert len(files) == 91
    for file in files:
        assert parse(file.read_bytes()) == json.loads(file.read_bytes())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b'{"a":1}x', "not JSON"),
        (b'{"SoTien":1,"SoTien":2}', "a key stands twice"),
        (b'{"a":1,"\\u0061":2}', "a key stands twice"),
        (b'{"a":{"b":1,"b":1}}', "a key stands twice"),
        (b"NaN", "NaN"),
        (b'{"a":Infinity}', "Infinity"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e999", "double precision"),
        (b'"\\u0000"', "U+0000"),
        (b'{"\\u0000":1}', "U+0000"),
        (b'["a\x00b"]', "not JSON"),
        (b'"\\ud800"', "lone surrogate"),
        (b'[["\\udc00\\ud800"]]', "lone surrogate"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xff"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"9223372036854775808", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"9" * 5000, "64 bits"),
        (b"[" * 300 + b"]" * 300, "nested deeper"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 60_000, "nested deeper"),
    ],
)
def test_what_could_be_read_in_two_ways_or_not_kept_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(reason)):
        parse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        ('"Hải Dương"'.encode(), "Hải Dương"),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"[1.5, true, null]", [1.5, True, None]),
    ],
)
def test_what_only_looks_suspicious_is_read(body: bytes, value: object) -> None:
    assert parse(body) == value


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_thirty_two_levels_are_read_and_thirty_three_are_not(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"

    def nest(levels: int) -> bytes:
        return opening * levels + (b"1" if opening != b"[" else b"") + closing * levels

    beside = b"[" + b",".join([b"[]"] * 100) + b","
    assert verdict(nest(MAX_DEPTH)) == "accepted"
    assert "nested deeper" in verdict(nest(MAX_DEPTH + 1))
    assert verdict(beside + nest(MAX_DEPTH - 1) + b"]") == "accepted"
    assert "nested deeper" in verdict(beside + nest(MAX_DEPTH) + b"]")


def test_brackets_in_a_text_are_no_nesting() -> None:
    text = '[{\\"' * 200
    assert verdict(f'["{text}", []]'.encode()) == "accepted"


def test_depth_is_judged_before_the_interpreter_could_run_out_of_stack() -> None:
    def deep(frames: int) -> Any:
        return deep(frames - 1) if frames else verdict(b"[" * 60_000)

    assert "nested deeper" in deep(sys.getrecursionlimit() // 2)


def test_a_reason_never_quotes_what_was_sent() -> None:
    for body in (b'{"Nguyen Van A":1,"Nguyen Van A":2}', b'{"a": Nguyen Van A}', b'"Nguyen Van A\\ud800"'):
        assert "Nguyen" not in verdict(body)
