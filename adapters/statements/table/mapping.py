"""What somebody said of a table: which header means which field, and how amounts and days are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.statements.table.amounts import AmountFormat
from adapters.statements.table.dates import DayFormat
from paygate.domain.errors import ConfigurationError
from paygate.domain.table_columns import check_columns


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How a table is read; the fields are those of `[mappings.NAME]` in the configuration.

    `columns` gives our field = header of its column. The header takes `header_rows` rows, which are never data; it is
    found by its names, in the first rows or further down. `sheet` is a name, or a number from 1; `source` the code of
    the source whose gateway settled what a settlement table tells.

    Raises:
        ConfigurationError: the mapping cannot be used; the message names what is wrong and what there is.
    """

    columns: Mapping[str, str]
    leg: str = "bank"
    delimiter: str = ","
    date_format: str = "%d/%m/%Y"
    thousands: str = ""
    decimal: str = ""
    debits_negative: bool = False
    header_rows: int = 1
    skip_containing: Sequence[str] = ()
    opening_containing: Sequence[str] = ()
    closing_containing: Sequence[str] = ()
    encoding: str = "utf-8-sig"
    sheet: str | int | None = None
    account: str | None = None
    currency: str = "VND"
    source: str | None = None

    def __post_init__(self) -> None:
        check_columns(self.leg, self.columns)
        if blank := [name for name, header in self.columns.items() if not header.strip()]:
            raise ConfigurationError(f"the column {blank[0]} must have a header")
        if len(self.delimiter) != 1:
            raise ConfigurationError(f"delimiter is one sign, not {self.delimiter!r}")
        if not all((*self.skip_containing, *self.opening_containing, *self.closing_containing)):
            raise ConfigurationError("a text that rows are known by cannot be empty: every row contains it")
        if self.leg != "bank" and (self.opening_containing or self.closing_containing):
            raise ConfigurationError(f"a {self.leg} table states no balances, so no row can be known by them")
        _check_encoding(self.encoding)
        self.amounts()
        self.days()

    def amounts(self) -> AmountFormat:
        """Return how this table writes amounts."""
        return AmountFormat(self.currency, self.thousands, self.decimal)

    def days(self) -> DayFormat:
        """Return how this table writes days."""
        return DayFormat(self.date_format)


def _check_encoding(encoding: str) -> None:
    try:
        " ".encode(encoding)
    except LookupError as error:
        raise ConfigurationError(f"there is no text encoding {encoding!r}") from error
