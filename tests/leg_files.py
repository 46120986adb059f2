"""What a gateway settled, what was handed over and receipted, as tables for tests, and the mappings that read them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from tests.sheets import Table, Value

DAY: Final = date(2024, 5, 8)
NEXT_DAY: Final = date(2024, 5, 9)
PAID_AT: Final = datetime(2024, 5, 8, 9, 15)  # noqa: DTZ001 -- what a sheet holds has no zone

SETTLEMENT_COLUMNS: Final = {
    "reference": "Mã đơn hàng",
    "paid_at": "Thời gian thanh toán",
    "gross": "Số tiền giao dịch",
    "fee": "Phí",
    "net": "Số tiền thanh toán",
    "batch": "Mã lô",
    "settled_on": "Ngày quyết toán",
}
HANDED_COLUMNS: Final = {
    "reference": "Mã tham chiếu",
    "dossier_code": "Mã hồ sơ",
    "amount": "Số tiền",
    "booked_on": "Ngày",
    "document": "Số chứng từ",
    "status": "Trạng thái",
}

SETTLEMENT: Final[Mapping[str, Any]] = {"leg": "settlement", "columns": SETTLEMENT_COLUMNS, "thousands": "."}
TREASURY: Final[Mapping[str, Any]] = {"leg": "treasury", "columns": HANDED_COLUMNS, "thousands": "."}
RECEIPT: Final[Mapping[str, Any]] = {"leg": "receipt", "columns": HANDED_COLUMNS, "thousands": "."}

_SETTLED: Final = {
    "paid_at": PAID_AT,
    "gross": 100_000,
    "fee": 850,
    "net": 99_150,
    "batch": "LO-20240509-01",
    "settled_on": NEXT_DAY,
}
_HANDED: Final = {"amount": 100_000, "booked_on": NEXT_DAY, "document": "PT0001", "status": "Đã gửi"}


def settled(*rows: Mapping[str, Value]) -> Table:
    """Write a row for each payment, which says what the like of it says but for what is given."""
    return _table(SETTLEMENT_COLUMNS, _SETTLED, rows)


def handed(*rows: Mapping[str, Value]) -> Table:
    """Write a row for each hand-over or receipt, as `settled` does."""
    return _table(HANDED_COLUMNS, _HANDED, rows)


def _table(columns: Mapping[str, str], usual: Mapping[str, Value], rows: tuple[Mapping[str, Value], ...]) -> Table:
    said = [{**usual, **row} for row in rows]
    return [list(columns.values()), *([one.get(name) for name in columns] for one in said)]
