"""Tables that accounting programs test themselves with: read by a fitting mapping, or refused with a named reason."""

import json
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.statements.registry import open_statement
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import StatementLine
from paygate.domain.statement_import import StatementImport, preview
from tests.sheets import CONTAINERS

FOLDER: Final = "corpora/sheets/oca-bank-statement-import"

LABELLED: Final = {"booked_on": "Date", "narrative": "Label", "amount": "Amount", "counterparty": "Partner Name"}
IN_EURO: Final = {"columns": LABELLED, "date_format": "%m/%d/%Y", "thousands": ",", "currency": "EUR"}
WITH_CURRENCY: Final = {**IN_EURO, "columns": {**LABELLED, "currency": "Currency"}}
PAYPAL: Final = {"booked_on": "Date", "amount": "Gross", "balance": "Balance", "bank_reference": "Transaction ID"}
PAYPAL_SPANISH: Final = {"booked_on": "Fecha", "amount": "Neto", "balance": "Saldo", "narrative": "Descripcion"}
ADYEN: Final = {
    "booked_on": "Creation Date",
    "credit": "Net Credit (NC)",
    "debit": "Net Debit (NC)",
    "bank_reference": "Psp Reference",
    "reference": "Merchant Reference",
    "narrative": "Type",
    "currency": "Net Currency",
}
SETTLED: Final = {"columns": ADYEN, "date_format": "%Y-%m-%d %H:%M:%S", "currency": "USD"}
OPERATIONS: Final = {
    "columns": {
        "booked_on": "Date",
        "bank_reference": "Operation Number",
        "narrative": "Label",
        "debit": "Debit",
        "credit": "Credit",
    },
    "date_format": "%d/%m/%y",
    "decimal": ",",
    "currency": "EUR",
    "debits_negative": True,
    "opening_containing": ["Balance at start"],
    "closing_containing": ["Balance at end"],
}
COLOMBIAN: Final = {
    "columns": {"booked_on": "DATE", "debit": "DEBIT", "credit": "CREDIT", "balance": "BALANCE", "reference": "REF"},
    "thousands": ".",
    "decimal": ",",
    "currency": "USD",
    "skip_containing": ["TOTAL"],
}

READ: Final[Mapping[str, tuple[Mapping[str, Any], int, int]]] = {
    "11.0--activity_en.csv": (
        {"columns": {**PAYPAL, "currency": "Currency"}, "thousands": ",", "currency": "USD"},
        45,
        31,
    ),
    "11.0--empty_activity.csv": ({"columns": PAYPAL, "currency": "USD"}, 0, 0),
    "11.0--statement_en.csv": (
        {"columns": PAYPAL, "date_format": "%m/%d/%Y", "thousands": ",", "currency": "EUR"},
        19,
        0,
    ),
    "11.0--statement_es.csv": ({"columns": PAYPAL_SPANISH, "thousands": ".", "decimal": ",", "currency": "EUR"}, 4, 0),
    "12.0--balance.csv": ({**IN_EURO, "columns": {**LABELLED, "balance": "Balance"}}, 2, 0),
    "12.0--debit_credit.csv": ({**IN_EURO, "columns": {**LABELLED, "sign": "D/C"}}, 1, 1),
    "12.0--empty_statement_en.csv": (WITH_CURRENCY, 0, 0),
    "12.0--empty_statement_en.xlsx": (WITH_CURRENCY, 0, 0),
    "12.0--multi_currency.csv": (WITH_CURRENCY, 1, 1),
    "12.0--original_currency.csv": (WITH_CURRENCY, 1, 0),
    "12.0--original_currency_empty.csv": (WITH_CURRENCY, 1, 0),
    "12.0--sample_statement_en.csv": (WITH_CURRENCY, 1, 1),
    "12.0--sample_statement_en.xlsx": (WITH_CURRENCY, 1, 1),
    "13.0--adyen_test.xlsx": (SETTLED, 21, 0),
    "13.0--adyen_test_credit_fees.xlsx": (SETTLED, 40, 0),
    "13.0--settlement_detail_report_batch_238.csv": (SETTLED, 3, 0),
    "13.0--settlement_detail_report_batch_380.csv": (SETTLED, 228, 0),
    "14.0--debit_credit_amount.csv": (
        {**IN_EURO, "columns": {"booked_on": "Date", "debit": "Debit", "credit": "Credit", "balance": "Balance"}},
        2,
        2,
    ),
    "14.0--empty_lines_statement.csv": (WITH_CURRENCY, 3, 0),
    "14.0--sample_statement_en.csv": (WITH_CURRENCY, 1, 1),
    "14.0--sample_statement_en.xlsx": (WITH_CURRENCY, 1, 1),
    "14.0--sample_statement_offsets.xlsx": (WITH_CURRENCY, 1, 1),
    "16.0--meta_data_separated_credit_debit.csv": (OPERATIONS, 4, 0),
    "16.0--meta_data_separated_credit_debit.xlsx": (OPERATIONS, 4, 0),
    "16.0--sample_statement_credit_card_inverse_sign_en.csv": (WITH_CURRENCY, 1, 1),
    "16.0--sample_statement_en_empty_values.xlsx": (COLOMBIAN, 1, 2),
}
"""The mapping that fits, how many lines there are, and how many rows are refused."""

