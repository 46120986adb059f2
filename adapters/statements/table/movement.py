"""A row of a bank's table: a movement on the account."""

from typing import Final

from adapters.statements.table.rows import Booked, RowReader, Said
from adapters.statements.table.wording import bare
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import StatementLine

DEBIT_SIGNS: Final = frozenset({"-", "\N{MINUS SIGN}", "d", "dr", "dbit", "debit", "no", "ghino"})
CREDIT_SIGNS: Final = frozenset({"", "+", "c", "cr", "crdt", "credit", "co", "ghico"})
"""What stands in a sign column, without accents and spaces and in lower case."""


def book_movement(reader: RowReader, row: int, said: Said) -> Booked:
    """Make a line of a row.

    Raises:
        InvalidInputError: it cannot be read, or could mean either direction.
    """
    amount = _movement(reader, said)
    line = StatementLine(
        row=row,
        booked_on=reader.needed_day(said, "booked_on"),
        value_on=reader.day(said, "value_on"),
        amount=amount,
        currency=reader.mapping.currency,
        bank_reference=reader.text(said, "bank_reference"),
        reference=reader.text(said, "reference"),
        narrative=reader.text(said, "narrative"),
        counterparty=reader.text(said, "counterparty"),
    )
    return Booked(line, _summed(said, amount), reader.amount(said, "balance"))


def _summed(said: Said, amount: int) -> dict[str, int]:
    if "amount" in said:
        return {} if "sign" in said else {"amount": amount}
    return {"credit": amount} if amount > 0 else {"debit": -amount}


def _movement(reader: RowReader, said: Said) -> int:
    if "amount" in said:
        if (amount := reader.amount(said, "amount")) is None:
            raise InvalidInputError("it has no amount")
        return _signed(amount, reader.text(said, "sign")) if "sign" in said else amount
    credit = _side(reader, said, "credit", 1)
    debit = _side(reader, said, "debit", -1 if reader.mapping.debits_negative else 1)
    if credit is None and debit is None:
        raise InvalidInputError("it has neither a credit nor a debit")
    if credit and debit:
        raise InvalidInputError("it has both a credit and a debit")
    return (credit or 0) - (debit or 0)


def _side(reader: RowReader, said: Said, name: str, sign: int) -> int | None:
    amount = reader.amount(said, name)
    if amount is not None and amount * sign < 0:
        means = "a positive" if sign < 0 else "a negative"
        raise InvalidInputError(f"{means} {name} could mean either direction")
    return None if amount is None else abs(amount)


def _signed(amount: int, sign: str) -> int:
    plain = bare(sign)
    if amount < 0 or plain not in DEBIT_SIGNS | CREDIT_SIGNS:
        raise InvalidInputError(f"sign {sign[:20]!r} of {amount} says neither credit nor debit")
    return -amount if plain in DEBIT_SIGNS else amount
