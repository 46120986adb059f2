"""A spreadsheet of many facts is written within bounded memory, whatever their number."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import pytest
from python_calamine import CalamineWorkbook

from paygate.isolation import read_apart
from paygate.report_files import WRITING
from reconciliation.desk.sheets import SHEETS
from reconciliation.desk.workbook import write_workbook
from reconciliation.rendering import word
from tests.reports import report

FACTS: Final = 200_000
MOST_MIB: Final = 150


def write_and_weigh(file: BinaryIO, target: str) -> Iterator[int]:
    """Be the child that writes the workbook, and say last how many KiB it had at the most.

    What `getrusage` says counts the parent too, as it was when it started the child.
    """
    yield from write_workbook(file, target)
    yield int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))[0])


def lay_facts(folder: Path, count: int) -> str:
    file = folder / "payments.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("day,paid_at,source,reference,transaction,dossier,agency_code,procedure_code,amount,state,")
        out.write("settlement_rule,bank_rule,verdict,reasons\n")
        for number in range(count):
            out.write(
                f"2024-05-08,2024-05-08 08:00:00,vnpay,REF{number:012},TX{number:010},000.00.12.H23-240508-{number:06},"
            )
            out.write("000.00.12.H23,1.005129,150000,paid,exact,exact,missing,bank_missing settlement_missing\n")
    return str(file)


@pytest.mark.slow
def test_two_hundred_thousand_facts_are_written_within_their_memory(tmp_path: Path) -> None:
    asked = {
        "language": "vi",
        "tenant": "Tỉnh Hải Dương",
        "printed_at": "2026-11-24T21:00:00+07:00",
        "report": report(period="2024-05-08", days=[], open_days=[], runs=[]),
        "sheets": {"payments": [lay_facts(tmp_path, FACTS)]},
    }
    (tmp_path / "asked").write_text(json.dumps(asked), encoding="utf-8")
    target = tmp_path / "report.xlsx"
    began = time.monotonic()
    with (tmp_path / "asked").open("rb") as file:
        *progress, kibibytes = read_apart(write_and_weigh, file, str(target), limits=WRITING)
    told = f"{FACTS} facts of {len(SHEETS['payments'].columns)} columns: {kibibytes / 1024:.0f} MiB, "
    told += f"{time.monotonic() - began:.0f} s, {os.path.getsize(target) / 2**20:.1f} MiB of file"  # noqa: PTH202
    assert kibibytes / 1024 <= MOST_MIB, told
    assert progress[-1] == FACTS
    assert progress == sorted(progress)
    sheet = CalamineWorkbook.from_path(target).get_sheet_by_name(word("payments", "vi"))
    assert sheet.height == FACTS + 1
    print(told)  # noqa: T201 -- what was measured
