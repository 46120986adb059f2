"""The columns that a mapping may name, for each leg that a table is evidence of."""

from collections.abc import Collection, Mapping
from typing import Final

from paygate.domain.errors import ConfigurationError

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
    "currency",
)
SETTLEMENT_COLUMNS: Final = ("reference", "paid_at", "gross", "fee", "net", "batch", "settled_on")
TREASURY_COLUMNS: Final = ("reference", "dossier_code", "amount", "booked_on", "document", "status")

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "bank": BANK_COLUMNS,
    "settlement": SETTLEMENT_COLUMNS,
    "treasury": TREASURY_COLUMNS,
    "receipt": TREASURY_COLUMNS,
}
MONEY_COLUMNS: Final = frozenset({"credit", "debit", "amount", "balance"})
"""Of the bank leg."""


def check_columns(leg: str, columns: Collection[str]) -> None:
    """Refuse columns that a table of the leg does not have, and those of a bank that do not make a movement.

    Raises:
        ConfigurationError: it names what is wrong and what there is.
    """
    known = COLUMNS[leg]
    if unknown := [name for name in columns if name not in known]:
        raise ConfigurationError(f"a {leg} table has no column {unknown[0]!r}; it has {', '.join(known)}")
    if not columns:
        raise ConfigurationError(f"columns must name at least one of {', '.join(known)}")
    if leg == "bank":
        _check_movement(set(columns))


def _check_movement(columns: set[str]) -> None:
    if "booked_on" not in columns:
        raise ConfigurationError("columns must say where booked_on stands")
    moves = {"amount"} if "amount" in columns else {"credit", "debit"}
    if not moves & columns or {"credit", "debit"} & columns - moves:
        raise ConfigurationError("columns must say where either amount, or credit and debit, stand")
    if "sign" in columns and "amount" not in columns:
        raise ConfigurationError("a column sign belongs to a column amount")