HEADLESS: Final = ("13.0--original_currency_no_header.csv", "13.0--adyen_test_invalid.xls")
FOREIGN: Final = {
    **{
        f"{version}--test_ofx{kind}.ofx": "an OFX file"
        for version in ("10.0", "14.0")
        for kind in ("", "_iban", "_wrong")
    },
    **{f"10.0--test_qif{kind}.qif": "a QIF file" for kind in ("", "_dmy", "_ymd")},
}


def look(path: Path, mapping: TableMapping | None) -> StatementImport:
    with path.open("rb") as file:
        name, parts = open_statement(file, None, mapping)
        return preview(parts, format=name)


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_by_the_mapping_that_fits_it(shared: Path, name: str) -> None:
    options, lines, refused = READ[name]
    found = look(shared / FOLDER / name, TableMapping(**options))
    assert (found.lines, len(found.refused)) == (lines, refused), found.refused


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("mapping", [None, TableMapping(**WITH_CURRENCY)], ids=["no mapping", "a mapping"])
def test_what_is_no_table_is_refused_by_its_name(shared: Path, name: str, mapping: TableMapping | None) -> None:
    with pytest.raises(UnreadableStatementError, match=FOREIGN[name]):
        look(shared / FOLDER / name, mapping)


@pytest.mark.parametrize("name", HEADLESS)
def test_a_table_without_the_header_is_refused_with_what_it_lacks(shared: Path, name: str) -> None:
    with pytest.raises(UnreadableStatementError, match="it has no column headed"):
        look(shared / FOLDER / name, TableMapping(**SETTLED))


def test_no_file_is_forgotten(shared: Path) -> None:
    files = {file.name for file in (shared / FOLDER).iterdir() if file.suffix}
    assert files == READ.keys() | FOREIGN.keys() | set(HEADLESS)


def test_a_mapping_that_does_not_fit_is_refused_and_nothing_else(shared: Path) -> None:
    reasons = []
    for file in (shared / FOLDER).iterdir():
        for options, _, _ in READ.values():
            try:
                look(file, TableMapping(**options))
            except InvalidInputError as error:
                reasons.append(str(error))
    assert len(reasons) > 500
    assert not [reason for reason in reasons if not reason.startswith("it ")]


@pytest.fixture
def naughty(shared: Path) -> list[str]:
    folder = shared / "corpora/nasty"
    payloads = json.loads((folder / "csv-injection/payloads.json").read_text(encoding="utf-8"))
    firsts = json.loads((folder / "csv-injection/trigger_first_chars.json").read_text(encoding="utf-8"))
    strings = json.loads((folder / "blns/blns.json").read_text(encoding="utf-8"))
    texts = [*payloads, *(f"a{first}b" for first in firsts), *strings]
    # A NUL is refused; what is no character, or a mark alone, is not kept by the formats themselves.
    return [text for text in texts if not set(text) & {"\0", "\ufffe", "\ufeff"}]


@pytest.mark.parametrize("container", CONTAINERS)
def test_naughty_strings_survive_as_narratives(naughty: list[str], container: str) -> None:
    day = date(2024, 5, 8)
    rows = [["Day", "Amount", "Narrative"], *[[day, 1, text] for text in naughty]]
    mapping = TableMapping({"booked_on": "Day", "amount": "Amount", "narrative": "Narrative"})
    parts = list(read_table(BytesIO(CONTAINERS[container](rows)), mapping))
    found = {part.row: part.narrative for part in parts if isinstance(part, StatementLine)}
    assert list(found.values()) == [text.strip() for text in naughty]
    assert len(naughty) > 500
