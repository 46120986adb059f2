"""How fast a camt.053 file becomes lines, and lines become rows, and how little memory that takes.

`limit` is lxml itself going through the same file, touching nothing; `ours` yields every line of it. `peer` is the
whole import into a database with all constraints on. Each is a process of its own: `python -m … MODE FILE URL`.
"""

import asyncio
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

import psutil
from lxml import etree

from adapters.statements.camt import read_camt
from paygate.database import connect
from paygate.directory import AccountEntry, TenantEntry, store_directory
from paygate.domain.statement import StatementLine
from paygate.statements import import_statements

ENTRIES: Final = 1_000_000
ROUNDS: Final = 2
"""In turns, the faster of each counting: what else the machine does slows a round, never speeds it."""

MOST_MEMORY_MIB: Final = 150

TENANT: Final = "bench"
ACCOUNT: Final = "0011001234567"
OPENING: Final = 1_000_000_000
FIRST_DAY: Final = datetime(2024, 5, 1, tzinfo=UTC).date()

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

_HEAD: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{NAMESPACE}">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2024-06-01T00:00:00+07:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>BENCH-1</Id>
      <Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>VND</Ccy></Acct>
"""
_BALANCE: Final = """      <Bal>
        <Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>
        <Amt Ccy="VND">{amount}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
      </Bal>
"""
# As banks write them: indented, with some forty elements of which a third is of use here. The statements of real
# banks at hand have 45 on the average, in 2.4 kB an entry.
_ENTRY: Final = """      <Ntry>
        <NtryRef>{number}</NtryRef>
        <Amt Ccy="VND">{amount}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
        <Sts>
          <Cd>BOOK</Cd>
        </Sts>
        <BookgDt>
          <Dt>{day}</Dt>
        </BookgDt>
        <ValDt>
          <Dt>{day}</Dt>
        </ValDt>
        <AcctSvcrRef>FT24{number:09d}</AcctSvcrRef>
        <BkTxCd>
          <Domn>
            <Cd>PMNT</Cd>
            <Fmly>
              <Cd>RCDT</Cd>
              <SubFmlyCd>ESCT</SubFmlyCd>
            </Fmly>
          </Domn>
        </BkTxCd>
        <NtryDtls>
          <TxDtls>
            <Refs>
              <AcctSvcrRef>FT24{number:09d}</AcctSvcrRef>
              <EndToEndId>dvc0000012H23{number:09d}</EndToEndId>
              <TxId>{number}</TxId>
            </Refs>
            <Amt Ccy="VND">{amount}</Amt>
            <CdtDbtInd>CRDT</CdtDbtInd>
            <RltdPties>
              <Dbtr>
                <Pty>
                  <Nm>NGUYEN VAN {number}</Nm>
                </Pty>
              </Dbtr>
              <DbtrAcct>
                <Id>
                  <Othr>
                    <Id>10{number:09d}</Id>
                  </Othr>
                </Id>
              </DbtrAcct>
            </RltdPties>
            <RltdAgts>
              <DbtrAgt>
                <FinInstnId>
                  <BICFI>BFTVVNVX</BICFI>
                </FinInstnId>
              </DbtrAgt>
            </RltdAgts>
            <RmtInf>
              <Ustrd>THANH TOAN HO SO 000.00.12.H23-240508-{number:07d}</Ustrd>
            </RmtInf>
          </TxDtls>
        </NtryDtls>
      </Ntry>
"""
_TAIL: Final = """    </Stmt>
  </BkToCstmrStmt>
