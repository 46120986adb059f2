"""MT940 and MT942 files that banks really sent: read as their manifest and others' parses say, or refused by name."""

import csv
import json
from collections import Counter
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from adapters.statements.mt940 import read_mt940
from adapters.statements.registry import open_statement
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.money import plain
from paygate.domain.statement import StatementLine
from paygate.domain.statement_import import StatementImport, preview

PIECES = {  # single fields, for the tests of other readers, and files that lack what a statement has
    "account_balance_credit.sta": "no closing balance",
    "account_balance_debit.sta": "no closing balance",
    "account_identification.sta": "no opening balance",
    "account_identification_iban.sta": "no opening balance",
    "account_identification_legacy.sta": "no opening balance",
    "amount_formats.sta": "no closing balance",
    "available_balance.sta": "no statement",
    "closing_balance.sta": "no statement",
    "currency_in_25.sta": "no opening balance",
    "empty_86.sta": "no statement",
    "empty_entry_date.sta": "stands outside of a statement",
    "empty_line.sta": "no opening balance",
    "empty_non_swift.sta": "no statement",
    "gv_codes.sta": "no closing balance",
    "invalid_statement.sta": "no statement",
    "missing_crlf_at_end.sta": "no statement",
    "multiline.sta": "stands outside of a statement",
    "reference.sta": "no opening balance",
    "sample2": "no opening balance",
    "sparkassen.sta": "stands outside of a statement",
    "statement_details.sta": "stands outside of a statement",
    "statement_line.sta": "stands outside of a statement",
    "statement_number.sta": "no opening balance",
}

WRONG_THERE = {  # where the parse beside a file is itself wrong, by file and line
    ("sepa_mt9401.sta", 19): {"amount"},  # a credit taken back (RC) is no credit; the balances say so too
    ("sepa_mt9401.sta", 101): {"amount"},
    ("sepa_mt9401.sta", 144): {"reference"},  # an end-to-end reference NONREF is none; the customer's stands in :61:
    ("rabobank-iban.sta", 6): {"reference"},  # it does not look into /EREF/
    ("rabobank-iban.sta", 18): {"reference"},
}


