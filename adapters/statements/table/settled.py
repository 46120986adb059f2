"""A row of a gateway's settlement table: a payment that it settled, or gave back."""

from typing import Final, NamedTuple

from adapters.statements.table.rows import Booked, RowReader, Said
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.statement import SettlementLine

SUMMED: Final = ("gross", "fee", "net")


class Sums(NamedTuple):
    """What a gateway took in, kept, and pays out; None: the row does not tell."""

    gross: int
    fee: int | None
    net: int | None


def book_settled(reader: RowReader, row: int, said: Said) -> Booked:
    """Make a line of a row.

    Where the day of settlement does not stand there, it is the day of the payment; where no batch does, all that is
    settled on one day is one.

    Raises:
        InvalidInputError: it cannot be read, names no payment, or has no day or sum.
    """
    if not (reference := reader.text(said, "reference")):
        raise InvalidInputError("it has no reference")
    stated = {name: amount for name in SUMMED if name in said and (amount := reader.amount(said, name)) is not None}
    sums = settled_sums(stated.get("gross"), stated.get("fee"), stated.get("net"))
    paid_on = reader.day(said, "paid_at")
    if (settled_on := reader.day(said, "settled_on") or paid_on) is None:
        raise InvalidInputError("it has neither a settled_on nor a paid_at")
    line = SettlementLine(
        row=row,
        booked_on=settled_on,
        value_on=paid_on,
        amount=sums.gross,
        currency=reader.mapping.currency,
        bank_reference="",
        reference=reference,
        narrative="",
        fee=sums.fee,
        net=sums.net,
        batch=reader.text(said, "batch") or settled_on.isoformat(),
    )
    return Booked(line, stated)


def settled_sums(gross: int | None, fee: int | None, net: int | None) -> Sums:
    """Find the gross or the fee from the other two. Three that do not agree stay as they are, to be judged later.

    A net that is not told stays so: whether the fee is taken from it is a matter of who bears it. Nor is a fee known
    where nothing was taken, for the payer may have paid it.

    Raises:
        InvalidInputError: there is neither gross nor net, the fee could mean either direction, or one of the three is
            larger than what is kept.
    """
    if gross is None and net is None:
        raise InvalidInputError("it has neither a gross nor a net")
    if gross is None:
        found = Sums((net or 0) + (_kept(net or 0, fee, None) or 0), fee, net)
    else:
        taken = gross - net if net is not None and net != gross else None
        found = Sums(gross, taken if fee is None else _kept(gross, fee, net), net)
    kept = found.fee or 0
    if abs(found.gross) > MAX_AMOUNT or abs(kept) > MAX_AMOUNT or abs(found.gross - kept) > MAX_AMOUNT:
        raise InvalidInputError("its gross, fee and net are not all amounts that are kept")
    return found


def _kept(gross: int, fee: int | None, net: int | None) -> int | None:
    """Return a fee as what was kept: one written with a minus, as what is taken away, where the net shows it."""
    if fee is None or fee >= 0 or gross < 0:
        return fee
    if net is None:
        raise InvalidInputError("a negative fee could mean either direction")
    return -fee if gross + fee == net else fee
