"""Statement files for tests, as banks write them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

ACCOUNT = "001"


class Booked(NamedTuple):
    """An entry. `amount` in dong, credits positive."""

    reference: str
    amount: int = 150_000
    narrative: str = "THANH TOAN HO SO"


def camt(entries: Iterable[Booked], account: str = ACCOUNT, identification: str = "S1") -> bytes:
    body = "".join(_entry(one) for one in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>1</MsgId></GrpHdr>"
        f"<Stmt><Id>{identification}</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>{body}</Stmt>"
        "</BkToCstmrStmt></Document>"
    ).encode()


def _entry(one: Booked) -> str:
    direction = "CRDT" if one.amount >= 0 else "DBIT"
    return (
        f'<Ntry><Amt Ccy="VND">{abs(one.amount)}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>2024-05-08</Dt></BookgDt><AcctSvcrRef>FT-{one.reference}</AcctSvcrRef><NtryDtls><TxDtls><Refs>"
        f"<EndToEndId>{one.reference}</EndToEndId></Refs><RmtInf><Ustrd>{one.narrative}</Ustrd></RmtInf></TxDtls>"
        "</NtryDtls></Ntry>"
    )


MAPPING = {
    "columns": {"booked_on": "Ngày", "reference": "Số tham chiếu", "narrative": "Nội dung", "amount": "Số tiền"},
    "account": ACCOUNT,
}
"""The settings of a mapping that reads what `table` writes."""


def table(entries: Sequence[Booked]) -> bytes:
    rows = [f'08/05/2024,{one.reference},"{one.narrative}",{one.amount}' for one in entries]
    return "\n".join(["Ngày,Số tham chiếu,Nội dung,Số tiền", *rows, ""]).encode()
