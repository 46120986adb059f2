"""Scenarios of what the engine does not know yet: they are not told where its figures are asserted."""

from typing import Final

AWAITED: Final[frozenset[str]] = frozenset()
