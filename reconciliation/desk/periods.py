"""Closed days, months and quarters as the desk and the exports read them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.money import DONG
from paygate.domain.period import Period, PeriodKind
from reconciliation.desk.summing import sum_days
from reconciliation.report import load_report
from reconciliation.sealing import read_report

QUERIES: Final = load_queries("reconciliation.sql", "desk_periods.sql")

Json = dict[str, Any]


async def list_closed_days(connection: Connection, tenant_id: int, first: date, last: date, limit: int) -> list[Json]:
    """Return the closed days of a span, the newest first: each with its latest run, and whether late facts touch it."""
    rows = await connection.fetch(QUERIES["list_closed_days"], tenant_id, first, last, limit)
    return [dict(row) for row in rows]


async def list_closed_months(connection: Connection, tenant_id: int) -> list[date]:
    """Return the first days of the months that have a closed day, the newest first."""
    return [row["month"] for row in await connection.fetch(QUERIES["list_closed_months"], tenant_id)]


async def load_period(  # noqa: PLR0913, PLR0917 -- whose, which, and how far its days can be closed
    connection: Connection,
    tenant_id: int,
    period: Period,
    run_id: int | None,
    today: date,
    is_business_day: Callable[[date], bool],
) -> Json | None:
    """Return a period's report in the contract's shape, with what it is made of; None: none of its days is closed.

    Beside the report: `period`; `days`, closed ones with their runs; `open_days` that should be and are not, each
    `not_closed` or `to_come`; of a day `runs`, all there are. `run_id` chooses one of a day's.
    """
    span = period.first, period.last
    days = await list_closed_days(connection, tenant_id, *span, len(period.days()))
    if period.kind is PeriodKind.DAY:
        report = await load_report(connection, tenant_id, period.first, run_id)
        runs = [dict(row) for row in await connection.fetch(QUERIES["list_runs_of_day"], tenant_id, period.first)]
        return report and {**report, "period": period.name, "days": days, "open_days": [], "runs": runs}
    if run_id is not None or not days:
        return None
    rows = await connection.fetch(QUERIES["load_latest_reports"], tenant_id, *span)
    told = await connection.fetch(QUERIES["bridge_of_runs"], tenant_id, *span)
    without = await connection.fetch(QUERIES["list_days_without_run"], tenant_id, *span)
    open_days = _open_days(without, today, is_business_day)
    reports = [read_report(row["report"]) for row in rows]
    bridge = [(json.loads(row["proof"]), json.loads(row["fates"])) for row in told]
    whole = not open_days and not any(day["touched"] for day in days)
    summed = sum_days(reports, bridge, whole=whole)
    return {"tenant": reports[0]["tenant"], "period": period.name, **summed, "days": days, "open_days": open_days}


async def tell_period(  # noqa: PLR0913, PLR0917 -- as `load_period`
    connection: Connection,
    tenant_id: int,
    period: Period,
    run_id: int | None,
    today: date,
    is_business_day: Callable[[date], bool],
) -> Json | None:
    """Return a period's report as systems are told it: a day's as it was sealed, all else as `load_period`, in JSON."""
    if period.kind is PeriodKind.DAY:
        return await load_report(connection, tenant_id, period.first, run_id)
    report = await load_period(connection, tenant_id, period, run_id, today, is_business_day)
    told: Json | None = json.loads(json.dumps(report, default=lambda moment: moment.isoformat()))
    return told


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases of runs are wanted; None: whichever. `agencies` are all that may be seen, a code of `-` is none."""

    verdict: str | None = None
    reason: str | None = None
    agencies: tuple[str, ...] | None = None
    agency: str | None = None
    source: str | None = None
    procedure: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        seen = None if self.agencies is None else list(self.agencies)
        return self.verdict, self.reason, seen, self.agency, self.source, self.procedure


async def list_run_cases(  # noqa: PLR0913, PLR0917 -- whose, of which runs, which, from where on, how many
    connection: Connection,
    tenant_id: int,
    run_ids: Sequence[int],
    wanted: CaseFilter,
    after: tuple[int, str],
    limit: int,
) -> tuple[list[Json], Json]:
    """Return cases that did not agree, as runs counted them, in the order of runs and cases; and what all come to.

    That is `count`, `amount` in dong, and `others`: the sums of other currencies by their codes.
    """
    place = tenant_id, list(run_ids), *wanted.arguments
    rows = await connection.fetch(QUERIES["list_run_cases"], *place, *after, limit)
    sums = {row["currency"]: row for row in await connection.fetch(QUERIES["sum_run_cases"], *place)}
    return [_case(row) for row in rows], {
        "count": sums[None]["count"],
        "amount": sums[DONG]["amount"] if DONG in sums else 0,
        "others": {code: row["amount"] for code, row in sums.items() if code not in {None, DONG}},
    }


def _case(row: asyncpg.Record) -> Json:
    return {**row, "reasons": list(dict.fromkeys(row["reasons"]))}


def _open_days(rows: list[asyncpg.Record], today: date, is_business_day: Callable[[date], bool]) -> list[Json]:
    """Return the days without a run that should have one: a holiday on which nothing came need not be closed."""
    return [
        {"date": row["day"], "why": "to_come" if row["day"] >= today else "not_closed"}
        for row in rows
        if row["has_facts"] or row["day"] >= today or is_business_day(row["day"])
    ]
