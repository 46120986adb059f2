"""What banks tell of accounts in ISO 20022, in every version; streamed, so that size costs no memory.

Three messages are built alike: camt.053, a statement of days that are over; camt.052, a report of a day that is not;
camt.054, a notification of single entries. Elements are known by their local names: the versions differ in the
namespace, and some banks get it wrong, which is warned of.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import BinaryIO, Final

from lxml import etree

from adapters.statements.camt_entry import BOOKED, Element, day, read_entry, signed_amount
from adapters.statements.camt_layout import Layouts
from adapters.statements.prolog import check_prolog
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import (
    RefusedRow,
    StatementEnd,
    StatementHead,
    StatementKind,
    StatementLine,
    StatementPart,
    Warned,
)

MAX_ENTRY_BYTES: Final = 16 * 2**20
"""What may stand between the ends of two entries; a batch of some ten thousand transactions fits."""

LET_GO_EVERY: Final = 512
"""Entries after which those read, which are but empty shells, are taken out of the tree."""

ENTRY: Final = "Ntry"
MESSAGES: Final = {
    "Stmt": ("camt.053", StatementKind.STATEMENT),
    "Rpt": ("camt.052", StatementKind.REPORT),
    "Ntfctn": ("camt.054", StatementKind.NOTIFICATION),
}
"""By the element that holds the entries: the message it belongs to, and what that is to us."""

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
OPENING: Final = ("OPBD", "PRCD")
CLOSING: Final = "CLBD"
ACCOUNTS: Final = tuple(f"{{*}}Id/{{*}}{name}" for name in ("IBAN", "Othr/{*}Id", "BBAN", "PrtryAcct/{*}Id", "UPIC"))
"""Where an account may be named; the last three are of version 1."""

SEQUENCE_DIGITS: Final = 18
PAGE_DIGITS: Final = 5
COPIES: Final = ("DUPL", "CODU")
"""CpyDplctInd of what the bank sends a second time."""


def read_camt(file: BinaryIO) -> Iterator[StatementPart]:
    """Read a camt.052, 053 or 054 file from its present position; a row is an entry, counted over the whole file.

    An entry that batches transactions whose amounts add up to it gives one line for each, for that is where the
    references stand. Only booked entries are lines; the others are counted in a warning.

    Raises:
        UnreadableStatementError: none of them, not well-formed, cut off, or with a DOCTYPE. What was yielded before
            is then worth nothing.
    """
    check_prolog(file, "Document")
    source = _Bounded(file)
    try:
        yield from _read_statements(_ends(source), source)
    except etree.XMLSyntaxError as error:
        raise UnreadableStatementError(f"it is not well-formed XML, or cut off: {error.msg}") from error


class _Bounded:
    """The file as the parser reads it: refused when more stands between two entries than memory should hold."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.since_entry = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.since_entry += len(chunk)
        if self.since_entry > MAX_ENTRY_BYTES:
            raise UnreadableStatementError(f"it has more than {MAX_ENTRY_BYTES // 2**20} MiB without an entry")
        return chunk


def _ends(source: _Bounded) -> Iterator[tuple[str, Element]]:
    events: Iterator[tuple[str, Element]] = etree.iterparse(
        source,
        events=("end",),
        tag=[f"{{*}}{name}" for name in (ENTRY, *MESSAGES)],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
    )
    return events


def _read_statements(ends: Iterator[tuple[str, Element]], source: _Bounded) -> Iterator[StatementPart]:
    statement: _Statement | None = None
    layouts = Layouts()
    rows = found = 0
    for _, element in ends:
        source.since_entry = 0
        is_entry = _local(element) == ENTRY
        if statement is None:
            statement = _open_statement(element.getparent() if is_entry else element, layouts)
            statement.learn_before(element)
            yield statement.head()
            if not found:
                yield from _doubts_about_namespace(element)
        if is_entry:
            rows += 1
            yield from statement.read_entry(rows, element)
            if rows % LET_GO_EVERY == 0:
                statement.learn_before(element)
        else:
            yield from statement.close()
            statement, found = None, found + 1
    if not found:
        raise UnreadableStatementError(f"it holds no statement, report or notification ({', '.join(MESSAGES)})")


