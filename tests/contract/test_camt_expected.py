"""What we read of real camt files beside what others read of them: their parses lie next to the files as JSON."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.statements.camt import read_camt
from adapters.statements.camt_entry import NO_REFERENCE
from paygate.domain.statement import RefusedRow, StatementLine, StatementPart, Warned

EXCEPTIONS = {
    "camt052.v4": "pending: theirs is an entry, ours a warning",
    "camt052.v6": "pending: theirs is an entry, ours a warning",
    "camt052.v6.Amt-zero": "pending: theirs is an entry, ours a warning",
    "camt052.v2.with-account-name": "no date at all: ours is a refused row",
    "camt054.v2.with-account-name": "no date at all: ours is a refused row",
    "camt054.v8-with-UETR": "no date at all: ours is a refused row",
    "camt054.v8-with-financial-institution": "no date at all: ours is a refused row",
    "camt054.v2": "a batch without amounts: ours is the entry as one line, without the references of the three",
    "camt054.v4": "a batch in another currency than its entry: ours is the entry as one line",
    "camt054.v8": "a batch in another currency than its entry: ours is the entry as one line",
}
"""Files whose parse is another on purpose, and why."""

Facts = tuple[int, str, str, bool, str, str]


def expected_of(entry: dict[str, Any]) -> Facts:
    """Amount, currency, day, reversal, the bank's reference and the best reference of an entry's first transaction."""
    amount = entry["getAmount"]
    booked = entry["getBookingDate"]
    return (
        int(amount["getAmount"]),
        amount["getCurrency"]["getCode"],
        datetime.fromisoformat(booked["0"]).date().isoformat() if booked else "",
        entry["getReversalIndicator"],
        entry["getAccountServicerReference"] or entry["getReference"] or "",
        _reference(entry["getTransactionDetail"]),
    )


def _reference(transaction: Any) -> str:
    """Theirs are apart; which one stands for the payment is our choice: end-to-end first, then the creditor's."""
    found = [*values_of(transaction, "getEndToEndId"), *values_of(transaction, "getRef")]
    return next((one for one in found if (one or "").upper() not in NO_REFERENCE), "")


def values_of(parse: Any, name: str) -> Iterator[Any]:
    """Yield what stands under a name anywhere: they print an object once, wherever they come to it first."""
    if isinstance(parse, dict):
        yield from [parse[name]] if name in parse else []
    for below in parse.values() if isinstance(parse, dict) else parse if isinstance(parse, list) else ():
        yield from values_of(below, name)


def entries_of(parse: Any) -> list[dict[str, Any]]:
    listed = [one for found in values_of(parse, "getEntries") if isinstance(found, list) for one in found]
    return [one for one in listed if isinstance(one, dict)]


def found_in(file: Path) -> list[StatementPart]:
    with file.open("rb") as opened:
        return list(read_camt(opened))


def facts_of(line: StatementLine) -> Facts:
    return (
        line.amount,
        line.currency,
        line.booked_on.isoformat(),
        line.reversal,
        line.bank_reference,
        line.reference,
    )


def test_expected_parses_agree_in_amount_sign_day_and_reference(shared: Path) -> None:
    files = sorted((shared / "corpora/camt/genkgo-camt/test/data").glob("*.json"))
    agreed: Counter[str] = Counter()
    for file in files:
        entries = entries_of(json.loads(file.read_text(encoding="utf-8")))
        lines = [facts_of(part) for part in found_in(file.with_suffix(".xml")) if isinstance(part, StatementLine)]
        agrees = all(expected_of(entry) in lines for entry in entries)
        agreed["files"] += agrees
        agreed["entries"] += agrees * len(entries)
        agreed["all entries"] += len(entries)
        assert agrees is (file.stem not in EXCEPTIONS), file.stem
    assert (agreed["files"], len(EXCEPTIONS), len(files)) == (15, 10, 25)
    assert (agreed["entries"], agreed["all entries"]) == (14, 24)


def test_where_a_parse_differs_on_purpose_ours_says_so(shared: Path) -> None:
    for stem, reason in EXCEPTIONS.items():
        parts = found_in(shared / f"corpora/camt/genkgo-camt/test/data/{stem}.xml")
        said = [part.text for part in parts if isinstance(part, Warned)]
        said += [part.reason for part in parts if isinstance(part, RefusedRow)]
        sign = "PDNG" if reason.startswith("pending") else "no BookgDt" if "no date" in reason else "one line"
        assert any(sign in text for text in said), stem
