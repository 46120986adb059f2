"""What one screen tells of a dossier or of a payment: its case, its lines, its notices, and all that happened."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from paygate.domain.text import reference_key
from reconciliation.desk.arrivals import look_out
from reconciliation.desk.search import lines_of
from reconciliation.model import REASONS, Reason
from reconciliation.report import agency_in, payment_view, record_view

QUERIES: Final = load_queries("reconciliation.sql", "desk_dossier.sql")

MOST_LISTED: Final = 100
"""Events, and notices, of one case."""

Json = dict[str, Any]


class CaseReader:
    """Reads cases for the desk inside one snapshot. `calendar` counts the days until a unit must have acted."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    async def dossier(  # noqa: PLR0913 -- which, for whom, and as of when by whose clocks
        self,
        connection: Connection,
        tenant_id: int,
        dossier_code: str,
        *,
        agencies: Sequence[str] | None,
        zone: ZoneInfo,
        now: datetime,
    ) -> Json | None:
        """Return a dossier; None where there is none, or it is of an agency that is not to be seen.

        A dossier is known by its record, by a payment, or by a reference that was registered for it.
        """
        view = await record_view(connection, tenant_id, dossier_code, agencies)
        requests = await connection.fetch(QUERIES["list_requests"], tenant_id, dossier_code, MOST_LISTED)
        if view is None:
            known = await connection.fetchval(QUERIES["is_known"], tenant_id, dossier_code)
            if known or not requests or (agencies is not None and agency_in(dossier_code) not in agencies):
                return None
            view = _nothing_came(dossier_code)
        return await self._whole(connection, tenant_id, view, requests=requests, zone=zone, now=now)

    async def payment(  # noqa: PLR0913 -- which, for whom, and as of when by whose clocks
        self,
        connection: Connection,
        tenant_id: int,
        payment_id: int,
        *,
        agencies: Sequence[str] | None,
        zone: ZoneInfo,
        now: datetime,
    ) -> Json | None:
        """Return the case of a payment, with `shown`, the payment itself; None as `dossier`."""
        view = await payment_view(connection, tenant_id, payment_id, agencies)
        if view is None:
            return None
        whole = await self._whole(connection, tenant_id, view, requests=(), zone=zone, now=now)
        (shown,) = (one for one in whole["payments"] if one["payment_id"] == payment_id)
        return {**whole, "shown": shown}

    async def _whole(  # noqa: PLR0913 -- the case, and as of when by whose clocks
        self,
        connection: Connection,
        tenant_id: int,
        view: Json,
        *,
        requests: Sequence[Any],
        zone: ZoneInfo,
        now: datetime,
    ) -> Json:
        numbers = [one["payment_id"] for one in view["payments"]]
        lines = await lines_of(connection, tenant_id, [one["line_id"] for one in view["matches"]])
        events = await connection.fetch(QUERIES["list_payment_events"], tenant_id, numbers, MOST_LISTED)
        keys = [reference_key(one["reference"]) for one in view["payments"]]
        keys += [reference_key(view["dossier_code"])] if view["dossier_code"] else []
        notices = await connection.fetch(QUERIES["list_case_notices"], tenant_id, numbers, keys, MOST_LISTED)
        history = await connection.fetch(QUERIES["list_case_events"], tenant_id, _case_key(view), MOST_LISTED)
        return {
            **view,
            "expected_by": self._expected_by(view),
            "requests": [dict(row) for row in requests],
            "lines": _with_rules(lines, view["matches"]),
            "notices": [dict(row) for row in notices],
            "events": [dict(row) for row in events],
            "history": [_sentenced(dict(row)) for row in history],
            "outlook": await look_out(connection, tenant_id, zone=zone, now=now, calendar=self.calendar),
        }

    def _expected_by(self, view: Json) -> date | None:
        """Return the day until which the dossier should have moved on after its latest payment."""
        days = [date.fromisoformat(one["business_date"]) for one in view["payments"]]
        return self.calendar.add(max(days), REASONS[Reason.PAID_NOT_RECORDED].due_days) if days else None


def _nothing_came(dossier_code: str) -> Json:
    """Return the case of a dossier for which a reference was registered, and nothing has come."""
    empty: Json = {"dossier_code": dossier_code, "obligations": [], "payments": [], "legs": {}, "matches": []}
    return {**empty, "verdict": "unpaid", "discrepancies": []}


def _case_key(view: Json) -> str:
    if view["dossier_code"] is not None:
        return f"dossier:{view['dossier_code']}"
    return f"payment:{view['payments'][0]['payment_id']}"


def _with_rules(lines: list[Json], matches: Sequence[Json]) -> list[Json]:
    """Return lines with the rule by which each was matched, and whose payment's reference that is under."""
    by_line = {one["line_id"]: one for one in matches}
    return [
        {**line, "rule": by_line[line["line_id"]]["rule"], "settles": by_line[line["line_id"]]["reference"]}
        for line in lines
    ]


def _sentenced(event: Json) -> Json:
    rule = REASONS[Reason(event["reason"])]
    return {**event, "vi": rule.vi, "en": rule.en}
