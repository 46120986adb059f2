"""Statements that banks really sent, and files that attackers would: read as their manifest says, or refused."""

import csv
from collections import Counter
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from lxml import etree

from adapters.statements.camt import read_camt
from adapters.statements.registry import open_statement
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementKind, StatementLine, Warned
from paygate.domain.statement_import import StatementImport, preview
from paygate.statement_files import read_isolated

KINDS = {
    "camt.052": StatementKind.REPORT,
    "camt.053": StatementKind.STATEMENT,
    "camt.054": StatementKind.NOTIFICATION,
}
SAMPLED_BYTES = 7_000


@pytest.fixture
def manifest(shared: Path) -> list[dict[str, str]]:
    with (shared / "corpora/camt/MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def look(shared: Path, row: dict[str, str]) -> StatementImport:
    with (shared / "corpora/camt" / row["path"]).open("rb") as file:
        return preview(read_camt(file), format="camt")


def holds_something(row: dict[str, str]) -> bool:
    return row["wellformed"] == "yes" and int(row["statements"]) > 0


def test_every_camt_file_agrees_with_its_manifest(shared: Path, manifest: list[dict[str, str]]) -> None:
    rows = [row for row in manifest if holds_something(row)]
    for row in rows:
        found = look(shared, row)
        balanced = Counter(statement.balanced for statement in found.statements)
        assert len(found.statements) == int(row["statements"]), row["path"]
        assert sum(statement.entries for statement in found.statements) == int(row["entries"]), row["path"]
        expected = {True: int(row["bal_ok"]), False: int(row["bal_mismatch"]), None: int(row["bal_na"])}
        assert {answer: balanced[answer] for answer in expected} == expected, row["path"]
        assert {statement.kind for statement in found.statements} == {KINDS[row["version"][:8]]}
    assert Counter(row["version"][:8] for row in rows) == {"camt.053": 31, "camt.052": 10, "camt.054": 7}
    assert sum(row["xsd_valid"] == "yes" for row in rows) == 39


def test_every_other_file_is_refused_with_a_reason(shared: Path, manifest: list[dict[str, str]]) -> None:
    rows = [row for row in manifest if not holds_something(row)]
    for row in rows:
        with pytest.raises(UnreadableStatementError, match=r"^it \S+"):
            look(shared, row)
    assert len(rows) == 6


def test_every_statement_that_its_manifest_calls_balanced_balances(
    shared: Path, manifest: list[dict[str, str]]
) -> None:
    balanced = {
        row["path"]: sum(bool(statement.balanced) for statement in look(shared, row).statements)
        for row in manifest
        if holds_something(row)
    }
    said = {row["path"]: int(row["bal_ok"]) for row in manifest if holds_something(row)}
    assert balanced == said
    assert sum(said.values()) == 49


def test_no_entry_of_a_real_file_goes_missing(shared: Path, manifest: list[dict[str, str]]) -> None:
    told: Counter[str] = Counter()
    for row in manifest:
        if holds_something(row):
            with (shared / "corpora/camt" / row["path"]).open("rb") as file:
                parts = list(read_camt(file))
            lines = {part.row for part in parts if isinstance(part, StatementLine)}
            refused = {part.row for part in parts if isinstance(part, RefusedRow)}
            pending = sum(
                int(part.text.split()[0]) for part in parts if isinstance(part, Warned) and "left out" in part.text
            )
            assert len(lines) + len(refused) + pending == int(row["entries"]), row["path"]
            told.update(lines=len(lines), refused=len(refused), pending=pending)
    assert told == {"lines": 167, "refused": 19, "pending": 3}


def test_what_real_files_refuse_is_refused_for_a_listed_reason(shared: Path, manifest: list[dict[str, str]]) -> None:
    reasons = Counter(row.reason for line in manifest if holds_something(line) for row in look(shared, line).refused)
    assert reasons == {
        "it has no Sts, so whether it is booked cannot be told": 15,
        "it has no BookgDt, and its statement is not of a single day": 4,
    }


def test_files_that_fail_their_schema_are_read_all_the_same(shared: Path, manifest: list[dict[str, str]]) -> None:
    rows = [row for row in manifest if holds_something(row) and row["xsd_valid"] == "no"]
    for row in rows:
        assert look(shared, row).statements, row["path"]
    assert len(rows) == 9


def test_the_manifest_says_truly_which_files_their_schema_accepts(shared: Path, manifest: list[dict[str, str]]) -> None:
    looked_at = 0
    for row in manifest:
        schema = shared / f"corpora/camt-xsd/{row['version']}.xsd"
        if row["wellformed"] == "yes" and schema.is_file():
            document = etree.parse(shared / "corpora/camt" / row["path"])
            assert etree.XMLSchema(etree.parse(schema)).validate(document) is (row["xsd_valid"] == "yes"), row["path"]
            looked_at += 1
    assert looked_at == 52


def test_every_xml_attack_is_refused_before_it_does_anything(shared: Path) -> None:
    attacks = sorted((shared / "corpora/nasty/xml-attacks").rglob("*.x*"))
    for path in attacks:
        with path.open("rb") as file, pytest.raises(InvalidInputError):
            list(open_statement(file)[1])
    assert len(attacks) >= 12


def sampled(row: dict[str, str]) -> bool:
    """Whether a file is among those that every run looks at; all are looked at with -m slow."""
    return int(row["bytes"]) < SAMPLED_BYTES


def cut_everywhere(data: bytes, step: int) -> int:
    ends = range(0, len(data) - 1, step)
    for end in ends:
        with pytest.raises(UnreadableStatementError, match=r"^its? \S+"):
            list(read_camt(BytesIO(data[:end])))
    return len(ends)


def test_a_real_file_cut_anywhere_is_refused_and_nothing_else(shared: Path, manifest: list[dict[str, str]]) -> None:
    small = [row for row in manifest if holds_something(row) and sampled(row)]
    data = [(shared / "corpora/camt" / row["path"]).read_bytes().rstrip() for row in small]
    assert sum(cut_everywhere(each, 97) for each in data) > 1_000


@pytest.mark.slow
def test_every_real_file_cut_at_each_kilobyte_and_beside_it_is_refused(
    shared: Path, manifest: list[dict[str, str]]
) -> None:
    files = [shared / "corpora/camt" / row["path"] for row in manifest if holds_something(row)]
    cuts = sum(cut_everywhere(file.read_bytes().rstrip(), step) for file in files for step in (1024, 61))
    assert cuts > 10_000


def flip_everywhere(data: bytearray, step: int) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for place in range(0, len(data), step):
        for bit in (0x01, 0x10, 0x80):
            data[place] ^= bit
            try:
                parts = list(read_camt(BytesIO(data)))
                outcomes["read"] += any(isinstance(part, StatementLine) for part in parts)
            except UnreadableStatementError:
                outcomes["refused"] += 1
            data[place] ^= bit
    return outcomes


def test_a_real_file_with_a_flipped_bit_is_read_or_refused_and_never_crashes(
    shared: Path, manifest: list[dict[str, str]]
) -> None:
    outcomes: Counter[str] = Counter()
    for row in manifest:
        if holds_something(row) and int(row["entries"]) and sampled(row):
            outcomes += flip_everywhere(bytearray((shared / "corpora/camt" / row["path"]).read_bytes()), 211)
    assert min(outcomes["read"], outcomes["refused"]) > 300


@pytest.mark.slow
def test_every_real_file_with_any_bit_flipped_is_read_or_refused(shared: Path, manifest: list[dict[str, str]]) -> None:
    outcomes: Counter[str] = Counter()
    for row in manifest:
        if holds_something(row):
            outcomes += flip_everywhere(bytearray((shared / "corpora/camt" / row["path"]).read_bytes()), 97)
    assert min(outcomes["read"], outcomes["refused"]) > 3_000


def test_a_real_file_read_apart_says_what_it_says_here(shared: Path, manifest: list[dict[str, str]]) -> None:
    path = shared / "corpora/camt" / max(manifest, key=lambda row: int(row["bytes"]))["path"]
    with path.open("rb") as file, path.open("rb") as again:
        assert list(read_isolated(file)[1]) == list(read_camt(again))


def test_every_xml_attack_is_refused_in_a_child_too_and_none_is_left(shared: Path) -> None:
    for path in sorted((shared / "corpora/nasty/xml-attacks").rglob("*.x*")):
        with path.open("rb") as file, pytest.raises(InvalidInputError):
            list(read_isolated(file)[1])
    assert not psutil.Process().children()
