"""Where in a file a refusal of its rules points to."""

import re
from collections.abc import Callable, Sequence
from typing import Final

_AT_LINE: Final = re.compile(r"at line (\d+)")
_OF_RULE: Final = re.compile(r"rule (?:number (\d+)|([a-z_]+))")
_RULE: Final = re.compile(r"\s*\[\[\s*rules\s*\]\]")
_KEY: Final = re.compile(r"([a-z_]+)(?:: | is not a key)")


def line_of(text: str, fault: str) -> int | None:
    """Return the line, from 1, that a refusal of a rule set is about, as far as it can be told."""
    if found := _AT_LINE.search(fault):
        return int(found[1])
    lines = text.splitlines()
    if found := _OF_RULE.search(fault):
        return _first(lines, _stands(found[2])) if found[2] else _nth_rule(lines, int(found[1]))
    named = (_first(lines, re.compile(rf"\s*{key}\s*=").match) for key in _KEY.findall(fault))
    return next(filter(None, named), None)


def _stands(kind: str) -> Callable[[str], object]:
    return re.compile(rf"\s*kind\s*=\s*[\"']{kind}[\"']").match


def _nth_rule(lines: Sequence[str], wanted: int) -> int | None:
    places = [number for number, line in enumerate(lines, start=1) if _RULE.match(line)]
    return places[wanted - 1] if wanted <= len(places) else None


def _first(lines: Sequence[str], holds: Callable[[str], object]) -> int | None:
    return next((number for number, line in enumerate(lines, start=1) if holds(line)), None)
