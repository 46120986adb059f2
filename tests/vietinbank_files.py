"""Builders of VietinBank's settlement file, signed as the bank signs it."""

from collections.abc import Sequence
from hashlib import md5
from typing import Final

KEY: Final = b"a-key-that-both-know"

RECORD: Final = {
    "recordType": "002",
    "transId": "501690869",
    "providerId": "9111",
    "merchantId": "HD",
    "bankCode": "970415",
    "branchCode": "12400",
    "custAcctNo": "0011",
    "recvVirtualAcctId": "2NDVNDV24012358711",
    "recvVirtualAcctName": "SO XAY DUNG",
    "custCode": "2NDVNDV24012358711",
    "custName": "NGUYỄN VĂN A",
    "amount": "875800",
    "currencyCode": "VND",
    "payRefNo": "PR1",
    "merchantAcctNo": "M1",
    "billCycle": "202405",
    "billId": "B1",
    "transTime": "20240508140634",
    "status": "00",
    "bankTransId": "164T24200GKAJ7BY",
    **{f"addField{number}": "" for number in range(1, 6)},
}
HEADER: Final = "|".join([*RECORD, "recordChecksum"])


def signed(values: Sequence[str], key: bytes = KEY) -> str:
    return "|".join([*values, md5("".join(values).encode() + key).hexdigest()])


def record(*, key: bytes = KEY, **changes: str) -> str:
    return signed([*(RECORD | changes).values()], key)


def footer(count: int, *, key: bytes = KEY, time: str = "20240509050000") -> str:
    return signed(["009", "9111", "bank", str(count), time], key)


def settlement(*records: str, count: int | None = None, key: bytes = KEY, header: str | None = HEADER) -> bytes:
    lines = [*([header] if header else []), *records, footer(len(records) if count is None else count, key=key), ""]
    return "\r\n".join(lines).encode("utf-8-sig")
