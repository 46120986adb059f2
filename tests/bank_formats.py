"""One day's movements as a bank or gateway tells them, in every format that is taken in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests import statement_files
from tests.napas_files import napas
from tests.napas_files import record as napas_record
from tests.sheets import CONTAINERS, Table
from tests.statement_files import Booked
from tests.vietinbank_files import record, settlement

DAY: Final = date(2024, 5, 8)
BANK_ACCOUNT: Final = "001"
GATEWAY_ACCOUNT: Final = "009"
OPENING: Final = 1_000_000


@dataclass(frozen=True)
class Format:
    """How a format is written here, and what is known of it.

    `options` are those of its import. `balances`: it states them. `covers`: what it tells of its day is all there was.
    `warns`: what is said of any such file.
    """

    name: str
    format: str
    write: Callable[[Sequence[Booked]], bytes]
    options: Mapping[str, str] = field(default_factory=dict)
    account: str = BANK_ACCOUNT
    leg: str = "bank"
    day: date = DAY
    balances: bool = False
    covers: bool = True
    warns: str = ""


def _mt940(entries: Sequence[Booked]) -> bytes:
    closing = OPENING + sum(one.amount for one in entries)
    head = (":20:STM240508", f":25:{BANK_ACCOUNT}", ":28C:128/1", f":60F:C240507VND{OPENING},")
    return _swift(*head, *_swift_entries(entries), f":62F:C240508VND{closing},")


def _mt942(entries: Sequence[Booked]) -> bytes:
    head = (":20:INT240508", f":25:{BANK_ACCOUNT}", ":28C:128/1", ":34F:VND0,", ":13D:2405081200+0700")
    total = sum(one.amount for one in entries)
    return _swift(*head, *_swift_entries(entries), f":90C:{len(entries)}VND{total},")


def _swift_entries(entries: Sequence[Booked]) -> list[str]:
    return [
        text
        for one in entries
        for text in (f":61:2405080508C{one.amount},NTRF{one.reference}//FT-{one.reference}", f":86:{one.narrative}")
    ]


def _swift(*lines: str) -> bytes:
    return "\r\n".join([*lines, "-", ""]).encode()


def _napas(entries: Sequence[Booked]) -> bytes:
    records = [
        napas_record(TRN=one.reference, F4=f"{one.amount}00".zfill(12), RTA=f"{one.amount}00".zfill(12))
        for one in entries
    ]
    return napas(*records)


def _vietinbank(entries: Sequence[Booked]) -> bytes:
    return settlement(
        *(record(transId=f"9{one.reference[-4:]}", custCode=one.reference, amount=str(one.amount)) for one in entries)
    )


def _camt054(entries: Sequence[Booked]) -> bytes:
    told = statement_files.camt(entries).replace(b"camt.053", b"camt.054").replace(b"Stmt>", b"Ntfctn>")
    return told.replace(b"BkToCstmrNtfctn", b"BkToCstmrDbtCdtNtfctn")


def _in(container: str) -> Callable[[Sequence[Booked]], bytes]:
    def write(entries: Sequence[Booked]) -> bytes:
        rows: Table = [
            ["SAO KÊ TÀI KHOẢN"],
            ["Ngày", "Số tham chiếu", "Nội dung", "Số tiền"],
            *([DAY, one.reference, one.narrative, one.amount] for one in entries),
        ]
        return CONTAINERS[container](rows)

    return write


MAPPING: Final = {**statement_files.MAPPING, "thousands": "."}
"""Of the tables; the settings of a mapping."""

TABLES: Final = [Format(container, "table", _in(container), {"mapping": "so-phu"}) for container in CONTAINERS]
FORMATS: Final = [
    Format("camt.053", "camt", statement_files.camt),
    Format("camt.054", "camt", _camt054, covers=False),
    Format("mt940", "mt940", _mt940, balances=True),
    Format("mt942", "mt940", _mt942, covers=False, warns="it is an interim report (MT942)"),
    Format(
        "napas",
        "napas",
        _napas,
        {"account": GATEWAY_ACCOUNT},
        account=GATEWAY_ACCOUNT,
        leg="settlement",
        day=date(2024, 5, 9),
        warns="were not verified: their recipe is not public",
    ),
    Format("vietinbank", "vietinbank", _vietinbank, {"account": BANK_ACCOUNT}),
    *TABLES,
]


def settings(database_url: str) -> dict[str, Any]:
    """Configure what takes these files in; the key of the checksums stands in the environment as HD_KEY."""
    due = {"days": 1, "by": "10:00"}
    return {
        "database_url": database_url,
        "tenants": {"haiduong": {"name": "Tỉnh Hải Dương", "agency": "H23"}},
        "accounts": {
            BANK_ACCOUNT: {"tenant": "haiduong", "bank": "970415", "statement_due": due, "file_key": "env:HD_KEY"},
            GATEWAY_ACCOUNT: {"tenant": "haiduong", "bank": "970415", "statement_due": due, "kind": "gateway"},
        },
        "mappings": {"so-phu": MAPPING},
    }
