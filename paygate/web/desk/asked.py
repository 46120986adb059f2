"""What the address of a list of discrepancies asks for: its tab, filters, order, and from where on.

The address is the list's whole state. What is not understood in it is left out; what a person has typed and cannot be
read is told beside its field.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode

from paygate.domain.calendar import Calendar
from paygate.domain.errors import InvalidInputError
from paygate.domain.worklist import Catalogue, Order, Place, Wanted
from paygate.web.desk.forms import read_amount, read_day
from paygate.web.desk.navigation import say
from paygate.web.desk.terms import STATES, UNITS, VERDICTS

TABS: Final = ("mine", "unassigned", "approval", "sent", "overdue", "all")
FILTERS: Final = (
    "q",
    "reason",
    "verdict",
    "unit",
    "agency",
    "source",
    "older",
    "due",
    "from",
    "to",
    "assignee",
    "state",
)
"""In the order of the form. `older`: than so many business days; `due`: by this day."""
NOBODY: Final = "-"
"""In place of an agency or a person: none."""
LONGEST_VALUE: Final = 200
MOST_FIELDS: Final = 50
OLDEST: Final = 2_000
"""Business days."""
_PLACE = re.compile(r"(\d{1,19})_(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)_([0-2])_([1-9]\d{0,17})", re.ASCII)
_CLOSED: Final[Mapping[str, Mapping[str, str]]] = {"verdict": VERDICTS, "unit": UNITS, "state": STATES}


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as it was asked for. `faults` are of what cannot be read, by field; `typed` is what stands in them."""

    tab: str = "all"
    filters: Mapping[str, str] = field(default_factory=dict)
    order: Order = Order.AGE
    reversed: bool = False
    beyond: Place | None = None
    back: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]], catalogue: Catalogue) -> Self:
        """Read an address's query."""
        given: dict[str, str] = {}
        for name, value in pairs:
            given.setdefault(name, value.replace("\0", "").strip()[:LONGEST_VALUE])
        typed = {name: given[name] for name in FILTERS if given.get(name)}
        faults = {name: fault for name in typed if (fault := _fault(name, typed[name]))}
        known = {name: value for name, value in typed.items() if name not in faults and _known(name, value, catalogue)}
        sort = given.get("sort", "")
        order = sort.removeprefix("-")
        beyond = _read_place(given.get("before") or given.get("after") or "")
        return cls(
            given["tab"] if given.get("tab") in TABS else "all",
            known,
            Order(order) if order in set(Order) and known.get("state") != "resolved" else Order.AGE,
            sort.startswith("-"),
            beyond,
            bool(given.get("before")) and beyond is not None,
            typed,
            faults,
        )

    @classmethod
    def of(cls, query: str, catalogue: Catalogue) -> Self:
        """Read a query that stands within another address, or was kept; of one with too many fields, none."""
        try:
            pairs = parse_qsl(query, max_num_fields=MOST_FIELDS)
        except ValueError:
            pairs = []
        return cls.read(pairs, catalogue)

    @property
    def sort(self) -> str:
        return f"{'-' if self.reversed else ''}{self.order}"

    @property
    def query(self) -> str:
        """Write the query of the whole list, from its beginning."""
        pairs = [("tab", self.tab)] if self.tab != "all" else []
        pairs += [(name, self.filters[name]) for name in FILTERS if name in self.filters]
        if self.sort != Order.AGE:
            pairs.append(("sort", self.sort))
        return urlencode(pairs)

    def without(self, name: str) -> Self:
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})

    def on(self, tab: str) -> Self:
        return replace(self, tab=tab)

    def sorted(self, order: Order) -> Self:
        """Ask for another order; for the same, turned round."""
        return replace(self, order=order, reversed=order is self.order and not self.reversed)

    def part(self, name: str, place: Place) -> str:
        """Write the query of what stands `after` or `before` a place."""
        return "&".join(filter(None, (self.query, urlencode({name: "_".join(map(str, place))}))))

    def wanted(
        self, person: str, agencies: Iterable[str] | None, today: date, calendar: Calendar, catalogue: Catalogue
    ) -> Wanted:
        """Return what is looked for, of what the person may see."""
        chosen, state = self.filters, self.filters.get("state")
        assignee = person if self.tab == "mine" else chosen.get("assignee")
        older = chosen.get("older")
        return Wanted(
            resolved=state == "resolved",
            state=state if state != "resolved" else None,
            reasons=self._reasons(catalogue),
            agencies=self._agencies(agencies),
            no_agency=chosen.get("agency") == NOBODY,
            source=chosen.get("source"),
            held_before=calendar.day_of_age(int(older), today) if older else None,
            due_before=today if self.tab == "overdue" else None,
            due_on=read_day(chosen["due"]) if "due" in chosen else None,
            least=read_amount(chosen["from"]) if "from" in chosen else None,
            most=read_amount(chosen["to"]) if "to" in chosen else None,
            assignee=None if assignee == NOBODY else assignee,
            unassigned=self.tab == "unassigned" or assignee == NOBODY,
            awaits_other_than=person if self.tab == "approval" else None,
            awaits_after=person if self.tab == "sent" else None,
            text=chosen.get("q"),
            order=self.order,
            reversed=self.reversed,
        )

    def _reasons(self, catalogue: Catalogue) -> tuple[str, ...] | None:
        chosen = self.filters
        if not chosen.keys() & {"reason", "verdict", "unit"}:
            return None
        return tuple(
            reason
            for reason, meaning in catalogue.items()
            if chosen.get("reason", reason) == reason
            and chosen.get("verdict", meaning.verdict) == meaning.verdict
            and chosen.get("unit", meaning.responsible) == meaning.responsible
        )

    def _agencies(self, agencies: Iterable[str] | None) -> tuple[str, ...] | None:
        chosen = self.filters.get("agency")
        seen = None if agencies is None else tuple(agencies)
        if chosen is None or chosen == NOBODY:
            return seen
        return (chosen,) if seen is None or chosen in seen else ()


def _known(name: str, value: str, catalogue: Catalogue) -> bool:
    if name == "reason":
        return value in catalogue
    return value in _CLOSED[name] if name in _CLOSED else True


def _fault(name: str, value: str) -> str:
    if name == "older" and not (value.isascii() and value.isdigit() and int(value) <= OLDEST):
        return say("Write a whole number of business days")
    if name == "due":
        try:
            read_day(value)
        except InvalidInputError:
            return say("That is no day; write 08/05/2024.")
    if name in {"from", "to"}:
        try:
            read_amount(value)
        except InvalidInputError:
            return say("Write an amount as 150000 or 150.000")
    return ""


def _read_place(text: str) -> Place | None:
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    try:
        since, due = date.fromisoformat(found[2]), date.fromisoformat(found[3])
    except ValueError:
        return None
    amount = int(found[1])
    return Place(amount, since, due, int(found[4]), int(found[5])) if amount < 2**63 else None
