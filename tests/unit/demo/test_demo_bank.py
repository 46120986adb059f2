"""The banks' files: balances that hold, in the formats banks send."""

import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from lxml import etree

from paygate.demo.bank import CAMT, COLUMNS, OPENING, AccountDay, camt_file, csv_file, statements_of, write_files
from paygate.demo.scene import GATEWAY_ACCOUNT, PORTAL_ACCOUNT, Booking
from paygate.demo.stories import DAYS, plant

LAST = date(2024, 5, 10)


@pytest.fixture(scope="module")
def bookings() -> list[Booking]:
    return [line for case in plant(2024, 0.05).cases for line in case.facts.bookings]


@pytest.fixture(scope="module")
def statements(bookings: list[Booking]) -> list[AccountDay]:
    return statements_of(bookings, DAYS[0], LAST)


def test_every_booking_stands_in_one_statement(bookings: list[Booking], statements: list[AccountDay]) -> None:
    stated = [line for statement in statements for line in statement.bookings]
    assert sorted(map(repr, stated)) == sorted(map(repr, bookings))


def test_each_statement_opens_where_the_last_one_closed(statements: list[AccountDay]) -> None:
    for account, opening in OPENING.items():
        of_account = [statement for statement in statements if statement.account == account]
        assert [statement.day for statement in of_account] == [*DAYS, LAST]
        assert [statement.opening for statement in of_account] == [
            opening,
            *(statement.closing for statement in of_account[:-1]),
        ]


def test_opening_and_all_lines_make_the_last_closing(bookings: list[Booking], statements: list[AccountDay]) -> None:
    last = {statement.account: statement.closing for statement in statements}
    for account, opening in OPENING.items():
        assert last[account] == opening + sum(line.amount for line in bookings if line.account == account)


def test_the_camt_file_states_the_same_balances_and_lines(statements: list[AccountDay]) -> None:
    statement = next(one for one in statements if one.account == PORTAL_ACCOUNT)
    root = etree.fromstring(camt_file(statement))
    amounts = [int(found.text or "") for found in root.iterfind(f".//{{{CAMT}}}Ntry/{{{CAMT}}}Amt")]
    opening, closing = (int(found.text or "") for found in root.iterfind(f".//{{{CAMT}}}Bal/{{{CAMT}}}Amt"))
    assert (opening, closing) == (statement.opening, statement.closing)
    assert opening + sum(amounts) == closing


def test_the_camt_file_is_valid_by_its_schema(statements: list[AccountDay], shared: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared / "corpora/camt-xsd/camt.053.001.02.xsd"))
    for statement in statements:
        schema.assertValid(etree.fromstring(camt_file(statement)))


def test_the_csv_ends_on_the_closing_balance(statements: list[AccountDay]) -> None:
    statement = next(one for one in statements if one.account == GATEWAY_ACCOUNT)
    rows = list(csv.DictReader(StringIO(csv_file(statement).decode("utf-8-sig"))))
    assert rows[-1][COLUMNS["balance"]].replace(".", "") == str(statement.closing)


def test_files_are_named_by_account_and_day(statements: list[AccountDay], tmp_path: Path) -> None:
    names = {path.name for _, path in write_files(statements, tmp_path)}
    assert f"{PORTAL_ACCOUNT}-20240508.xml" in names
    assert f"{GATEWAY_ACCOUNT}-20240508.csv" in names
