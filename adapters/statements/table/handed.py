"""A row of a table of hand-overs to the treasury, or of receipts that were issued."""

from adapters.statements.table.rows import Booked, RowReader, Said
from paygate.domain.errors import InvalidInputError
from paygate.domain.handover_status import Standing, standing_of
from paygate.domain.statement import HandoverLine


def book_handed(reader: RowReader, row: int, said: Said) -> Booked:
    """Make a line of a row.

    Raises:
        InvalidInputError: it cannot be read, has no amount, or names neither payment nor dossier.
    """
    reference, dossier_code = reader.text(said, "reference"), reader.text(said, "dossier_code")
    if not reference and not dossier_code:
        raise InvalidInputError("it has neither a reference nor a dossier_code")
    if (amount := reader.amount(said, "amount")) is None:
        raise InvalidInputError("it has no amount")
    standing = standing_of(reader.text(said, "status"))
    line = HandoverLine(
        row=row,
        booked_on=reader.needed_day(said, "booked_on"),
        value_on=None,
        amount=amount,
        currency=reader.mapping.currency,
        bank_reference="",
        reference=reference,
        narrative="",
        dossier_code=dossier_code or None,
        document=reader.text(said, "document") or None,
        evidence=standing is Standing.CAME_ABOUT,
        taken_back=standing is Standing.TAKEN_BACK,
    )
    return Booked(line, {"amount": amount})
