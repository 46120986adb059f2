"""What happened in a case, in the order it happened: of facts, of matches, and of the discrepancy itself."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any, Final

Json = dict[str, Any]

LONGEST: Final = 120
"""Events that are shown; of more, the latest."""


def lay_timeline(case: Mapping[str, Any], now: datetime) -> list[Json]:
    """Return the events, the earliest first: each with `kind`, `on`, and `at` where the hour is known.

    Days are those of the clock that `now` was read from.
    """
    zone = now.tzinfo
    found = [*_of_payments(case), *_of_lines(case), *_of_matches(case), *_of_discrepancy(case)]
    if record := case["record"]:
        found.append({"kind": "record", "at": record["updated_at"], "record": record})
    for one in found:
        one.setdefault("at", None)
        one["on"] = one["at"].astimezone(zone).date() if one["at"] else one["on"]
    return sorted(found, key=lambda one: _moment(one, zone))[-LONGEST:]


def _moment(one: Mapping[str, Any], zone: tzinfo | None) -> tuple[date, datetime]:
    # What is only known by its day stands at the day's end, after what was heard in the course of it.
    return one["on"], one["at"] or datetime.combine(one["on"], time.max, zone)


def _of_payments(case: Mapping[str, Any]) -> Iterator[Json]:
    for one in case["payments"]:
        if one["requested_at"] is not None:
            yield {"kind": "requested", "at": one["requested_at"], "payment": one}
        yield {"kind": "paid", "at": one["occurred_at"], "payment": one}
    for notice in case["notices"]:
        yield {"kind": "notice", "at": notice["received_at"], "notice": notice}


def _of_lines(case: Mapping[str, Any]) -> Iterator[Json]:
    statements = {}
    for line in case["lines"]:
        yield {"kind": "booked", "on": line["booked_on"], "line": line}
        statements[line["statement_id"]] = line
    for line in statements.values():
        yield {"kind": "imported", "at": line["imported_at"], "line": line}
    for statement in case["statements"]:
        yield {"kind": "imported", "at": statement["imported_at"], "line": statement}


def _of_matches(case: Mapping[str, Any]) -> Iterator[Json]:
    for match in case["matches"]:
        yield {"kind": "matched", "at": match["matched_at"], "match": match}
    for match in case["history"]:
        yield {"kind": "undone", "at": match["undone_at"], "match": match}


def _of_discrepancy(case: Mapping[str, Any]) -> Iterator[Json]:
    for event in reversed(case["events"]):
        if event["change"] or event["person"]:
            yield {"kind": "event", "at": event["recorded_at"], "event": event}
