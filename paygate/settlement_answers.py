"""The answer to a bank's settlement file: read apart, held against the ledger, written in the bank's own form."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO, Final

from adapters.statements.vietinbank_answer import Settlement, read_settlement, write_answer
from adapters.statements.vietinbank_record import Record
from adapters.statements.vietinbank_verdicts import Verdicts, day_told, judge, told_by
from paygate.database import Connection
from paygate.domain.errors import InvalidInputError
from paygate.domain.parties import Source
from paygate.isolation import read_apart
from paygate.ledger import count_untold, load_received
from paygate.statement_files import limits_for

ADAPTER: Final = "vietinbank"
"""Of the sources whose files are answered; no other bank here asks for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what it says; `day` is the business day of its file.

    `untold` counts notices of its source that are in no payment: what they tell of is answered as not held.
    """

    content: bytes
    day: date
    verdicts: Verdicts
    untold: int


def read_settlement_apart(file: BinaryIO, key: bytes) -> Settlement:
    """Read a settlement file, from its present position, in a child process.

    Raises:
        InvalidInputError: it is not whole, or not the bank's to the last record.
    """
    rows = read_apart(produce_settlement, file, key, limits=limits_for(file))
    header, line_end, footer = next(rows)
    return Settlement(header, footer, line_end, [Record(number, raw, authentic=True) for number, raw in rows])


def produce_settlement(file: BinaryIO, key: bytes) -> Iterator[list[Any]]:
    """Be what the child runs: yield the frame of a file, then a row for each record."""
    settlement = read_settlement(file, key)
    yield [settlement.header, settlement.line_end, settlement.footer]
    for record in settlement.records:
        yield [record.row, record.raw]


async def answer_settlement(
    connection: Connection, source: Source, settlement: Settlement, key: bytes, given: date | None = None
) -> Answer:
    """Hold a settlement file against what the ledger has of its source; `given` is its day where it tells none.

    Raises:
        InvalidInputError: it tells no day and none was given, or it tells another.
    """
    tenant = source.tenant
    records = [told_by(record) for record in settlement.records]
    told = day_told(records, tenant.zone, source.cut_off)
    day = given or told
    if day is None:
        raise InvalidInputError("no record tells the day of the file; name it")
    if told not in {None, day}:
        raise InvalidInputError(f"the file is of {told}, not of {day}")
    days = [day - timedelta(days=1), day]
    named = {(one.customer_code, one.transaction_id) for one in records}
    payments = await load_received(connection, tenant.tenant_id, source.source_id, days, named)
    verdicts = judge(records, payments, day)
    untold = await count_untold(connection, tenant.tenant_id, source.source_id)
    return Answer(write_answer(settlement, verdicts, key), day, verdicts, untold)
