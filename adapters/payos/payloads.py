"""The webhook: an envelope around `data`, whose fields are signed under their own names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.strict_json import parse, signed_text
from paygate.domain.errors import InvalidInputError

MAX_FIELDS: Final = 64
"""Fields `data` may have; payOS sends sixteen."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
SIGNED_EMPTY: Final = frozenset({"null", "undefined"})
"""Texts that are signed as empty ones."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The fields of `data` as the literal text that is signed. What stands around `data` is not signed and not read."""

    values: Mapping[str, str]
    signature: str


def read_webhook(body: bytes) -> Webhook:
    """Take a body apart as far as it is signed.

    Raises:
        InvalidInputError: not strict JSON, `data` or `signature` is missing, or a field of `data` has a name or a value
            that has no one signed text.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    data, signature = message.get("data"), message.get("signature")
    if not (isinstance(data, dict) and isinstance(signature, str)):
        raise InvalidInputError("data is missing or no object, or signature is missing or no text")
    if len(data) > MAX_FIELDS:
        raise InvalidInputError(f"data has more than {MAX_FIELDS} fields")
    return Webhook({_named(name): _signed_text(value) for name, value in data.items()}, signature)


def _named(name: str) -> str:
    # Whatever else could stand in a name could also move the border between names and values.
    if not _NAME.match(name):
        raise InvalidInputError("a name in data is not of letters and digits")
    return name


def _signed_text(value: object) -> str:
    """Return the text payOS signs for a value; it is also what is read, for nothing else is authentic."""
    if value is None:
        return ""
    text = signed_text(value)
    return "" if text in SIGNED_EMPTY else text
