"""A bank statement as a CSV file, read by a mapping from our fields to the headers of its columns."""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import BinaryIO, Final, TypeAlias

from adapters.statements.amounts import AmountFormat
from paygate.domain.errors import ConfigurationError, InvalidInputError, UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned

BANK_COLUMNS: Final = (
    "booked_on",
    "value_on",
    "bank_reference",
    "reference",
    "narrative",
    "credit",
    "debit",
    "amount",
    "sign",
    "balance",
    "counterparty",
)
DEBIT_SIGNS: Final = frozenset({"-", "\N{MINUS SIGN}", "d", "dr", "dbit", "debit", "no", "ghi no"})
CREDIT_SIGNS: Final = frozenset({"", "+", "c", "cr", "crdt", "credit", "co", "ghi co"})
"""What stands in a sign column, without accents and in lower case."""

BREAKS_NAMED: Final = 20
"""Breaks of the running balance that are named one by one; the rest are counted."""

HEADER_WITHIN: Final = 50
"""Rows among which the header must be."""

MAX_ROW_CHARACTERS: Final = 1_000_000

Row: TypeAlias = tuple[int, list[str]]

_SHEET_STARTS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""A zip archive, as XLSX and ODS are, and a compound file, as XLS is."""


def looks_like_a_sheet(head: bytes) -> bool:
    """Tell whether a file that begins so is a spreadsheet. A CSV has no sign of its own."""
    return head.startswith(_SHEET_STARTS)


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How a table is read; the fields are those of `[mappings.NAME]` in the configuration.

    `columns` gives our field = header of its column. The first `header_rows` rows are never data; the header is
    found by its names, in them or further down.

    Raises:
        ConfigurationError: the mapping cannot be used; the message names what is wrong and what there is.
    """

    columns: Mapping[str, str]
    leg: str = "bank"
    delimiter: str = ","
    date_format: str = "%d/%m/%Y"
    thousands: str = ""
    decimal: str = ""
    header_rows: int = 1
    skip_containing: Sequence[str] = ()
    encoding: str = "utf-8-sig"
    sheet: str | None = None
    account: str | None = None
    currency: str = "VND"
    source: str | None = None

    def __post_init__(self) -> None:
        if self.leg != "bank":
            raise ConfigurationError(f"a mapping of the {self.leg} leg cannot be imported as a bank statement")
        if unknown := [name for name in self.columns if name not in BANK_COLUMNS]:
            raise ConfigurationError(f"a bank table has no column {unknown[0]!r}; it has {', '.join(BANK_COLUMNS)}")
        if "booked_on" not in self.columns:
            raise ConfigurationError("columns must say where booked_on stands")
        moves = {"amount"} if "amount" in self.columns else {"credit", "debit"}
        if not moves & self.columns.keys() or {"credit", "debit"} & self.columns.keys() - moves:
            raise ConfigurationError("columns must say where either amount, or credit and debit, stand")
        if "sign" in self.columns and "amount" not in self.columns:
            raise ConfigurationError("a column sign belongs to a column amount")
        if len(self.delimiter) != 1:
            raise ConfigurationError(f"delimiter is one sign, not {self.delimiter!r}")
        _check_encoding(self.encoding)
        self.amounts()

    def amounts(self) -> AmountFormat:
        """Return how this table writes amounts."""
        return AmountFormat(self.currency, self.thousands, self.decimal)


def _check_encoding(encoding: str) -> None:
    try:
        " ".encode(encoding)
    except LookupError as error:
        raise ConfigurationError(f"there is no text encoding {encoding!r}") from error


def read_table(file: BinaryIO, mapping: TableMapping) -> Iterator[StatementPart]:
    """Read a table from its present position as one statement; a row is a line of the file, counted from 1.

    With a balance column, opening and closing are taken from it and each step is checked, whether the oldest row
    stands first or last.

    Raises:
        UnreadableStatementError: the encoding is another, the header is not there, or a quotation never ends. What
            was yielded before is then worth nothing.
    """
    text = io.TextIOWrapper(file, encoding=mapping.encoding, newline="")
    try:
        yield from _read_statement(_rows(text, mapping.delimiter), mapping)
    except UnicodeError as error:
        raise UnreadableStatementError(f"it is not text in {mapping.encoding}: {error}") from error
    finally:
        if not file.closed:
            text.detach()


