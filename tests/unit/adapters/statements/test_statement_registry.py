"""Which reader a statement file is given to."""

from io import BytesIO

import pytest

from adapters.statements.registry import FORMATS, open_statement
from adapters.statements.table.mapping import TableMapping
from paygate.domain.errors import InvalidInputError

XML = b'<?xml version="1.0"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>'
MAPPING = TableMapping({"booked_on": "day", "amount": "amount"})


@pytest.mark.parametrize("data", [XML, b"\xef\xbb\xbf" + XML, b"\n" + XML, XML.decode().encode("utf-16")])
@pytest.mark.parametrize("mapping", [None, MAPPING])
def test_xml_is_taken_for_camt_even_where_a_mapping_is_at_hand(data: bytes, mapping: TableMapping | None) -> None:
    assert open_statement(BytesIO(data), None, mapping)[0] == "camt"


def test_anything_else_is_a_table_where_a_mapping_says_how() -> None:
    name, parts = open_statement(BytesIO(b"day,amount\n08/05/2024,5\n"), None, MAPPING)
    assert (name, len(list(parts))) == ("table", 3)


def test_a_file_is_read_from_where_it_stands() -> None:
    file = BytesIO(b"junk\nday,amount\n08/05/2024,5\n")
    file.seek(5)
    assert len(list(open_statement(file, None, MAPPING)[1])) == 3


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"day,amount\n", None, "name a mapping"),
        (b"", None, "name a mapping"),
        (XML, "table", "needs a mapping"),
        (XML, "mt999", f"no statement format 'mt999'; there is {', '.join(FORMATS)}"),
        (b"PK\x03\x04", None, "a table needs a mapping"),
    ],
)
def test_a_format_that_is_unknown_or_cannot_be_guessed_is_refused(data: bytes, name: str | None, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        open_statement(BytesIO(data), name, None)


def test_a_file_closed_before_it_was_read_to_its_end_leaves_nothing_behind() -> None:
    file = BytesIO(b"day,amount\n08/05/2024,5\n09/05/2024,5\n")
    _, parts = open_statement(file, None, MAPPING)
    next(parts)
    file.close()
    del parts