def _open_statement(element: Element | None, layouts: Layouts) -> "_Statement":
    name = "" if element is None else _local(element)
    if element is None or name not in MESSAGES:
        raise UnreadableStatementError("it has an entry (Ntry) outside of a statement")
    if element.getroottree().docinfo.internalDTD is not None:
        raise UnreadableStatementError("it has a DOCTYPE, which no bank statement needs")
    return _Statement(element, MESSAGES[name][1], layouts)


def _doubts_about_namespace(element: Element) -> Iterator[Warned]:
    parent = element.getparent()
    holder = element if parent is None or _local(element) in MESSAGES else parent
    namespace, name = _split(holder)
    message = MESSAGES[name][0]
    if not namespace.startswith(f"{NAMESPACE}{message}."):
        yield Warned(f"its namespace {namespace[:80]!r} is not that of {message}, as which it is read")


class _Statement:
    """One Stmt, Rpt or Ntfctn while it streams by: what its header has said so far, and what its entries came to.

    Some banks put balances behind the entries, so the header is learnt wherever it stands.
    """

    def __init__(self, element: Element, kind: StatementKind, layouts: Layouts) -> None:
        self._element = element
        self._layouts = layouts
        self._kind = kind
        self._sequence: int | None = None
        self._page: int | None = None
        self._identification = ""
        self._account: str | None = None
        self._currency: str | None = None
        self._period: tuple[date | None, date | None] = (None, None)
        self._balances: dict[str, tuple[int, str]] = {}
        self._faults: list[str] = []
        self._entries = self._nameless = 0
        self._unbooked: Counter[str] = Counter()
        self._announced: int | None = None

    def learn_before(self, element: Element) -> None:
        """Read and let go of all that stands before an entry, or at its end, of all that stands in the statement."""
        if element is self._element:
            for child in element.iterchildren(*_HEADER):
                self._learn(child)
            del element[:]
        else:
            for child in reversed(list(element.itersiblings(*_HEADER, preceding=True))):
                self._learn(child)
            del self._element[: self._element.index(element)]

    def head(self) -> StatementHead:
        opening, closing = self._opening_and_closing()
        return StatementHead(
            self._account,
            self._identification,
            self._currency,
            *self._period,
            opening,
            closing,
            sequence=self._sequence,
            page=self._page,
            kind=self._kind,
        )

    def read_entry(self, row: int, entry: Element) -> list[StatementPart]:
        if entry.getparent() is not self._element:
            raise UnreadableStatementError("it has an entry (Ntry) outside of a statement")
        self._entries += 1
        try:
            status, parts = read_entry(row, entry, self._layouts, self._currency, self._single_day())
        except InvalidInputError as error:
            return [RefusedRow(row, str(error))]
        finally:
            entry.clear()
        if status == BOOKED:
            if self._kind is not StatementKind.STATEMENT:
                self._nameless += any(isinstance(part, StatementLine) and not part.entry_reference for part in parts)
            return parts
        self._unbooked[status] += 1
        return []

    def close(self) -> Iterator[StatementPart]:
        self.learn_before(self._element)
        opening, closing = self._opening_and_closing()
        yield from map(Warned, self._faults)
        if len(currencies := sorted({currency for _, currency in self._balances.values()})) > 1:
            yield Warned(f"its balances are in several currencies: {', '.join(currencies)}")
        for status, count in sorted(self._unbooked.items()):
            yield Warned(f"{count} entries have the status {status}, are not booked and were left out")
        if self._announced not in {None, self._entries, self._entries - self._unbooked.total()}:
            yield Warned(f"its summary counts {self._announced} entries, and it has {self._entries}")
        if self._nameless:
            yield Warned(f"{self._nameless} entries have no AcctSvcrRef by which a statement could tell them again")
        yield StatementEnd(
            opening=opening,
            closing=closing,
            period_from=self._period[0],
            period_to=self._period[1],
            account=self._account,
            currency=self._currency,
            entries=self._entries,
        )
        self._element.clear()
        for earlier in list(self._element.itersiblings(preceding=True)):
            earlier.clear()

    def _single_day(self) -> date | None:
        begins, ends = self._period
        return begins if begins == ends else None

    def _learn(self, child: Element) -> None:
        name = _local(child)
        try:
            _LEARN[name](self, child)
        except InvalidInputError as error:
            self._faults.append(f"{name}: {error}")

    def learn_id(self, child: Element) -> None:
        self._identification = _text(child, ".")

    def learn_account(self, child: Element) -> None:
        self._currency = _text(child, "{*}Ccy") or None
        self._account = next(filter(None, (_text(child, path) for path in ACCOUNTS)), None)

    def learn_sequence(self, child: Element) -> None:
        self._sequence = _number(_text(child, "."), SEQUENCE_DIGITS)

    def learn_page(self, child: Element) -> None:
        self._page = _number(_text(child, "{*}PgNb"), PAGE_DIGITS)

    def learn_summary(self, child: Element) -> None:
        self._announced = _number(_text(child, "{*}TtlNtries/{*}NbOfNtries"), SEQUENCE_DIGITS)

    def learn_copy(self, child: Element) -> None:
        if (said := _text(child, ".")) in COPIES:
            self._faults.append(f"the bank calls it a copy or duplicate ({said})")

    def learn_period(self, child: Element) -> None:
        begins, ends = (_text(child, f"{{*}}{edge}DtTm") or _text(child, f"{{*}}{edge}Dt") for edge in ("Fr", "To"))
        self._period = (day(begins) if begins else None, day(ends) if ends else None)

    def learn_balance(self, child: Element) -> None:
        code = _text(child, "{*}Tp/{*}CdOrPrtry/{*}Cd")
        if code in (*OPENING, CLOSING):
            amount = child.find("{*}Amt")
            currency = (amount.get("Ccy") if amount is not None else None) or self._currency or ""
            signed = signed_amount(_text(child, "{*}Amt"), currency, _text(child, "{*}CdtDbtInd"))
            self._balances.setdefault(code, (signed, currency))

    def _opening_and_closing(self) -> tuple[int | None, int | None]:
        opening = next((self._balances[code] for code in OPENING if code in self._balances), None)
        closing = self._balances.get(CLOSING)
        self._currency = self._currency or next((currency for _, currency in self._balances.values()), None)
        return (opening[0] if opening else None), (closing[0] if closing else None)


_LEARN: Final[Mapping[str, Callable[[_Statement, Element], None]]] = {
    "Id": _Statement.learn_id,
    "Acct": _Statement.learn_account,
    "FrToDt": _Statement.learn_period,
    "Bal": _Statement.learn_balance,
    "ElctrncSeqNb": _Statement.learn_sequence,
    "StmtPgntn": _Statement.learn_page,
    "CpyDplctInd": _Statement.learn_copy,
    "TxsSummry": _Statement.learn_summary,
}
_HEADER: Final = tuple(f"{{*}}{name}" for name in _LEARN)
"""What is learnt of a statement. The shells of a million entries stand between them, and never become Python's."""


def _split(element: Element) -> tuple[str, str]:
    """Return namespace and local name of an element; what no address may hold is found only after it was told."""
    namespace, _, name = element.tag.rpartition("}")
    return namespace.removeprefix("{"), name


def _local(element: Element) -> str:
    return _split(element)[1]


def _number(text: str, most_digits: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= most_digits):
        raise InvalidInputError(f"{text[:40]!r} is not a number of at most {most_digits} digits")
    return int(text)


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