</Document>
"""


async def bench_statements(
    url: str, entries: int = ENTRIES, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure in the migrated database at `url`, which is filled, and return what `paygate bench --json` prints.

    Rates are in entries a second; the memory is that of the process that reads and stores them.
    """
    async with connect(url) as connection:
        tenants = {TENANT: TenantEntry(TENANT, "H23", "Asia/Ho_Chi_Minh")}
        await store_directory(connection, tenants, {ACCOUNT: AccountEntry(TENANT, "970436", "bank")}, {})
    with tempfile.TemporaryDirectory(prefix="paygate-bench-") as folder:
        file = Path(folder) / "statement.xml"
        write_statement(file, entries)
        say(f"{entries} entries, {file.stat().st_size / 2**20:,.0f} MiB")
        rates: dict[str, float] = dict.fromkeys(MODES, 0.0)
        memory = 0.0
        for mode in ["limit", "ours"] * ROUNDS + ["peer"]:
            rate, memory = await _measure(mode, file, url, entries)
            rates[mode] = max(rates[mode], rate)
            say(f"{mode}: {rate:,.0f} entries/s, {memory:.0f} MiB")
    return _figures(rates, memory)


def _figures(rates: dict[str, float], memory: float) -> dict[str, Any]:
    now = datetime.now(UTC).date()
    installed = psutil.virtual_memory().total / 2**30
    return {
        "name": "statements",
        "ours": round(rates["ours"]),
        "limit": round(rates["limit"]),
        "ratio": round(rates["ours"] / rates["limit"], 3),
        "peer": round(rates["peer"]),
        "peer_ratio": round(rates["ours"] / rates["peer"], 3),
        "p99_ours_ms": None,
        "p99_limit_ms": None,
        "peak_memory_mib": round(memory, 1),
        "machine": f"{psutil.cpu_count()} cores, {installed:.0f} GiB, Python {platform.python_version()}, {now}",
    }


def write_statement(file: Path, entries: int) -> None:
    """Write a statement that balances, with so many entries over a month."""
    with file.open("w", encoding="utf-8") as out:
        out.write(_HEAD)
        closing = OPENING + sum(map(_amount, range(entries)))
        out.write(_BALANCE.format(code="OPBD", amount=OPENING) + _BALANCE.format(code="CLBD", amount=closing))
        for number in range(entries):
            day = FIRST_DAY + timedelta(days=number * 31 // entries)
            out.write(_ENTRY.format(number=number, amount=_amount(number), day=day))
        out.write(_TAIL)


def _amount(number: int) -> int:
    """Fees of an entry: some hundred different ones."""
    return (number * 7 % 100 + 1) * 5_000


async def _measure(mode: str, file: Path, url: str, entries: int) -> tuple[float, float]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, mode, file, url, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"the measurement {mode!r} failed")
    found = json.loads(output)
    if found["entries"] != entries:
        raise RuntimeError(f"{mode!r} found {found['entries']} of {entries} entries")
    return entries / found["seconds"], found["peak_memory_mib"]


def _go_through(file: Path, _: str) -> int:
    entries = 0
    with file.open("rb") as opened:
        for _event, element in etree.iterparse(opened, events=("end",), tag=f"{{{NAMESPACE}}}Ntry"):
            element.clear()
            entries += 1
    return entries


def _parse(file: Path, _: str) -> int:
    with file.open("rb") as opened:
        return sum(1 for part in read_camt(opened) if isinstance(part, StatementLine))


def _import(file: Path, url: str) -> int:
    return asyncio.run(_import_into(file, url))


async def _import_into(file: Path, url: str) -> int:
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").digest()
        opened.seek(0)
        async with connect(url) as connection:
            tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", TENANT)
            result = await import_statements(connection, tenant_id, read_camt(opened), file_hash=digest, format="camt")
    if not result.balanced:
        raise RuntimeError(f"what was written does not balance: {result.warnings}")
    return result.new or 0


MODES: Final[dict[str, Callable[[Path, str], int]]] = {"limit": _go_through, "ours": _parse, "peer": _import}


def _peak_memory_mib() -> float:
    # Not ru_maxrss: a child inherits that of the process it was forked from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(mode: str, file: str, url: str) -> None:
    begun = time.perf_counter()
    entries = MODES[mode](Path(file), url)
    seconds = time.perf_counter() - begun
    json.dump({"entries": entries, "seconds": seconds, "peak_memory_mib": _peak_memory_mib()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
