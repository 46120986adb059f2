"""The callback, version 2: an envelope around `data`, a text that is itself JSON and is signed as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError


class Envelope(NamedTuple):
    """The body. Its `type`, 1 for an order and 2 for an agreement, is outside the signature and not read."""

    data: str
    mac: str


@dataclass(frozen=True, slots=True)
class Callback:
    """What `data` says, by its own names; `problem` is why nobody can say what it says, although it is authentic."""

    order: Mapping[str, Any]
    problem: str | None = None


def read_envelope(body: bytes) -> Envelope:
    """Take a body apart as far as the signature needs.

    Raises:
        InvalidInputError: not strict JSON, or `data` or `mac` is missing or no text.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    data, mac = message.get("data"), message.get("mac")
    if not (isinstance(data, str) and isinstance(mac, str)):
        raise InvalidInputError("data or mac is missing or no text")
    return Envelope(data, mac)


def read_data(data: str) -> Callback:
    """Read what is signed; to be called once the signature holds."""
    try:
        order = parse(data.encode())
    except InvalidInputError as error:
        return Callback({}, f"data is {error}")
    return Callback(order) if isinstance(order, dict) else Callback({}, "data is not a JSON object")
