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
SETTLEMENT_COLUMNS: Final = ("reference", "paid_at", "gross", "fee", "net", "batch", "settled_on", "currency")
HANDOVER_COLUMNS: Final = ("reference", "dossier_code", "amount", "booked_on", "document", "status", "currency")

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "bank": BANK_COLUMNS,
    "settlement": SETTLEMENT_COLUMNS,
    "treasury": HANDOVER_COLUMNS,
    "receipt": HANDOVER_COLUMNS,
}
MONEY_COLUMNS: Final = frozenset({"credit", "debit", "amount", "balance", "gross", "fee", "net"})
DAY_COLUMNS: Final = frozenset({"booked_on", "value_on", "paid_at", "settled_on"})

_SETTLEMENT_NEEDS: Final = (("reference",), ("gross", "net"), ("settled_on", "paid_at"))
_HANDOVER_NEEDS: Final = (("reference", "dossier_code"), ("amount",), ("booked_on",))
_NEEDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "bank": (("booked_on",),),
    "settlement": _SETTLEMENT_NEEDS,
    "treasury": _HANDOVER_NEEDS,
    "receipt": _HANDOVER_NEEDS,
}
"""Of each group at least one column."""


def check_columns(leg: str, columns: Collection[str]) -> None:
    """Refuse columns that a table of the leg does not have, and those that do not make a line of it.

    Raises:
        ConfigurationError: it names what is wrong and what there is.
    """
    known = COLUMNS[leg]
    if unknown := [name for name in columns if name not in known]:
        raise ConfigurationError(f"a {leg} table has no column {unknown[0]!r}; it has {', '.join(known)}")
    if not columns:
        raise ConfigurationError(f"columns must name at least one of {', '.join(known)}")
    if lacking := [group for group in _NEEDS[leg] if not set(group) & set(columns)]:
        raise ConfigurationError(f"columns of a {leg} table must say where {' or '.join(lacking[0])} stands")
    if leg == "bank":
        _check_movement(set(columns))


def _check_movement(columns: set[str]) -> None:
    moves = {"amount"} if "amount" in columns else {"credit", "debit"}
    if not moves & columns or {"credit", "debit"} & columns - moves:
        raise ConfigurationError("columns must say where either amount, or credit and debit, stand")
    if "sign" in columns and "amount" not in columns:
        raise ConfigurationError("a column sign belongs to a column amount")