def _rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[Row | RefusedRow]:
    """Yield each row with the number of its last line; a row that is no CSV is refused alone."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended:
                raise UnreadableStatementError(f"it ends within a quotation that begins in line {begun}") from error
            yield RefusedRow(reader.line_num, str(error))
            continue
        yield reader.line_num, cells


class _Lines:
    """The lines of a text, none of them longer than memory should hold."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_ROW_CHARACTERS)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) == MAX_ROW_CHARACTERS:
            raise UnreadableStatementError(f"it has a line of more than {MAX_ROW_CHARACTERS} characters")
        return line


def _read_statement(rows: Iterator[Row | RefusedRow], mapping: TableMapping) -> Iterator[StatementPart]:
    reader = _find_header(rows, mapping)
    yield StatementHead(mapping.account, "", mapping.currency)
    balances = _Balances()
    first, last = date.max, date.min
    for row in rows:
        part = row if isinstance(row, RefusedRow) else reader.read(*row)
        if isinstance(part, _Booked):
            line = part.line
            first, last = min(first, line.booked_on), max(last, line.booked_on)
            balances.step(line.row, line.amount, part.balance)
            yield line
        elif part is not None:
            yield part
    yield from map(Warned, balances.warnings())
    opening, closing = balances.ends()
    some = first <= last
    yield StatementEnd(opening, closing, first if some else None, last if some else None)


@dataclass(frozen=True, slots=True)
class _Booked:
    """A line, and what its row says the balance was after it."""

    line: StatementLine
    balance: int | None


def _find_header(rows: Iterator[Row | RefusedRow], mapping: TableMapping) -> "_RowReader":
    wanted = {_plain_header(header): name for name, header in mapping.columns.items()}
    seen: list[list[str]] = []
    for row in rows:
        cells = [] if isinstance(row, RefusedRow) else [_plain_header(cell) for cell in row[1]]
        seen.append(cells)
        if len(seen) < mapping.header_rows:
            continue
        # The names stand in one row, or spread over the rows of a tall header.
        for header in (*seen[-mapping.header_rows :], _stacked(seen[: mapping.header_rows], wanted)):
            if wanted.keys() <= set(header):
                return _RowReader(mapping, _columns(header, wanted), len(header))
        if len(seen) >= HEADER_WITHIN:
            break
    raise UnreadableStatementError(_missing(wanted, seen, mapping))


def _stacked(rows: Sequence[Sequence[str]], wanted: Mapping[str, str]) -> list[str]:
    width = max((len(row) for row in rows), default=0)
    columns = [[row[index] for row in rows if index < len(row)] for index in range(width)]
    return [next((cell for cell in column if cell in wanted), "") for column in columns]


