"""MT940, the SWIFT customer statement, and MT942, its interim report; MT941 and MT950 are read alike.

Narratives are the payers' words: one that was written so that it looks like an entry makes the balances disagree, which
is why they are always checked.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO, Final

from adapters.statements.mt940_entry import line_of, read_entry
from adapters.statements.mt940_fields import END, MESSAGE, Field, read_fields
from adapters.statements.mt940_values import Balance, Sum, read_balance, read_number, read_sum
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

INTERIM: Final = "942"
READ: Final = frozenset({"940", "941", INTERIM, "950"})

_OPENERS: Final = frozenset({"25", "25P", "28", "28C", "60F", "60M", "34F"})
"""What begins a statement where the bank leaves out its reference (:20:)."""

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?/")


def read_mt940(file: BinaryIO) -> Iterator[StatementPart]:
    """Read the statements of a file from its present position; a row is the line at which an entry begins.

    Raises:
        UnreadableStatementError: it holds no statement, a message of another kind, an entry outside of a statement, or
            ends before a statement does. What was yielded before is then worth nothing.
    """
    statement: _Statement | None = None
    kind: str | None = None
    found = 0
    for one in read_fields(file):
        if one.tag == MESSAGE:
            kind = _checked_kind(one)
        elif one.tag in {END, "20"} or (one.tag in _OPENERS and (statement is None or statement.is_closed)):
            if statement is not None:
                yield from statement.finish(ended=one.tag == END)
            statement = None if one.tag == END else _Statement(interim=kind == INTERIM)
            found += statement is not None
        if statement is not None:
            yield from statement.read(one)
        elif one.tag == "61":
            raise UnreadableStatementError(f"at line {one.row} an entry (:61:) stands outside of a statement")
    if statement is not None:
        yield from statement.finish(ended=False)
    if not found:
        raise UnreadableStatementError("it holds no statement of SWIFT (:20:)")


def _checked_kind(one: Field) -> str:
    if one.value not in READ:
        raise UnreadableStatementError(f"at line {one.row} begins a message MT{one.value}, which is no statement")
    return one.value


@dataclass(slots=True)
class _Side:
    """The entries of one direction: what stands there, and what the trailer says stands there."""

    count: int = 0
    amount: int = 0
    said: Sum | None = None

    @property
    def agrees(self) -> bool:
        return self.said is None or (self.said.count, abs(self.said.amount)) == (self.count, abs(self.amount))


@dataclass(slots=True)
class _Pending:
    """An entry whose narrative is still to come."""

    row: int
    entry: str
    narrative: list[str] = field(default_factory=list)


class _Statement:
    """One statement while its fields come by."""

    def __init__(self, *, interim: bool) -> None:
        self._interim = interim
        self._reference = ""
        self._account: str | None = None
        self._number: tuple[int | None, int | None] = (None, None)
        self._currency: str | None = None
        self._opening: Balance | None = None
        self._closing: Balance | None = None
        self._seen: set[str] = set()
        self._pending: _Pending | None = None
        self._head_is_out = False
        self._faults: list[str] = []
        self._expected = 0
        self._sides = {"90C": _Side(), "90D": _Side()}

    @property
    def is_closed(self) -> bool:
        """Whether its closing balance has come."""
        return "62" in self._seen

    def read(self, one: Field) -> Iterator[StatementPart]:
        """Take in a field; yield what it completes."""
        if one.tag in {"86", "NS"}:
            if self._pending is not None:
                self._pending.narrative.append(one.value)
            return
        yield from self._flush()
        if one.tag == "61":
            if self.is_closed:
                raise UnreadableStatementError(f"at line {one.row} an entry (:61:) stands behind the closing balance")
            self._pending = _Pending(one.row, one.value)
            return
        learn = {
            "20": self._learn_reference,
            "25": self._learn_account,
            "28": self._learn_number,
            "34": self._learn_floor,
            "60": self._learn_opening,
            "62": self._learn_closing,
            "90": self._learn_sum,
        }.get(one.tag[:2])
        if learn is not None:
            self._learn_once(one, learn)

    def _learn_once(self, one: Field, learn: Callable[[Field], None]) -> None:
        tag = one.tag if one.tag.startswith("90") else one.tag[:2]
        if tag in self._seen and tag != "34":
            self._faults.append(f"line {one.row}: a second :{one.tag}: within one statement was passed over")
            return
        self._seen.add(tag)
        try:
            learn(one)
        except InvalidInputError as error:
            self._faults.append(f"line {one.row}: :{one.tag}: {error}")

    def _learn_reference(self, one: Field) -> None:
        self._reference = one.value.partition("\n")[0].strip()

    def _learn_account(self, one: Field) -> None:
        self._account = _BIC.sub("", one.value.partition("\n")[0].strip(), count=1) or None

    def _learn_number(self, one: Field) -> None:
        self._number = read_number(one.value)

    def _learn_floor(self, one: Field) -> None:
        self._currency = self._currency or one.value[:3]

    def _learn_opening(self, one: Field) -> None:
        self._opening = read_balance(one.value, None)
        self._currency = self._opening.currency

    def _learn_closing(self, one: Field) -> None:
        self._closing = read_balance(one.value, self._currency)

    def _learn_sum(self, one: Field) -> None:
        self._sides[one.tag].said = read_sum(one.value)

    def _flush(self) -> Iterator[StatementPart]:
        if (pending := self._pending) is None:
            return
        self._pending = None
        yield from self._head()
        try:
            part = self._line(pending)
        except InvalidInputError as error:
            yield RefusedRow(pending.row, str(error))
            return
        if part is not None:
            yield part

    def _line(self, pending: _Pending) -> StatementLine | None:
        if self._currency is None:
            raise InvalidInputError("nothing before it says its currency")
        entry = read_entry(pending.entry, self._currency)
        if entry.expected:
            self._expected += 1
            return None
        side = self._sides["90C" if entry.amount > 0 else "90D"]
        side.count, side.amount = side.count + 1, side.amount + entry.amount
        return line_of(pending.row, entry, "\n".join(pending.narrative))

    def _head(self) -> Iterator[StatementHead]:
        if self._head_is_out:
            return
        self._head_is_out = True
        number, page = self._number
        opening = self._opening.amount if self._opening else None
        identification = self._reference
        if number is not None:
            identification = f"{identification} {number}{f'/{page}' if page else ''}".strip()
        yield StatementHead(
            self._bare_account(),
            identification,
            self._currency,
            opening=opening,
            sequence=number,
            page=page,
            kind=StatementKind.REPORT if self._is_interim() else StatementKind.STATEMENT,
        )

    def _is_interim(self) -> bool:
        return self._interim or ("60" not in self._seen and bool(self._seen & {"34", "90C", "90D"}))

    def _bare_account(self) -> str | None:
        """Return the account without the currency that some banks write behind it."""
        if self._account and self._currency and self._account.endswith(self._currency):
            return self._account.removesuffix(self._currency).rstrip(" /") or self._account
        return self._account

    def finish(self, *, ended: bool) -> Iterator[StatementPart]:
        """Yield what only the end tells.

        Raises:
            UnreadableStatementError: it is not whole.
        """
        yield from self._flush()
        interim = self._is_interim()
        self._check_whole(interim=interim, ended=ended)
        yield from self._head()
        trailer_agrees = self._check_sums()
        yield from map(Warned, self._warnings(interim=interim))
        yield self._end(trailer_agrees=trailer_agrees)

    def _check_whole(self, *, interim: bool, ended: bool) -> None:
        named = f"statement {self._reference!r}"
        if interim:
            if not ended and not self._seen & {"90C", "90D"}:
                raise UnreadableStatementError(f"{named} has neither a trailer (:90C:) nor an end: it may be cut off")
        elif "60" not in self._seen:
            raise UnreadableStatementError(f"{named} has no opening balance (:60F:)")
        elif not self.is_closed:
            raise UnreadableStatementError(f"{named} has no closing balance (:62F:): it may be cut off")

    def _check_sums(self) -> bool | None:
        """Tell whether the trailer agrees, where there is one; balances in two currencies never do."""
        for tag, side in self._sides.items():
            if not side.agrees and side.said is not None:
                self._faults.append(
                    f":{tag}: tells of {side.said.count} entries and {abs(side.said.amount)}, "
                    f"there are {side.count} and {abs(side.amount)}"
                )
        if self._opening and self._closing and self._opening.currency != self._closing.currency:
            self._faults.append(f"it opens in {self._opening.currency} and closes in {self._closing.currency}")
            return False
        told = self._seen & self._sides.keys()
        if not told:
            return None
        return all(self._sides[tag].agrees and self._sides[tag].said is not None for tag in told)

    def _warnings(self, *, interim: bool) -> Iterator[str]:
        yield from self._faults
        if self._expected:
            yield f"{self._expected} entries are only expected (EC, ED), are not booked and were left out"
        if interim:
            yield (
                "it is an interim report (MT942): its entries come again in the statement of the day, and are known "
                "there only where the bank says the same of them"
            )

    def _end(self, *, trailer_agrees: bool | None) -> StatementEnd:
        opening, closing = self._opening, self._closing
        begins = None
        if opening and closing:
            # An opening balance is that of the day before, unless the statement is of that one day.
            begins = min(opening.day + timedelta(days=1), closing.day)
        return StatementEnd(
            closing=closing.amount if closing else None,
            period_from=begins,
            period_to=closing.day if closing else None,
            currency=self._currency,
            trailer_agrees=trailer_agrees,
        )
