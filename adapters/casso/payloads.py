"""The webhook's body, in both versions: version 2 tells of one movement of the account, version 1 of a list of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError
from paygate.domain.notice import Part, Several

MAX_MOVEMENTS: Final = 200
"""Movements one body may tell of: each is stored with the whole of it."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the fields are called in one version."""

    reference: str
    time: str


VERSION_1: Final = Names(reference="tid", time="when")
VERSION_2: Final = Names(reference="reference", time="transactionDateTime")


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of the account, by the names its version gives the fields."""

    names: Names
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What came from Casso and nobody can read."""

    problem: str


def read_signed(body: bytes) -> Mapping[str, Any]:
    """Read a body of version 2 as far as the signature needs, which covers all of it.

    Raises:
        InvalidInputError: not strict JSON, or not an object.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    return message


def payload_of(body: bytes) -> Movement | Several | Unreadable:
    """Say what a body tells of; to be called once it is believed."""
    try:
        message = read_signed(body)
    except InvalidInputError as error:
        return Unreadable(str(error))
    return payload_in(message)


def payload_in(message: Mapping[str, Any]) -> Movement | Several | Unreadable:
    """Say what a message tells of: an object in `data` is version 2, a list is version 1."""
    data = message.get("data")
    if message.get("error") != 0:
        return Unreadable("error is not 0")
    if isinstance(data, dict):
        return Movement(VERSION_2, data)
    if not isinstance(data, list) or not data:
        return Unreadable("data is neither an object nor a list of some")
    if len(data) > MAX_MOVEMENTS:
        return Unreadable(f"data lists more than {MAX_MOVEMENTS} movements")
    return Several(tuple(_part(one) for one in data))


def _part(movement: object) -> Part:
    # The same movement listed beside others, or spaced otherwise, has the same words.
    words = json.dumps(movement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if isinstance(movement, dict):
        return Part(words, Movement(VERSION_1, movement))
    return Part(words, Unreadable("a movement is not a JSON object"))
