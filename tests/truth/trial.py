"""Lets the engine loose on a world: facts come day by day, every day is closed, and what is stored is measured."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from paygate.database import Connection, Database, open_database
from reconciliation.closing import close_day
from reconciliation.policy import Policy
from reconciliation.report import record_view
from tests.truth.days import ALL, CALENDAR, LAST
from tests.truth.facts import Batch, Record, Verdict, World
from tests.truth.laying import Ground, break_ground
from tests.truth.measure import Measure
from tests.truth.stored import read_stored

NOW: Final = datetime(2024, 6, 1, tzinfo=UTC)
SHOWN: Final = 5
"""Of each scenario, how many dossiers are looked at as an officer would."""
POLICY: Final = Policy(CALENDAR)


@dataclass(slots=True)
class Trial:
    """What was measured.

    `unproven` names the days whose proof does not come out, `misshown` dossiers shown amiss; `counted` are the cases of
    every day's latest report, which come to `cases` when each counts once.
    """

    measure: Measure = field(default_factory=Measure)
    laying_seconds: float = 0.0
    matching_seconds: float = 0.0
    days: int = 0
    cases: int = 0
    counted: int = 0
    unproven: list[str] = field(default_factory=list)
    shown: int = 0
    misshown: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        """Return everything that was measured, as JSON has it."""
        return {
            **self.measure.figures(),
            "days": {"closed": self.days, "unproven": self.unproven},
            "counted": {"true": self.cases, "in_reports": self.counted},
            "shown": {"dossiers": self.shown, "amiss": self.misshown},
            "laying_seconds": round(self.laying_seconds, 1),
            "matching_seconds": round(self.matching_seconds, 1),
        }


async def try_worlds(
    url: str, worlds: Iterable[World], *, at_once: bool = False, say: Callable[[str], None] = lambda _: None
) -> Trial:
    """Lay worlds into the empty database at `url`, close every day of theirs, and measure what came of it.

    `at_once`: everything is there before the first day is closed; otherwise a day's facts come on that day.
    """
    trial = Trial()
    async with open_database(url, size=2) as database:
        for world in worlds:
            async with database.connection() as connection:
                ground = await break_ground(connection, world)
            await _live_through(trial, database, ground, at_once=at_once, say=say)
            await _close_again(trial, database, ground)
            async with database.connection() as connection:
                trial.measure.take(world, await read_stored(connection, ground.tenant_id))
                await _look_at_dossiers(trial, connection, ground)
    return trial


async def _live_through(
    trial: Trial, database: Database, ground: Ground, *, at_once: bool, say: Callable[[str], None]
) -> None:
    """Lay and close one day after another."""
    for place, day in enumerate(ALL):
        coming = () if at_once and place else ALL if at_once else (day,)
        async with database.connection() as connection:
            trial.laying_seconds += await _lay(ground, connection, coming)
        begun = time.perf_counter()
        closed = await close_day(database, ground.tenant_id, day, POLICY, NOW)
        trial.matching_seconds += time.perf_counter() - begun
        trial.days += 1
        _check_proof(trial, ground.world.tenant, closed.report)
        say(f"{ground.world.tenant} {day}: {trial.matching_seconds:.1f} s of matching so far")


async def _close_again(trial: Trial, database: Database, ground: Ground) -> None:
    """Close every day once more, as late facts ask for: only now are a day's cases all there to be counted."""
    for day in ALL:
        closed = await close_day(database, ground.tenant_id, day, POLICY, NOW)
        _check_proof(trial, ground.world.tenant, closed.report)
        trial.counted += sum(one["count"] for one in closed.report["classes"].values())
        if day == LAST and closed.new:
            trial.unproven.append(f"{ground.world.tenant} {day}: another run without another fact")
    trial.cases += sum(map(_counts, ground.world.verdicts))


def _counts(verdict: Verdict) -> bool:
    """Tell whether a case has a day: a dossier that nobody paid has none, nor has a batch."""
    exempt = isinstance(verdict.case, Record) and verdict.case.due == 0 and not verdict.reasons
    return verdict.verdict != "unpaid" and not exempt and not isinstance(verdict.case, Batch)


async def _lay(ground: Ground, connection: Connection, days: Iterable[Any]) -> float:
    begun = time.perf_counter()
    for day in days:
        await ground.lay_day(connection, day)
    return time.perf_counter() - begun


def _check_proof(trial: Trial, tenant: str, report: dict[str, Any]) -> None:
    proof = report["proof"]
    if proof["residual"] or proof["opening"] + proof["opened"] - proof["closed"] != proof["closing"]:
        trial.unproven.append(f"{tenant} {report['date']}: residual {proof['residual']}")
    if report["status"] == "incomplete":
        trial.unproven.append(f"{tenant} {report['date']}: incomplete")


async def _look_at_dossiers(trial: Trial, connection: Connection, ground: Ground) -> None:
    """Ask for some dossiers of each scenario as `GET /v1/records/{dossier}` does."""
    looked: dict[str, int] = defaultdict(int)
    for verdict in ground.world.verdicts:
        case = verdict.case
        code = case.code if isinstance(case, Record) else case
        if not isinstance(code, str) or looked[verdict.scenario] == SHOWN:
            continue
        looked[verdict.scenario] += 1
        view = await record_view(connection, ground.tenant_id, code)
        trial.shown += 1
        if view is None or view["verdict"] != verdict.verdict:
            shown = view and view["verdict"]
            trial.misshown.append(f"{verdict.scenario} {code}: {shown}, and not {verdict.verdict}")
