"""The form in which people say how a table is read: what they typed, as a mapping, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from paygate.domain.table_columns import COLUMNS
from paygate.web.desk.forms import LONGEST_FIELD, Form
from paygate.web.desk.navigation import say
from paygate.web.desk.visit import DeskVisit

COLUMN: Final = "col-"
"""Before the name of our field, in the name of the form's."""
MOST_HEADER_ROWS: Final = 50
LONGEST_HEADING: Final = 300
"""Characters."""

LEGS: Final[Mapping[str, str]] = {
    "bank": say("what a bank booked"),
    "settlement": say("what a gateway settled"),
    "treasury": say("what was handed over to the treasury"),
    "receipt": say("receipts that were issued"),
}
FIELDS: Final[Mapping[str, str]] = {
    "booked_on": say("Booked on"),
    "value_on": say("Valued on"),
    "bank_reference": say("The bank's own number"),
    "reference": say("Reference"),
    "narrative": say("Narrative"),
    "credit": say("Amount in"),
    "debit": say("Amount out"),
    "amount": say("Amount, in or out by its sign"),
    "sign": say("Word for in or out"),
    "balance": say("Balance after it"),
    "counterparty": say("Counterparty"),
    "currency": say("Currency"),
    "paid_at": say("Paid on"),
    "gross": say("Gross amount"),
    "fee": say("Fee"),
    "net": say("Net amount"),
    "batch": say("Batch"),
    "settled_on": say("Settled on"),
    "dossier_code": say("Dossier code"),
    "document": say("Number of the document"),
    "status": say("Status of the row"),
}
"""Our fields, as the form calls them."""
DELIMITERS: Final = ((",", say("comma")), (";", say("semicolon")), ("\t", say("tab")), ("|", say("bar")))
ENCODINGS: Final = (
    ("utf-8-sig", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1258", "Windows-1258"),
    ("cp1252", "Windows-1252"),
)
DATE_FORMATS: Final = (
    ("%d/%m/%Y", "dd/MM/yyyy"),
    ("%d-%m-%Y", "dd-MM-yyyy"),
    ("%d.%m.%Y", "dd.MM.yyyy"),
    ("%d/%m/%y", "dd/MM/yy"),
    ("%Y-%m-%d", "yyyy-MM-dd"),
    ("%Y/%m/%d", "yyyy/MM/dd"),
    ("%Y%m%d", "yyyyMMdd"),
    ("%d%m%Y", "ddMMyyyy"),
    ("%m/%d/%Y", "MM/dd/yyyy"),
    ("%d-%b-%Y", "dd-Mon-yyyy"),
    ("excel", say("the number of a spreadsheet")),
    ("excel-1904", say("the number of a spreadsheet, from 1904")),
)
THOUSANDS: Final = (("", say("no mark")), (".", "1.234.567"), (",", "1,234,567"), (" ", "1 234 567"))
DECIMALS: Final = (("", say("as usual")), (",", "0,50"), (".", "0.50"))
LISTS: Final = ("skip_containing", "opening_containing", "closing_containing")
PLAIN: Final = ("leg", "delimiter", "encoding", "date_format", "thousands", "decimal", "currency")
OTHERS: Final = ("name", "note", "account", "source", "sheet", "header_row", "header_rows", "debits_negative")
STARTS: Final[Mapping[str, str]] = {
    "leg": "bank",
    "delimiter": ",",
    "encoding": "utf-8-sig",
    "date_format": "%d/%m/%Y",
    "currency": "VND",
    "header_rows": "1",
}
"""What stands in the form before anybody has typed."""


def typed(form: Form) -> dict[str, str]:
    """Return what was typed, by the fields of the form that say something of the mapping."""
    given = form.values()
    fields = {name: given.get(name, "")[:LONGEST_FIELD] for name in (*OTHERS, *PLAIN, *LISTS)}
    ours = [COLUMN + name for name in FIELDS if COLUMN + name in given]
    return {**fields, **{name: given[name][:LONGEST_HEADING] for name in ours}}


def typed_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Return a mapping as it would have been typed."""
    said = {name: str(content.get(name) or STARTS.get(name, "")) for name in (*PLAIN, "account", "source", "sheet")}
    said |= {name: "\n".join(content.get(name) or ()) for name in LISTS}
    said |= {"header_rows": str(content.get("header_rows", 1)), "header_row": ""}
    said |= {"debits_negative": "on" if content.get("debits_negative") else ""}
    return said | {COLUMN + name: heading for name, heading in content.get("columns", {}).items()}


def content_of(said: Mapping[str, str]) -> dict[str, Any]:
    """Return the mapping that was typed, as one of the configuration has it."""
    leg = said["leg"] if said["leg"] in COLUMNS else STARTS["leg"]
    columns = {name: said[COLUMN + name] for name in COLUMNS[leg] if said.get(COLUMN + name, "").strip()}
    plain = {name: said[name] for name in PLAIN if name != "leg" and said[name]}
    sheet = said["sheet"].strip()
    return {
        **plain,
        "leg": leg,
        "columns": columns,
        "header_rows": number_of(said["header_rows"]) or 1,
        "debits_negative": bool(said["debits_negative"]),
        "sheet": int(sheet) if sheet.isascii() and sheet.isdecimal() and len(sheet) < len("10000") else sheet or None,
        "account": said["account"] or None,
        "source": said["source"] or None,
        **{name: [line.strip() for line in said[name].splitlines() if line.strip()] for name in LISTS},
    }


def number_of(text: str) -> int:
    """Return the number of a row, or of rows; 0 where none was typed."""
    given = text.strip()
    known = given.isascii() and given.isdecimal() and len(given) < len("10000")
    return min(int(given), MOST_HEADER_ROWS) if known else 0


def faults_of(visit: DeskVisit, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the fields of the form that cannot be so, each with why."""
    columns: Mapping[str, str] = content["columns"]
    several = {heading for heading, count in Counter(columns.values()).items() if count > 1}
    for name, heading in columns.items():
        if heading in several:
            first = next(other for other, one in columns.items() if one == heading)
            if name != first:
                yield COLUMN + name, visit.say('The column "%(heading)s" feeds another field already.', heading=heading)
    if content["leg"] == "bank":
        yield from _movement_faults(visit, columns)


def _movement_faults(visit: DeskVisit, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    sides = {"credit", "debit"} & set(columns)
    if "amount" in columns and sides:
        yield COLUMN + "amount", visit.say("Choose either one amount, or an amount in and an amount out.")
    if "amount" not in columns and not sides:
        yield COLUMN + "credit", visit.say("Choose where the amount in and the amount out stand, or the one amount.")
    if "sign" in columns and "amount" not in columns:
        yield COLUMN + "sign", visit.say("A word for in or out belongs to one amount.")
    if "booked_on" not in columns:
        yield COLUMN + "booked_on", visit.say("Choose where the day of booking stands.")


def said_in_language(visit: DeskVisit, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return choices in the visitor's language; what is no message stays as it is."""
    return [(key, visit.say(word)) for key, word in pairs]
