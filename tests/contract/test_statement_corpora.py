"""Statements that banks really sent, and files that attackers would: read as their manifest says, or refused."""

import csv
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from adapters.statements.camt import read_camt
from adapters.statements.registry import open_statement
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import StatementLine
from paygate.statements import StatementImport, preview


@pytest.fixture
def manifest(shared: Path) -> list[dict[str, str]]:
    with (shared / "corpora/camt/MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def look(shared: Path, row: dict[str, str]) -> StatementImport:
    with (shared / "corpora/camt" / row["path"]).open("rb") as file:
        return preview(read_camt(file), format="camt")


def test_every_camt_053_file_agrees_with_its_manifest(shared: Path, manifest: list[dict[str, str]]) -> None:
    rows = [row for row in manifest if row["version"].startswith("camt.053") and int(row["statements"])]
    for row in rows:
        found = look(shared, row)
        balanced = Counter(statement.balanced for statement in found.statements)
        assert len(found.statements) == int(row["statements"]), row["path"]
        assert sum(statement.entries for statement in found.statements) == int(row["entries"]), row["path"]
        expected = {True: int(row["bal_ok"]), False: int(row["bal_mismatch"]), None: int(row["bal_na"])}
        assert {answer: balanced[answer] for answer in expected} == expected, row["path"]
    assert len(rows) == 31
    assert sum(row["xsd_valid"] == "yes" for row in rows) == 23


def test_every_other_file_is_refused_with_a_reason(shared: Path, manifest: list[dict[str, str]]) -> None:
    rows = [row for row in manifest if not row["version"].startswith("camt.053") or not int(row["statements"])]
    for row in rows:
        with pytest.raises(UnreadableStatementError, match=r"^it \S+"):
            look(shared, row)
    assert len(rows) == len(manifest) - 31


def test_no_entry_of_a_real_file_goes_missing(shared: Path, manifest: list[dict[str, str]]) -> None:
    looked_at = 0
    for row in manifest:
        if row["version"].startswith("camt.053") and int(row["entries"]):
            for statement in look(shared, row).statements:
                if not any("left out" in warning for warning in statement.warnings):
                    assert statement.lines + len(statement.refused) >= statement.entries
                    looked_at += statement.entries
    assert looked_at > 150


def test_every_xml_attack_is_refused_before_it_does_anything(shared: Path) -> None:
    attacks = sorted((shared / "corpora/nasty/xml-attacks").rglob("*.x*"))
    for path in attacks:
        with path.open("rb") as file, pytest.raises(InvalidInputError):
            list(open_statement(file)[1])
    assert len(attacks) >= 12


def test_a_real_file_cut_anywhere_is_refused_and_nothing_else(shared: Path, manifest: list[dict[str, str]]) -> None:
    cuts = 0
    for row in manifest:
        if row["version"].startswith("camt.053") and int(row["entries"]):
            data = (shared / "corpora/camt" / row["path"]).read_bytes().rstrip()
            for end in range(0, len(data) - 1, max(97, len(data) // 40)):
                with pytest.raises(UnreadableStatementError):
                    list(read_camt(BytesIO(data[:end])))
                cuts += 1
    assert cuts > 500


def test_a_real_file_with_a_flipped_bit_is_read_or_refused_and_never_crashes(
    shared: Path, manifest: list[dict[str, str]]
) -> None:
    outcomes: Counter[str] = Counter()
    for row in manifest:
        if row["version"].startswith("camt.053") and int(row["entries"]):
            data = bytearray((shared / "corpora/camt" / row["path"]).read_bytes())
            for place in range(0, len(data), max(61, len(data) // 30)):
                data[place] ^= 0x10
                try:
                    parts = list(read_camt(BytesIO(data)))
                    outcomes["read"] += any(isinstance(part, StatementLine) for part in parts)
                except UnreadableStatementError:
                    outcomes["refused"] += 1
                data[place] ^= 0x10
    assert min(outcomes["read"], outcomes["refused"]) > 50
