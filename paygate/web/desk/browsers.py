"""What a browser is called by people, out of what it calls itself."""

from collections.abc import Sequence
from typing import Final

BROWSERS: Final = (
    ("coc_coc_browser", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""In this order, for most also claim to be one further down."""
SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
LONGEST: Final = 60
"""Characters of one that is none of these."""


def browser_name(agent: str) -> str:
    """Return `Firefox · Windows`, or the beginning of what it calls itself where that says nothing to us."""
    found = [name for name in (_first(BROWSERS, agent), _first(SYSTEMS, agent)) if name]
    return " · ".join(found) or agent[:LONGEST]


def _first(table: Sequence[tuple[str, str]], agent: str) -> str | None:
    return next((name for mark, name in table if mark in agent), None)
