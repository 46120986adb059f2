"""Where things stand in the entries (Ntry) of a camt message.

The text of an entry is tags and what stands between them in turn. The tags alone are its skeleton: a bank's entries
have few, and where things stand in one is worked out once. The skeletons that come again and again are known at once,
by a pattern that takes out of the text what is wanted and nothing else.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

Places: TypeAlias = dict[str, list[int]]

CREDITOR_REFERENCE: Final = "RmtInf/Strd/CdtrRefInf/Ref"
REFERENCES: Final = (CREDITOR_REFERENCE, "Refs/InstrId", "Refs/TxId", "Refs/ClrSysRef", "Refs/PmtInfId", "Refs/ChqNb")
"""What stands in for an end-to-end identification, best first."""

NOTES: Final = ("RmtInf/Ustrd", CREDITOR_REFERENCE, "AddtlTxInf")
"""What the narrative of a transaction is put together from; the entry's own AddtlNtryInf comes last."""

DETAILS: Final = "NtryDtls/"
"""Below this stand the transactions, but for version 1, which has them in the entry itself."""

TRANSACTION: Final = "TxDtls"

LONGEST_KEPT: Final = 16_384
"""Skeletons of more characters (large batches) are worked out anew each time, so that memory stays bounded."""

FORMS_TRIED: Final = 4
"""Patterns that an entry is held against before its skeleton is looked up."""

MET_BEFORE_KNOWN: Final = 16
"""Entries of a skeleton before it gets a pattern: to make one takes as long as some hundred look-ups."""

MOST_FORMS: Final = 64
"""In one file: one that has ever new skeletons spends its time on look-ups, not on patterns."""

SKELETONS_COUNTED: Final = 1_024

NOWHERE: Final = 0
"""The place of whatever is not there; what stands there is empty."""

_NAME = re.compile(r"(?:[^\s:]+:)?([^\s/]+)")
_CCY = re.compile(r'\sCcy="([^"]*)"')


class Transaction(NamedTuple):
    """Where things stand in a transaction. `amount` is one in the entry's currency."""

    amount: int
    direction: int
    bank_reference: int
    end_to_end: int
    references: tuple[int, ...]
    notes: tuple[int, ...]
    payer: int
    payee: int


class Layout(NamedTuple):
    """Where things stand in an entry, and the currency it names."""

    currency: str
    amount: int
    direction: int
    status: int
    reversal: int
    booked: int
    valued: int
    bank_reference: int
    entry_reference: int
    narrative: int
    transactions: tuple[Transaction, ...]


class _Form(NamedTuple):
    """A skeleton as a pattern: its groups are the parts of the text, and the places of its layout count them."""

    pattern: re.Pattern[str]
    layout: Layout


class Layouts:
    """The layouts met in a file."""

    def __init__(self) -> None:
        self._recent: list[_Form] = []
        self._forms: dict[str, _Form] = {}
        self._met: Counter[str] = Counter()

    def find(self, text: str) -> tuple[Layout, Sequence[str]]:
        """Return the layout of an entry, and the parts of its text which the places in the layout count."""
        for rank, form in enumerate(self._recent):
            if found := form.pattern.fullmatch(text):
                if rank:
                    self._recent.insert(0, self._recent.pop(rank))
                return form.layout, found.groups()
        return self._look_up(text)

    def _look_up(self, text: str) -> tuple[Layout, Sequence[str]]:
        parts = text.replace(">", "<").split("<")
        skeleton = "<".join(parts[1::2])
        if len(skeleton) > LONGEST_KEPT:
            return _layout.__wrapped__(skeleton), parts
        if form := self._forms.get(skeleton) or self._new_form(skeleton):
            self._recent = [form, *self._recent[: FORMS_TRIED - 1]]
        return _layout(skeleton), parts

    def _new_form(self, skeleton: str) -> _Form | None:
        """Make a pattern of a skeleton if it has come often enough."""
        if len(self._forms) == MOST_FORMS:
            return None
        if len(self._met) == SKELETONS_COUNTED:
            self._met.clear()
        self._met[skeleton] += 1
        if self._met[skeleton] < MET_BEFORE_KNOWN:
            return None
        form = self._forms[skeleton] = _form(skeleton)
        return form


