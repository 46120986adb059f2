"""What is told beside the banks: a gateway's settlements, hand-overs to the treasury, receipts; a table of each day."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from paygate.demo.bank import DATE_FORMAT
from paygate.demo.scene import COUNTER_ACCOUNT, Booking, Entry
from paygate.domain.legs import Leg

MAPPING_OF: Final[Mapping[Leg, str]] = MappingProxyType(
    {Leg.SETTLEMENT: "quyet-toan", Leg.TREASURY: "kho-bac", Leg.RECEIPT: "bien-lai"}
)
_HANDED_OVER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reference": "Mã tham chiếu",
        "dossier_code": "Mã hồ sơ",
        "amount": "Số tiền",
        "booked_on": "Ngày nộp",
        "document": "Số chứng từ",
        "status": "Trạng thái",
    }
)
COLUMNS_OF: Final[Mapping[Leg, Mapping[str, str]]] = MappingProxyType(
    {
        Leg.SETTLEMENT: MappingProxyType(
            {
                "reference": "Mã đơn hàng",
                "gross": "Số tiền giao dịch",
                "fee": "Phí",
                "net": "Số tiền thanh toán",
                "batch": "Mã lô",
                "settled_on": "Ngày quyết toán",
            }
        ),
        Leg.TREASURY: _HANDED_OVER,
        Leg.RECEIPT: MappingProxyType({**_HANDED_OVER, "booked_on": "Ngày lập", "document": "Số biên lai"}),
    }
)
SENT: Final = "Đã gửi"


def write_books(entries: Sequence[Entry], folder: Path) -> list[tuple[Leg, int, Path]]:
    """Write the entries of each leg and day as a table; return of each file the leg, how many lines, and where."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for leg, day in sorted({(entry.leg, entry.day) for entry in entries}):
        rows = [entry for entry in entries if (entry.leg, entry.day) == (leg, day)]
        path = folder / f"{MAPPING_OF[leg]}-{day:%Y%m%d}.csv"
        path.write_bytes(_table(leg, rows))
        written.append((leg, len(rows), path))
    return written


def payouts_of(entries: Iterable[Entry]) -> list[Booking]:
    """Return what the bank books of the settlements: one line for each batch, of their net, named by its code."""
    batches = defaultdict(list)
    for entry in entries:
        if entry.leg is Leg.SETTLEMENT:
            batches[entry.day, entry.batch].append(entry.amount - entry.fee)
    return [
        Booking(COUNTER_ACCOUNT, day, sum(nets), f"FT{batch}", "", f"QUYET TOAN {batch}", "CONG THANH TOAN")
        for (day, batch), nets in sorted(batches.items())
    ]


def _table(leg: Leg, entries: Sequence[Entry]) -> bytes:
    text = StringIO()
    writer = csv.DictWriter(text, list(COLUMNS_OF[leg]))
    writer.writerow(dict(COLUMNS_OF[leg]))
    writer.writerows(_row(entry) for entry in entries)
    return text.getvalue().encode("utf-8-sig")


def _row(entry: Entry) -> dict[str, object]:
    day = entry.day.strftime(DATE_FORMAT)
    if entry.leg is Leg.SETTLEMENT:
        return {
            "reference": entry.reference,
            "gross": entry.amount,
            "fee": entry.fee,
            "net": entry.amount - entry.fee,
            "batch": entry.batch,
            "settled_on": day,
        }
    return {
        "reference": entry.reference,
        "dossier_code": entry.dossier_code,
        "amount": entry.amount,
        "booked_on": day,
        "document": entry.document,
        "status": SENT,
    }
