"""The answer to a settlement file, as the bank reads it: by its own rules, with nothing of ours."""

from hashlib import md5
from typing import Final, NamedTuple

ORDER: Final = [
    *("recordType", "transId", "providerId", "merchantId", "bankCode", "branchCode", "custAcctNo"),
    *("recvVirtualAcctId", "recvVirtualAcctName", "custCode", "custName", "amount", "currencyCode"),
    *("billCycle", "billId", "payRefNo", "merchantAcctNo", "transTime", "status", "bankTransId"),
    *("addField1", "addField2", "addField3", "addField4", "addField5"),
    *("reconcileStatus", "recordChecksum"),
]


class Answered(NamedTuple):
    header: list[str]
    records: list[dict[str, str]]
    footer: list[str]

    def statuses(self) -> list[tuple[str, str]]:
        return [(one["transId"], one["reconcileStatus"]) for one in self.records]


def read_as_the_bank(data: bytes, key: bytes, line_end: bytes = b"\r\n") -> Answered:
    """Take an answer apart, every checksum held against its bytes."""
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(line_end)
    lines = data[3:].split(line_end)[:-1]
    header = lines.pop(0).decode().split("|") if not lines[0].startswith((b"00", b"009")) else []
    for line in lines:
        values, _, said = line.rpartition(b"|")
        assert md5(values.replace(b"|", b"") + key).hexdigest().encode() == said
    *records, footer = [line.decode().split("|") for line in lines]
    assert footer[0] == "009"
    assert footer[3] == str(len(records))
    return Answered(header, [dict(zip(ORDER, values, strict=True)) for values in records], footer)
