"""Adds the reports of days up to one of a month or a quarter, in the same shape, and narrows one to some agencies."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from paygate.domain.lifecycle import Outcome
from reconciliation.model import FATES
from reconciliation.rendering import PARTS, part_of
from reconciliation.sealing import OF_THE_DAY

Json = dict[str, Any]
Sums = dict[str, dict[str, int]]

PERSISTING: Final = "persisting"


def sum_days(reports: Sequence[Json], bridge: Sequence[tuple[Json, Json]], *, whole: bool) -> Json:
    """Return what days come to together, from their reports in the order of the days.

    `bridge` is what each run, first to last, said of its proof and of the discrepancies since the one before.
    `whole` is False where days are missing: then it is incomplete, as it is where a day is.
    """
    return {
        "status": _status([one["status"] for one in reports], whole=whole),
        **{name: _sum_all(one[name] for one in reports) for name in ("totals", "classes", "reasons")},
        **{f"by_{part}": _sum_parts(part, [one[f"by_{part}"] for one in reports]) for part in PARTS},
        "other_currencies": _sum_currencies([one["other_currencies"] for one in reports]),
        "success": _success([one["success"] for one in reports]),
        "feeds": _feeds(reports),
        "proof": _prove([one["proof"] for one in reports], [proof for proof, _ in bridge]),
        "discrepancies": _fates([fates for _, fates in bridge]),
        "facts": {"cases": sum(one["facts"]["cases"] for one in reports)},
        "digest": digest_of_runs(one["digest"] for one in reports),
    }


def digest_of_runs(digests: Iterable[str]) -> str:
    """Return the SHA-256 over the digests of runs, one a line, in the order of their days."""
    return hashlib.sha256("".join(f"{one}\n" for one in digests).encode()).hexdigest()


def of_agencies(report: Json, agencies: Sequence[str]) -> Json:
    """Return what of a report some agencies may know: their own cases, and no sum that others are part of."""
    own = [one for one in report["by_agency"] if one["agency_code"] in agencies]
    return {
        "status": report["status"],
        "by_agency": own,
        **{name: _sum_all(one[name] for one in own) for name in ("classes", "reasons")},
        "other_currencies": {},
    }


def _status(days: Sequence[str], *, whole: bool) -> str:
    if not whole or "incomplete" in days:
        return "incomplete"
    return "discrepant" if "discrepant" in days else "matched"


def _sum_all(sections: Iterable[Mapping[str, Mapping[str, int]]]) -> Sums:
    sums: dict[str, Counter[str]] = {}
    for section in sections:
        for name, said in section.items():
            one = sums.setdefault(name, Counter())
            for key, value in said.items():
                one[key] += value
    return {name: dict(one) for name, one in sums.items()}


def _sum_currencies(days: Sequence[Mapping[str, Mapping[str, Sums]]]) -> Json:
    return {
        code: {
            name: _sum_all(day[code][name] for day in days if code in day) for name in ("totals", "classes", "reasons")
        }
        for code in sorted({code for day in days for code in day})
    }


def _sum_parts(part: str, days: Iterable[Sequence[Json]]) -> list[Json]:
    """Add up agencies, sources or procedures by code; the latest day says their names."""
    found: dict[str | None, list[Json]] = {}
    for day in days:
        for one in day:
            found.setdefault(part_of(one, part)[0], []).append(one)
    return [
        {**found[code][-1], **{name: _sum_all(one[name] for one in found[code]) for name in ("classes", "reasons")}}
        for code in sorted(found, key=lambda code: (code is None, code))
    ]


def _success(days: Sequence[Mapping[str, Any]]) -> Json:
    sums = {name: sum(one[name] for one in days) for name in ("attempts", *map(str, Outcome))}
    ratio = round(sums[Outcome.PAID] / sums["attempts"], 4) if sums["attempts"] else None
    return {**sums, "ratio": ratio}


def _feeds(reports: Sequence[Json]) -> list[Json]:
    """Return each feed once, with what was wrong with it on which day."""
    found: dict[tuple[str, str], list[Json]] = {}
    for report in reports:
        for feed in report["feeds"]:
            kind = "account" if "account" in feed else "source"
            faults = [{**fault, "date": report["date"]} for fault in feed["faults"]]
            found.setdefault((kind, feed[kind]), []).extend(faults)
    return [{kind: code, "complete": not faults, "faults": faults} for (kind, code), faults in sorted(found.items())]


def _prove(days: Sequence[Mapping[str, Any]], bridge: Sequence[Mapping[str, Any]]) -> Json:
    items: Counter[str] = Counter()
    for one in days:
        items.update(one["items"])
    return {
        "opening": bridge[0]["opening"],
        "opened": sum(one["opened"] for one in bridge),
        "closed": sum(one["closed"] for one in bridge),
        "closing": bridge[-1]["closing"],
        **{name: sum(one[name] for one in days) for name in OF_THE_DAY if name != "items"},
        "items": dict(sorted(items.items())),
    }


def _fates(bridge: Sequence[Mapping[str, Any]]) -> Json:
    """Add up what became of discrepancies; those that persist are the ones the last run found still there."""
    sums: Json = {fate: {key: sum(one[fate][key] for one in bridge) for key in ("count", "amount")} for fate in FATES}
    sums[PERSISTING] = bridge[-1][PERSISTING]
    return sums
