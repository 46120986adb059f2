"""Holds a stored run against its seal, its sums against the stored facts, and their judgement against the oracle's."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import ConflictError, NotFoundError
from reconciliation.engine import SESSION, latest_close
from reconciliation.loading import load_back, load_discrepancies, load_matches, reach_of_the_day
from reconciliation.oracle import judge
from reconciliation.oracle.facts import BackFact, DiscrepancyFact, Judgement, MatchFact, World
from reconciliation.policy import Policy
from reconciliation.rule_sets import find_rules
from reconciliation.sealing import PARTS, digest, read_report
from reconciliation.tally import Tally

QUERIES: Final = load_queries("reconciliation.sql", "verifying.sql")

SECTIONS: Final = ("totals", "classes", "reasons", *PARTS, "other_currencies", "success")
"""What a report says of its day that the stored facts say again; its feeds are as they were when it was closed."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of holding a run against what is stored. `difference`: the first there is, None where all agrees.

    Of a run that another has superseded only the seal can be verified: what is stored is the other's.
    """

    run_id: int
    tenant: str
    day: date
    cases: int
    digest: str
    superseded_by: int | None
    difference: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run_id,
            "tenant": self.tenant,
            "date": self.day.isoformat(),
            "agrees": self.difference is None,
            "cases": self.cases,
            "digest": self.digest,
            "superseded_by": self.superseded_by,
            "difference": self.difference,
        }


async def verify_run(database: Database, run_id: int, policy: Policy) -> Verified:
    """Verify a run on one snapshot of the database; nothing is changed.

    Raises:
        NotFoundError: there is no such run.
        ConflictError: it differs, but facts wait to be judged which may be why.
    """
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute(SESSION)
        run = await connection.fetchrow(QUERIES["find_run"], run_id)
        if run is None:
            raise NotFoundError(f"there is no run {run_id}")
        difference = next(_differences_of_seal(run, json.loads(run["report"])), None)
        report = read_report(run["report"])
        if difference is None:
            difference = next(_differences_of_list(report, await _listed(connection, run)), None)
        if difference is None and run["superseded_by"] is None:
            difference = await _hold_against_facts(connection, run, report, policy)
            waits = (run["tenant_id"], run["business_date"])
            if difference is not None and await connection.fetchval(QUERIES["does_anything_wait"], *waits):
                raise ConflictError(f"facts have come since run {run_id} that no close has judged; reconcile first")
    return Verified(
        run_id,
        run["tenant"],
        run["business_date"],
        report.get("facts", {}).get("cases", 0),
        run["digest"],
        run["superseded_by"],
        difference,
    )


def _differences_of_seal(run: asyncpg.Record, report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of the stored run does not fit the rest of it."""
    for name, column in (("date", "business_date"), ("run", "run_id"), ("tenant", "tenant"), ("digest", "digest")):
        if str(report.get(name)) != str(run[column]):
            yield f"the report says {name} {report.get(name)}, its run {run[column]}"
    for name in ("sequence", "corrects", "rule_set", "status"):
        if report.get(name) != run[name]:
            yield f"the report says {name} {report.get(name)}, its run {run[name]}"
    if not report.keys() >= {"proof", "facts", *PARTS} or digest(report) != run["digest"]:
        yield "the report is not the one that was sealed: its digest is another"
        return
    proof = report["proof"]
    if proof["opening"] != (run["closing_before"] or 0):
        yield f"it opens with {proof['opening']}, and the run before closed with {run['closing_before'] or 0}"
    if proof["opening"] + proof["opened"] - proof["closed"] != proof["closing"]:
        yield "its bridge does not hold: opening + opened - closed is not closing"
    if proof["left"] - proof["right"] - proof["explained"] != proof["residual"] or proof["residual"] != 0:
        yield f"its proof leaves {proof['left'] - proof['right'] - proof['explained']} unexplained"


async def _listed(connection: Connection, run: asyncpg.Record) -> Mapping[str, Mapping[str, Any]]:
    """Return what the cases that are kept with a run come to."""
    listed: dict[str, dict[str, Any]] = {"classes": {}, "reasons": {}}
    for row in await connection.fetch(QUERIES["sum_listed_cases"], run["tenant_id"], run["run_id"]):
        listed[row["section"]][row["name"]] = {"count": row["count"], "amount": row["amount"]}
    return listed