def _columns(header: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    if twice := [name for name in wanted if header.count(name) > 1]:
        raise UnreadableStatementError(f"more than one of its columns is headed {twice[0]!r}")
    return {field_name: header.index(name) for name, field_name in wanted.items()}


def _missing(wanted: Mapping[str, str], seen: Sequence[Sequence[str]], mapping: TableMapping) -> str:
    nearest = max(seen, key=lambda row: len(wanted.keys() & set(row)), default=[])
    lacking = [mapping.columns[name] for header, name in wanted.items() if header not in nearest]
    there = ", ".join(cell for cell in nearest if cell) or "nothing"
    return f"it has no column headed {', '.join(map(repr, lacking))}; the row most like a header has {there[:500]}"


def _plain_header(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


class _RowReader:
    """Reads the rows below the header."""

    def __init__(self, mapping: TableMapping, columns: Mapping[str, int], width: int) -> None:
        self._mapping = mapping
        self._columns = columns
        self._width = width
        self._amounts = mapping.amounts()
        self._day: Callable[[str], date] = lru_cache(maxsize=1024)(self._read_day)

    def read(self, row: int, cells: Sequence[str]) -> _Booked | RefusedRow | None:
        """Return what a row books; None for one that is blank or to be skipped."""
        if not any(cell.strip() for cell in cells):
            return None
        if any(text in cell for text in self._mapping.skip_containing for cell in cells):
            return None
        try:
            return self._booked(row, cells)
        except InvalidInputError as error:
            return RefusedRow(row, str(error))

    def _booked(self, row: int, cells: Sequence[str]) -> _Booked:
        if len(cells) <= max(self._columns.values()) or any(cell.strip() for cell in cells[self._width :]):
            raise InvalidInputError(f"it has {len(cells)} cells where the header has {self._width}")
        said = {name: cells[column].strip() for name, column in self._columns.items()}
        if any("\0" in text for text in said.values()):
            raise InvalidInputError("it holds a NUL")
        value_on, balance = said.get("value_on"), said.get("balance")
        line = StatementLine(
            row=row,
            booked_on=self._day(said["booked_on"]),
            value_on=self._day(value_on) if value_on else None,
            amount=self._movement(said),
            currency=self._mapping.currency,
            bank_reference=said.get("bank_reference", ""),
            reference=said.get("reference", ""),
            narrative=said.get("narrative", ""),
            counterparty=said.get("counterparty", ""),
        )
        return _Booked(line, self._amounts.read(balance) if balance else None)

    def _read_day(self, text: str) -> date:
        try:
            return datetime.strptime(text, self._mapping.date_format).date()  # noqa: DTZ007 -- the bank's own day
        except ValueError as error:
            raise InvalidInputError(f"{text[:40]!r} is not a date like {self._mapping.date_format}") from error

    def _movement(self, said: Mapping[str, str]) -> int:
        if "amount" in said:
            amount = self._amounts.read(said["amount"])
            return _signed(amount, said["sign"]) if "sign" in said else amount
        credit, debit = (self._side(said.get(name, ""), name) for name in ("credit", "debit"))
        if credit is None and debit is None:
            raise InvalidInputError("it has neither a credit nor a debit")
        if credit and debit:
            raise InvalidInputError("it has both a credit and a debit")
        return (credit or 0) - (debit or 0)

    def _side(self, text: str, name: str) -> int | None:
        if not text:
            return None
        amount = self._amounts.read(text)
        if amount < 0:
            raise InvalidInputError(f"a negative {name} could mean either direction")
        return amount


def _signed(amount: int, sign: str) -> int:
    letters = unicodedata.normalize("NFD", sign.strip().casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if amount < 0 or plain not in DEBIT_SIGNS | CREDIT_SIGNS:
        raise InvalidInputError(f"sign {sign[:20]!r} of {amount} says neither credit nor debit")
    return -amount if plain in DEBIT_SIGNS else amount


@dataclass(slots=True)
class _Breaks:
    """Rows whose balance does not follow, the first of them by number."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def note(self, row: int) -> None:
        self.count += 1
        if self.count <= BREAKS_NAMED:
            self.rows.append(row)


@dataclass(slots=True)
class _Balances:
    """The running balance, tried in both orders: many banks print the newest row first."""

    first: tuple[int, int] | None = None  # amount and balance of the first row that gives one, and of the last
    last: tuple[int, int] | None = None
    oldest_first: _Breaks = field(default_factory=_Breaks)
    newest_first: _Breaks = field(default_factory=_Breaks)

    def step(self, row: int, amount: int, balance: int | None) -> None:
        if balance is None:
            return
        if self.last is None:
            self.first = (amount, balance)
        else:
            earlier_amount, earlier_balance = self.last
            if earlier_balance + amount != balance:
                self.oldest_first.note(row)
            if earlier_balance - earlier_amount != balance:
                self.newest_first.note(row)
        self.last = (amount, balance)

    def warnings(self) -> Iterator[str]:
        breaks = self.newest_first if self._is_newest_first() else self.oldest_first
        for row in breaks.rows:
            yield f"row {row}: its balance does not follow from that of the row before"
        if more := breaks.count - len(breaks.rows):
            yield f"the balances of {more} more rows do not follow either"

    def ends(self) -> tuple[int | None, int | None]:
        if self.first is None or self.last is None:
            return None, None
        oldest, newest = (self.last, self.first) if self._is_newest_first() else (self.first, self.last)
        return oldest[1] - oldest[0], newest[1]

    def _is_newest_first(self) -> bool:
        return self.newest_first.count < self.oldest_first.count