@pytest.fixture
def manifest(shared: Path) -> list[dict[str, str]]:
    with (shared / "corpora/mt940/MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def look(shared: Path, row: dict[str, str]) -> StatementImport:
    with (shared / "corpora/mt940" / row["path"]).open("rb") as file:
        return preview(read_mt940(file), format="mt940")


def is_a_piece(row: dict[str, str]) -> bool:
    path = Path(row["path"])
    return path.name in PIECES and (path.suffix == ".sta" or path.parent.name == "Rabo")


def test_every_file_is_read_without_losing_an_entry_or_refused_by_name(
    shared: Path, manifest: list[dict[str, str]]
) -> None:
    outcomes: Counter[str] = Counter()
    for row in manifest:
        if is_a_piece(row):
            with pytest.raises(UnreadableStatementError, match=PIECES[Path(row["path"]).name]):
                look(shared, row)
            outcomes["refused"] += 1
        else:
            found = look(shared, row)
            assert (found.lines, found.refused) == (int(row["n61"]), []), row["path"]
            outcomes["read"] += 1
    assert outcomes == {"read": 53, "refused": 23}


def test_every_file_whose_manifest_says_that_it_balances_does(shared: Path, manifest: list[dict[str, str]]) -> None:
    balanced = [row for row in manifest if row["balance"] == "ok"]
    assert [row["path"] for row in balanced if look(shared, row).balanced is not True] == []
    assert len(balanced) == 15


def test_what_does_not_balance_is_said_to(shared: Path, manifest: list[dict[str, str]]) -> None:
    unequal = [row for row in manifest if row["balance"] == "mismatch" and not is_a_piece(row)]
    balanced = [Path(row["path"]).parent.name for row in unequal if look(shared, row).balanced]
    assert balanced == ["citi"]  # whose entries do add up: the currency's letter behind the sign misled the manifest
    assert len(unequal) == 16


def known(reference: str | None) -> str:
    """Take off what the other reader joins to a reference: a keyword before it, the bank's note behind."""
    bare = (reference or "").removeprefix("KREF+\n").split("MTLG:")[0].strip()
    return "" if bare in {"NONREF", "NOTPROVIDED", "EREF", "PREF"} else bare


def differing(line: StatementLine, told: dict[str, Any]) -> set[str]:
    said = {
        "amount": Decimal(plain(line.amount, line.currency)) == Decimal(told["amount"]["amount"]),
        "value date": str(line.value_on) == told["date"],
        "booking date": str(line.booked_on) == (told.get("entry_date") or told["date"]),
        "bank reference": line.bank_reference == known(told["bank_reference"]),
        "reference": line.reference == (known(told.get("end_to_end_reference")) or known(told["customer_reference"])),
    }
    return {name for name, same in said.items() if not same}


def test_every_entry_agrees_with_the_parse_beside_its_file(shared: Path) -> None:
    compared: Counter[str] = Counter()
    wrong: dict[tuple[str, int], set[str]] = {}
    for parse in sorted((shared / "corpora/mt940").rglob("*.expected.json")):
        file = parse.with_name(parse.name.replace(".expected.json", ".sta"))
        if file.name in PIECES:
            continue
        told = json.loads(parse.read_text(encoding="utf-8"))["transactions"]
        with file.open("rb") as opened:
            lines = [part for part in read_mt940(opened) if isinstance(part, StatementLine)]
        for line, expected in zip(lines, told, strict=True):
            compared["entries"] += 1
            if found := differing(line, expected):
                wrong[file.name, line.row] = found
    assert wrong == WRONG_THERE
    assert compared["entries"] == 203


def test_the_balances_of_the_file_with_reversals_prove_their_signs(shared: Path) -> None:
    with (shared / "corpora/mt940/wolph-mt940/mt940_tests/betterplace/sepa_mt9401.sta").open("rb") as file:
        found = preview(read_mt940(file), format="mt940")
    assert (len(found.statements), found.lines, found.balanced) == (26, 97, True)


def test_a_file_cut_anywhere_is_refused_or_read_and_nothing_else(shared: Path, manifest: list[dict[str, str]]) -> None:
    outcomes: Counter[str] = Counter()
    for row in manifest:
        data = (shared / "corpora/mt940" / row["path"]).read_bytes()
        cuts = {*range(0, len(data), max(13, len(data) // 60)), *range(0, len(data), 1024)}
        cuts |= {place + 1 for place, byte in enumerate(data) if byte == ord("\n")}
        for end in cuts:
            try:
                parts = list(read_mt940(BytesIO(data[:end])))
            except UnreadableStatementError:
                outcomes["refused"] += 1
            else:
                # Whatever is read of a cut file is a whole number of statements, each with its end.
                kinds = Counter(type(part).__name__ for part in parts)
                assert kinds["StatementHead"] == kinds["StatementEnd"] > 0
                outcomes["read"] += 1
    assert min(outcomes.values()) > 300


def test_a_file_with_a_flipped_bit_is_read_or_refused_and_never_crashes(
    shared: Path, manifest: list[dict[str, str]]
) -> None:
    outcomes: Counter[str] = Counter()
    for row in manifest:
        data = bytearray((shared / "corpora/mt940" / row["path"]).read_bytes())
        for place in range(0, len(data), max(7, len(data) // 60)):
            data[place] ^= 0x10
            try:
                preview(read_mt940(BytesIO(data)), format="mt940")
                outcomes["read"] += 1
            except UnreadableStatementError:
                outcomes["refused"] += 1
            data[place] ^= 0x10
    assert min(outcomes.values()) > 300


def test_every_file_that_is_read_is_known_by_its_bytes(shared: Path, manifest: list[dict[str, str]]) -> None:
    for row in manifest:
        if not is_a_piece(row):
            with (shared / "corpora/mt940" / row["path"]).open("rb") as file:
                assert open_statement(file)[0] == "mt940", row["path"]
