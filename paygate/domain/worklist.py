"""Lists of discrepancies: which someone wants to see, in which order, from where on, and what is shown of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from paygate.domain.money import DONG

MOST_COUNTED: Final = 10_000
"""Where counting stops: what is more is called more than so many."""
MOST_AT_ONCE: Final = 5_000
"""How many discrepancies one act may be on."""


class Order(StrEnum):
    """By what a list is ordered; the oldest, largest, soonest due or most severe stands first unless it is reversed."""

    AGE = "age"
    AMOUNT = "amount"
    DUE = "due"
    SEVERITY = "severity"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which discrepancies of a tenant; what is None, or False, does not matter.

    `agencies` are all that may be seen; `held_before`: it holds since before this day; `due_before`: somebody should
    have acted before it; `due_on`: somebody should act by it; `least` and `most` are of the dong at stake;
    `awaits_other_than`: a proposal waits that another than this person has made; `awaits_after`: one waits that this
    person has made; `text`: a dossier's code or how it ends, or a reference.
    """

    resolved: bool = False
    state: str | None = None
    reasons: tuple[str, ...] | None = None
    agencies: tuple[str, ...] | None = None
    no_agency: bool = False
    source: str | None = None
    held_before: date | None = None
    due_before: date | None = None
    due_on: date | None = None
    least: int | None = None
    most: int | None = None
    assignee: str | None = None
    unassigned: bool = False
    awaits_other_than: str | None = None
    awaits_after: str | None = None
    text: str | None = None
    order: Order = Order.AGE
    reversed: bool = False


class Place(NamedTuple):
    """Where one stands in a list, whatever its order: it stays the place when the one that stood there is gone."""

    amount: int
    since: date
    due: date
    rank: int
    number: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of a list, in its order. `more`: there is more beyond, in the direction that was looked in."""

    numbers: Sequence[int]
    places: Sequence[Place]
    more: bool


class Said(NamedTuple):
    """One sentence in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Summed:
    """How many a list holds and what they add up to in dong; `others` are the sums of other currencies, by their codes.

    Behind MOST_COUNTED counting stops: then `amount` is None.
    """

    count: int
    amount: int | None
    others: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a row says of a discrepancy. `label` names what it is about."""

    number: int
    label: str
    said: Said
    reason: str
    amount: int
    since: date
    due: date
    state: str
    dossier_code: str | None
    agency_code: str | None
    assignee: str | None
    assignee_name: str | None
    proposed_by: str | None
    currency: str = DONG


@dataclass(frozen=True, slots=True)
class Weighed:
    """What decides whether something can be done about a discrepancy, and of how much. `version` is its last event."""

    number: int
    version: int
    amount: int
    currency: str
    reason: str
    state: str
    agency_code: str | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason of the closed list means. `severity`: high, medium, low; `responsible`: the unit that must act."""

    verdict: str
    severity: str
    responsible: str
    said: Said


Catalogue = Mapping[str, Meaning]
"""The closed list of reasons, the weightiest first."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a list can be narrowed to: agencies with their names, sources, and people with theirs."""

    agencies: Sequence[tuple[str, str]]
    sources: Sequence[str]
    people: Sequence[tuple[str, str]]
