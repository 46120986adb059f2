"""camt messages as banks write them, to be read in tests."""

from io import BytesIO

from adapters.statements.camt import read_camt
from paygate.domain.statement import StatementLine, StatementPart

DETAILS = """
<NtryDtls><TxDtls>
  <Refs><EndToEndId>dvc0001</EndToEndId></Refs>
  <RltdPties><Dbtr><Pty><Nm>NGUYEN VAN A</Nm></Pty></Dbtr><Cdtr><Nm>SO TU PHAP</Nm></Cdtr></RltdPties>
  <RmtInf><Ustrd>THANH TOAN HO SO</Ustrd><Ustrd>H23.12-240508-0001</Ustrd></RmtInf>
</TxDtls></NtryDtls>"""


def entry(
    amount: str = "150000",
    direction: str = "CRDT",
    *,
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    booked: str = "<BookgDt><Dt>2024-05-08</Dt></BookgDt>",
    more: str = "<AcctSvcrRef>FT24001</AcctSvcrRef>" + DETAILS,
) -> str:
    return f'<Ntry><Amt Ccy="VND">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{status}{booked}{more}</Ntry>'


def balance(code: str, amount: str, direction: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="VND">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd></Bal>'
    )


def statement(*body: str, name: str = "Stmt") -> str:
    return f"<{name}><Id>S1</Id><Acct><Id><Othr><Id>0011001234567</Id></Othr></Id></Acct>{''.join(body)}</{name}>"


def document(
    *statements: str, version: str = "08", prolog: str = "", message: str = "camt.053", namespace: str | None = None
) -> bytes:
    if namespace is None:
        namespace = f"urn:iso:std:iso:20022:tech:xsd:{message}.001.{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<Document xmlns="{namespace}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>{''.join(statements)}</BkToCstmrStmt></Document>"
    ).encode()


def read(data: bytes) -> list[StatementPart]:
    return list(read_camt(BytesIO(data)))


def lines(data: bytes) -> list[StatementLine]:
    return [part for part in read(data) if isinstance(part, StatementLine)]


def batch(*amounts: str) -> str:
    transactions = "".join(
        f"<TxDtls><Refs><EndToEndId>E{number}</EndToEndId></Refs>{amount}</TxDtls>"
        for number, amount in enumerate(amounts, start=1)
    )
    return f"<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>{transactions}</NtryDtls>"


def amt(amount: int, currency: str = "VND") -> str:
    return f'<Amt Ccy="{currency}">{amount}</Amt>'