def _form(skeleton: str) -> _Form:
    layout = _layout(skeleton)
    numbers = {place: number for number, place in enumerate(sorted({NOWHERE, *_places(layout)}))}
    pattern = "".join(
        f"<{re.escape(tag)}>" + ("([^<]*+)" if _behind(number) in numbers else "[^<]*+")
        for number, tag in enumerate(skeleton.split("<"))
    )
    return _Form(re.compile(f"(){pattern}"), _renumbered(layout, numbers))


def _places(layout: Layout) -> Iterator[int]:
    yield from layout[1:-1]
    for transaction in layout.transactions:
        for field in transaction:
            yield from field if isinstance(field, tuple) else (field,)


def _renumbered(layout: Layout, numbers: Mapping[int, int]) -> Layout:
    def transaction(one: Transaction) -> Transaction:
        at = (tuple(numbers[place] for place in field) if isinstance(field, tuple) else numbers[field] for field in one)
        return Transaction._make(at)

    places = (numbers[place] for place in layout[1:-1])
    return Layout._make((layout.currency, *places, tuple(map(transaction, layout.transactions))))


def _behind(number: int) -> int:
    """Return the place of what stands behind a tag."""
    return 2 * number + 2


@lru_cache(maxsize=256)
def _layout(skeleton: str) -> Layout:
    tags = skeleton.split("<")
    entry: Places = {}
    transactions: list[Places] = []
    for full, place in _leaves(tags):
        path = full.removeprefix(DETAILS)
        if path == TRANSACTION:
            transactions.append({})
        elif path.startswith(f"{TRANSACTION}/"):
            transactions[-1].setdefault(path.removeprefix(f"{TRANSACTION}/"), []).append(place)
        else:
            entry.setdefault(path, []).append(place)
    currency = _currency_at(_first(entry, "Amt"), tags)
    return Layout(
        currency=currency,
        amount=_first(entry, "Amt"),
        direction=_first(entry, "CdtDbtInd"),
        status=_first(entry, "Sts/Cd", "Sts"),
        reversal=_first(entry, "RvslInd"),
        booked=_first(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"),
        valued=_first(entry, "ValDt/Dt", "ValDt/DtTm"),
        bank_reference=_first(entry, "AcctSvcrRef", "NtryRef"),
        entry_reference=_first(entry, "AcctSvcrRef"),
        narrative=_first(entry, "AddtlNtryInf"),
        transactions=tuple(_transaction(places, tags, currency) for places in transactions),
    )


def _leaves(tags: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the path below the entry of every element that is not empty, and the part in which its text stands."""
    path: list[str] = []
    for number, tag in enumerate(tags):
        if tag.startswith("/"):
            path.pop()
        elif not tag.endswith("/"):
            name = _NAME.match(tag)
            path.append(name.group(1) if name else tag)
            yield "/".join(path[1:]), _behind(number)


def _first(places: Places, *paths: str) -> int:
    return next((places[path][0] for path in paths if path in places), NOWHERE)


def _currency_at(place: int, tags: Sequence[str]) -> str:
    found = _CCY.search(tags[place // 2 - 1]) if place else None
    return found.group(1) if found else ""


def _transaction(places: Places, tags: Sequence[str], currency: str) -> Transaction:
    amounts = (_first(places, path) for path in ("Amt", "AmtDtls/TxAmt/Amt"))
    return Transaction(
        amount=next((place for place in amounts if place and _currency_at(place, tags) == currency), NOWHERE),
        direction=_first(places, "CdtDbtInd"),
        bank_reference=_first(places, "Refs/AcctSvcrRef"),
        end_to_end=_first(places, "Refs/EndToEndId"),
        references=tuple(places[path][0] for path in REFERENCES if path in places),
        notes=tuple(place for path in NOTES for place in places.get(path, ())),
        payer=_first(places, *_party_names("Dbtr")),
        payee=_first(places, *_party_names("Cdtr")),
    )


def _party_names(role: str) -> Iterator[str]:
    for party in (f"RltdPties/{role}", f"RltdPties/Ultmt{role}"):
        yield f"{party}/Nm"
        yield f"{party}/Pty/Nm"  # from version 8 on, a party is a choice between Pty and Agt