def _differences_of_list(report: Mapping[str, Any], listed: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield where the cases kept with a run are not those it counted; what matched is not kept."""
    for section, sums in listed.items():
        said = {name: one for name, one in report[section].items() if one["count"] and name != "matched"}
        yield from _first_unlike(f"listed {section}", said, sums)


async def _hold_against_facts(
    connection: Connection, run: asyncpg.Record, report: Mapping[str, Any], policy: Policy
) -> str | None:
    rules = await find_rules(connection, run["tenant_id"], run["rule_set"])
    tally = Tally(connection, run["tenant_id"], run["business_date"])
    await tally.lay_out_cases()
    world, subjects = await reach_of_the_day(connection, run["tenant_id"], run["business_date"], rules)
    as_of = await latest_close(connection, run["tenant_id"])
    counted = await tally.count()
    said = judge(world, rules, as_of=as_of, record_wait_days=policy.record_wait_days, add=policy.calendar.add)
    judgement = _of_subjects(said, subjects)
    stored = await _stored(connection, run["tenant_id"], subjects)
    return next(_differences(world, judgement, stored), None) or next(_differences_of_sums(report, counted), None)


def _of_subjects(said: Judgement, subjects: frozenset[str]) -> Judgement:
    """Keep what concerns the day's cases."""
    return Judgement(
        frozenset(match for match in said.matches if not _members(match).isdisjoint(subjects)),
        frozenset(found for found in said.discrepancies if found.subject in subjects),
        frozenset(one for one in said.back if not _ends(one).isdisjoint(subjects)),
    )


def _members(match: MatchFact) -> set[str]:
    return {f"payment:{number}" for number in match.payment_ids} | {f"line:{number}" for number in match.line_ids}


def _ends(back: BackFact) -> set[str]:
    return {f"payment:{back.payment_id}", f"line:{back.line_id}", f"line:{back.credit_line_id}"}


async def _stored(connection: Connection, tenant_id: int, subjects: frozenset[str]) -> Judgement:
    payments, lines = (
        sorted(int(subject.removeprefix(kind)) for subject in subjects if subject.startswith(kind))
        for kind in ("payment:", "line:")
    )
    return Judgement(
        await load_matches(connection, tenant_id, payments, lines),
        await load_discrepancies(connection, tenant_id, sorted(subjects)),
        await load_back(connection, tenant_id, payments, lines),
    )


def _differences(world: World, judgement: Judgement, stored: Judgement) -> Iterator[str]:
    for match in sorted(judgement.matches ^ stored.matches, key=_place_of_match):
        yield f"match {_tell_match(world, match)}: {_whose(made=match in judgement.matches)}"
    for back in sorted(judgement.back ^ stored.back, key=_place_of_back):
        to = f"payment {back.payment_id}" if back.payment_id else f"line {back.credit_line_id}"
        yield f"{back.amount} back by line {back.line_id} to {to}: {_whose(made=back in judgement.back)}"
    for found in sorted(judgement.discrepancies ^ stored.discrepancies, key=_place_of_discrepancy):
        yield f"{_tell_discrepancy(world, found)}: {_whose(made=found in judgement.discrepancies)}"


def _whose(*, made: bool) -> str:
    return "the facts make it, and it is not stored" if made else "it is stored, and the facts do not make it"


def _place_of_match(match: MatchFact) -> tuple[str, tuple[int, ...], tuple[int, ...], str, int]:
    return match.leg, match.payment_ids, match.line_ids, match.rule, match.difference


def _place_of_back(back: BackFact) -> tuple[int, int, int, int]:
    return back.line_id, back.payment_id or 0, back.credit_line_id or 0, back.amount


def _place_of_discrepancy(found: DiscrepancyFact) -> tuple[str, str, int, date]:
    return found.subject, found.reason, found.amount, found.since


def _tell_match(world: World, match: MatchFact) -> str:
    names = {f"payment:{one.payment_id}": one.reference or one.dossier_code or "" for one in world.payments}
    paid = ", ".join(names.get(f"payment:{number}", "") or str(number) for number in match.payment_ids)
    lines = ", ".join(map(str, match.line_ids))
    return f"({match.leg}, {match.rule}) of {paid or match.batch} with line {lines}, difference {match.difference}"


def _tell_discrepancy(world: World, found: DiscrepancyFact) -> str:
    names = {f"payment:{one.payment_id}": one.reference for one in world.payments}
    named = f" ({names[found.subject]})" if names.get(found.subject) else ""
    return f"{found.reason} of {found.amount} since {found.since} on {found.subject}{named}"


def _differences_of_sums(report: Mapping[str, Any], counted: Mapping[str, Any]) -> Iterator[str]:
    """Yield where what the stored facts come to now is not what the report says."""
    for section in SECTIONS:
        yield from _first_unlike(section, _unnamed(report[section]), _unnamed(counted[section]))
    yield from _first_unlike("proof items", report["proof"]["items"], counted["items"])
    yield from _first_unlike("facts", report["facts"], counted["facts"])


def _unnamed(section: Any) -> Any:
    """Leave out the names of agencies and procedures, which later records may change."""
    if isinstance(section, list):
        return {str(next(iter(one.values()))): {name: one[name] for name in ("classes", "reasons")} for one in section}
    return section


def _first_unlike(place: str, sealed: Any, now: Any) -> Iterator[str]:
    if isinstance(sealed, Mapping) and isinstance(now, Mapping):
        for name in sorted(sealed.keys() | now.keys()):
            yield from _first_unlike(f"{place} {name}", sealed.get(name), now.get(name))
    elif sealed != now:
        yield f"{place}: {sealed} was sealed, what is stored comes to {now}"
