"""camt.053, the ISO 20022 bank-to-customer statement, in every version; streamed, so that size costs no memory.

Elements are known by their local names: the versions differ in the namespace, and some banks get it wrong.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final

from lxml import etree

from adapters.statements.camt_entry import BOOKED, Element, day, read_entry, signed_amount
from adapters.statements.prolog import check_prolog
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementPart, Warned

MAX_ENTRY_BYTES: Final = 16 * 2**20
"""What may stand between the ends of two entries; a batch of some ten thousand transactions fits."""

LET_GO_EVERY: Final = 512
"""Entries after which those read, which are but empty shells, are taken out of the tree."""

STATEMENT: Final = "Stmt"
ENTRY: Final = "Ntry"
OTHER_MESSAGES: Final = {"Rpt": "camt.052, an intraday report", "Ntfctn": "camt.054, a notification of entries"}
OPENING: Final = ("OPBD", "PRCD")
CLOSING: Final = "CLBD"


def read_camt(file: BinaryIO) -> Iterator[StatementPart]:
    """Read a camt.053 file from its present position; a row is an entry, counted over the whole file.

    An entry that batches transactions whose amounts add up to it gives one line for each, for that is where the
    references stand. Only booked entries are lines; the others are counted in a warning.

    Raises:
        UnreadableStatementError: not camt.053, not well-formed, cut off, or with a DOCTYPE. What was yielded before
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
        tag=[f"{{*}}{name}" for name in (ENTRY, STATEMENT, *OTHER_MESSAGES)],
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
    rows = found = 0
    for _, element in ends:
        source.since_entry = 0
        is_entry = element.tag.endswith(ENTRY)
        if statement is None:
            statement = _open_statement(element.getparent() if is_entry else element)
            statement.learn_before(element)
            yield statement.head()
        if is_entry:
            rows += 1
            yield from statement.read_entry(rows, element)
            if rows % LET_GO_EVERY == 0:
                statement.learn_before(element)
        else:
            yield from statement.close()
            statement, found = None, found + 1
    if not found:
        raise UnreadableStatementError("it holds no statement (Stmt)")


def _open_statement(element: Element | None) -> "_Statement":
    name = "" if element is None else etree.QName(element).localname
    if element is None or name != STATEMENT:
        what = OTHER_MESSAGES.get(name, "something else")
        raise UnreadableStatementError(f"it is not a camt.053 statement but {what}")
    if element.getroottree().docinfo.internalDTD is not None:
        raise UnreadableStatementError("it has a DOCTYPE, which no bank statement needs")
    return _Statement(element)


class _Statement:
    """One Stmt while it streams by: what its header has said so far, and what its entries came to.

    Some banks put balances behind the entries, so the header is learnt wherever it stands.
    """

    def __init__(self, element: Element) -> None:
        self._element = element
        self._identification = ""
        self._account: str | None = None
        self._currency: str | None = None
        self._period: tuple[date | None, date | None] = (None, None)
        self._balances: dict[str, tuple[int, str]] = {}
        self._faults: list[str] = []
        self._entries = 0
        self._unbooked: Counter[str] = Counter()

    def learn_before(self, element: Element) -> None:
        """Read and let go of all that stands before an entry, or at its end, of all that stands in the statement."""
        at_end = element is self._element
        for child in list(element) if at_end else reversed(list(element.itersiblings(preceding=True))):
            self._learn(child)
            self._element.remove(child)

    def head(self) -> StatementHead:
        opening, closing = self._opening_and_closing()
        return StatementHead(self._account, self._identification, self._currency, *self._period, opening, closing)

    def read_entry(self, row: int, entry: Element) -> list[StatementPart]:
        if entry.getparent() is not self._element:
            raise UnreadableStatementError("it has an entry (Ntry) outside of a statement")
        self._entries += 1
        try:
            status, parts = read_entry(row, entry, self._currency)
        except InvalidInputError as error:
            return [RefusedRow(row, str(error))]
        finally:
            entry.clear()
        if status == BOOKED:
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

    def _learn(self, child: Element) -> None:
        name = etree.QName(child).localname
        learn = {
            "Id": self._learn_id,
            "Acct": self._learn_account,
            "FrToDt": self._learn_period,
            "Bal": self._learn_balance,
        }
        try:
            if name in learn:
                learn[name](child)
        except InvalidInputError as error:
            self._faults.append(f"{name}: {error}")

    def _learn_id(self, child: Element) -> None:
        self._identification = _text(child, ".")

    def _learn_account(self, child: Element) -> None:
        self._currency = _text(child, "{*}Ccy") or None
        self._account = _text(child, "{*}Id/{*}IBAN") or _text(child, "{*}Id/{*}Othr/{*}Id") or None

    def _learn_period(self, child: Element) -> None:
        begins, ends = (_text(child, f"{{*}}{edge}DtTm") or _text(child, f"{{*}}{edge}Dt") for edge in ("Fr", "To"))
        self._period = (day(begins) if begins else None, day(ends) if ends else None)

    def _learn_balance(self, child: Element) -> None:
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


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
