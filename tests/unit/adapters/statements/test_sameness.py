"""A column that says the same in every row names no single payment, and the mapping that chose it is refused."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pytest

from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from adapters.statements.table.sameness import ENOUGH_LINES
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import StatementLine, StatementPart
from tests.leg_files import RECEIPT, SETTLEMENT, TREASURY, handed, settled
from tests.sheets import CONTAINERS, as_csv
from tests.statement_files import MAPPING, Booked, table

each_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)


def read(data: bytes, settings: Mapping[str, Any] = SETTLEMENT) -> list[StatementPart]:
    return list(read_table(BytesIO(data), TableMapping(**settings)))


def lines(parts: Sequence[StatementPart]) -> list[StatementLine]:
    return [part for part in parts if isinstance(part, StatementLine)]


@each_container
@pytest.mark.parametrize(
    ("rows", "settings", "says"),
    [
        (
            lambda n: settled(*[{"reference": "M1", "gross": n} for n in range(n)]),
            SETTLEMENT,
            "reference 'M1': column A",
        ),
        (
            lambda n: handed(*[{"dossier_code": "H"} for _ in range(n)]),
            TREASURY,
            "dossier_code 'H': column B 'Mã hồ sơ'",
        ),
        (
            lambda n: handed(*[{"reference": "TC", "dossier_code": f"H{n}"} for n in range(n)]),
            RECEIPT,
            "reference 'TC': column A 'Mã tham chiếu'",
        ),
    ],
)
def test_a_mapping_that_makes_all_lines_name_the_same_is_refused_with_the_column(
    container: Any, rows: Any, settings: Mapping[str, Any], says: str
) -> None:
    with pytest.raises(UnreadableStatementError, match=f"all {ENOUGH_LINES} lines have the {says}"):
        read(container(rows(ENOUGH_LINES)), settings)
    assert len(lines(read(container(rows(ENOUGH_LINES - 1)), settings))) == ENOUGH_LINES - 1


@each_container
def test_one_line_that_names_another_is_enough_and_blank_names_are_no_names(container: Any) -> None:
    same = [{"reference": "M1"}] * ENOUGH_LINES
    assert len(lines(read(container(settled(*same, {"reference": "M2"}))))) == ENOUGH_LINES + 1
    many = [{"dossier_code": f"H{number}"} for number in range(ENOUGH_LINES)]
    assert len(lines(read(container(handed(*many)), TREASURY))) == ENOUGH_LINES


def test_refused_rows_do_not_hide_that_all_lines_name_the_same() -> None:
    rows = settled(*[{"reference": "M1"}] * ENOUGH_LINES, {"reference": "M2", "gross": "x"})
    with pytest.raises(UnreadableStatementError, match="all 20 lines"):
        read(as_csv(rows))


@pytest.mark.parametrize("reference", ["M1", ""])
def test_the_reference_of_a_banks_movements_is_held_to_the_same_and_none_is_none(reference: str) -> None:
    data = table([Booked(reference, number) for number in range(1, ENOUGH_LINES + 1)])
    if not reference:
        assert len(lines(read(data, MAPPING))) == ENOUGH_LINES
        return
    with pytest.raises(UnreadableStatementError, match="lines have the reference 'M1': column B 'Số tham chiếu'"):
        read(data, MAPPING)
