"""Strings to sign that are `name=value` pairs joined by `&` with nothing escaped.

Nothing in such a string tells a separator from the same signs inside a value. Two messages whose fields end in
different places can be one string with one signature, and then it authenticates neither.
"""

import re
from collections.abc import Iterable

from paygate.domain.errors import NotAuthenticError


def join(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the string to sign."""
    return "&".join([f"{name}={value}" for name, value in pairs])


def refuse_twins(text: str, pairs: int, separator: re.Pattern[str]) -> None:
    """Check that a joined string can be taken apart in one way only.

    `separator` finds every place where a further pair can begin; no two of its finds may overlap.

    Raises:
        NotAuthenticError: it finds more such places than the pairs have.
    """
    if len(separator.findall(text)) != pairs - 1:
        raise NotAuthenticError("a signed field holds the delimiter of the signature")
