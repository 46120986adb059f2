"""Statement files read in a child process: the same parts as here, or a refusal in plain words."""

from datetime import date
from pathlib import Path

import pytest

from adapters.statements.registry import open_statement
from adapters.statements.table.mapping import TableMapping
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.legs import Leg
from paygate.domain.statement import (
    HandoverLine,
    RefusedRow,
    SettlementLine,
    StatementEnd,
    StatementHead,
    StatementKind,
    StatementLine,
    StatementPart,
    Warned,
)
from paygate.statement_files import MAX_PART_CHARACTERS, _parts, _row, read_isolated
from tests.apart import wait_for_ever

MAPPING = TableMapping({"booked_on": "day", "amount": "amount", "narrative": "text"})
EVERY_KIND: list[StatementPart] = [
    StatementHead(
        "1",
        "S1",
        "VND",
        date(2024, 5, 8),
        None,
        opening=-5,
        closing=2**62,
        leg=Leg.SETTLEMENT,
        kind=StatementKind.REPORT,
        source="hd-vnpay",
    ),
    StatementLine(1, date(2024, 5, 8), None, 100, "VND", "FT1", "dvc\ud800\0", "Hồ sơ", "N\u2028", reversal=True),
    StatementLine(1, date(1, 1, 1), date(9999, 12, 31), -100, "VND", "", "", "", ""),
    SettlementLine(1, date(2024, 5, 9), None, 2**62, "VND", "", "R", "", fee=-(2**62), net=2**63, batch="L\ud800"),
    SettlementLine(1, date(2024, 5, 9), None, -1, "VND", "", "R", ""),
    HandoverLine(1, date(2024, 5, 9), None, 5, "VND", "", "", "", dossier_code="H", document="Đ1", evidence=False),
    RefusedRow(2, "why"),
    Warned("odd"),
    StatementEnd(period_to=date(2024, 5, 9), entries=3),
]


def table(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["day,amount,text", *rows]), encoding="utf-8")
    return path


def test_every_kind_of_part_arrives_as_it_left() -> None:
    assert list(_parts(map(_row, EVERY_KIND))) == EVERY_KIND
    assert {type(part) for part in EVERY_KIND} == set(StatementPart.__args__)


def test_a_file_read_apart_says_what_it_says_here(tmp_path: Path) -> None:
    path = table(tmp_path, *(f"08/05/2024,{number},Hồ sơ {number}" for number in range(2000)), "x,1,bad")
    with path.open("rb") as file:
        here = list(open_statement(file, None, MAPPING)[1])
    with path.open("rb") as file:
        name, parts = read_isolated(file, None, MAPPING)
        assert (name, list(parts)) == ("table", here)
    assert len(here) == 2003


def test_a_line_that_says_more_than_any_bank_would_is_a_refused_row(tmp_path: Path) -> None:
    path = table(tmp_path, f"08/05/2024,1,{'x' * (MAX_PART_CHARACTERS + 1)}", "08/05/2024,2,y")
    with path.open("rb") as file:
        _, first, second, _ = read_isolated(file, None, MAPPING)[1]
    assert isinstance(first, RefusedRow)
    assert isinstance(second, StatementLine)


def test_a_head_that_says_more_than_any_bank_would_refuses_the_file() -> None:
    with pytest.raises(UnreadableStatementError, match="characters"):
        _row(StatementHead("x" * (MAX_PART_CHARACTERS + 1), "S1", "VND"))


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [(b"day,amount,text\n", None, "name a mapping"), (b"<a/>", "mt999", "no statement format"), (b"", None, "none of")],
)
def test_what_cannot_be_guessed_is_refused_at_once(tmp_path: Path, data: bytes, name: str, message: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as file, pytest.raises(InvalidInputError, match=message):
        read_isolated(file, name)


def test_a_reader_that_comes_to_a_limit_refuses_the_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paygate.statement_files.STALL_SECONDS", 1.0)
    monkeypatch.setattr("paygate.statement_files.produce_rows", wait_for_ever)
    with table(tmp_path).open("rb") as file, pytest.raises(UnreadableStatementError, match="did not get on"):
        list(read_isolated(file, None, MAPPING)[1])
