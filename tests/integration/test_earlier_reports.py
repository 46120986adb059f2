"""Reports that were sealed before some field was: shown, made into files, added up, verified and closed again."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from paygate.access import Role
from paygate.database import connect, open_database
from reconciliation.closing import close_day
from reconciliation.policy import Policy
from reconciliation.rendering import render_text
from reconciliation.report import load_report
from reconciliation.sealing import ADDED, digest
from reconciliation.verification import verify_run
from tests.desk import Visitor, a_person
from tests.province import DAYS, a_province
from tests.served import Served

DAY = DAYS[-1]
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.fixture
async def served(province_url: str) -> AsyncIterator[Served]:
    """A province whose days were closed and sealed when reports did not say what has been added since."""
    async with connect(province_url) as connection:
        for run in await connection.fetch("SELECT tenant_id, run_id, report FROM run"):
            earlier = {name: said for name, said in json.loads(run["report"]).items() if name not in ADDED}
            earlier["digest"] = digest(earlier)
            changed = json.dumps(earlier, ensure_ascii=False), earlier["digest"]
            change = "UPDATE run SET report = $3, digest = $4 WHERE tenant_id = $1 AND run_id = $2"
            await connection.execute(change, run["tenant_id"], run["run_id"], *changed)
    async with a_province(province_url) as one:
        yield one


@pytest.mark.parametrize("where", [f"?day={DAY}", f"/reports/{DAY}", "/reports/2024-05", f"/reports/{DAY}/cases"])
async def test_an_earlier_report_is_shown_to_whoever_may_see_it(served: Served, where: str) -> None:
    for agencies in ((), ("000.00.12.H23",)):
        async with Visitor(served) as visitor:
            await visitor.sign_in(await a_person(served, Role.OFFICER, agencies=agencies))
            status, page = await visitor.get(f"/desk/haiduong{where}")
        assert (status, "<h1>" in page) == (200, True)


@pytest.mark.parametrize("period", [DAY, "2024-05"])
@pytest.mark.parametrize("kind", ["", ".csv", ".xlsx", ".pdf"])
async def test_an_earlier_report_is_told_to_systems_and_made_into_files(served: Served, period: str, kind: str) -> None:
    headers = await served.token("haiduong", Role.AUDITOR)
    async with served.session.get(f"{served.url}/v1/reports/haiduong/{period}{kind}", headers=headers) as reply:
        assert reply.status == 200
        assert await reply.read()
        if not kind:
            assert (await reply.json())["other_currencies"] == {}


async def test_an_earlier_report_is_printed_verified_and_closed_again_without_a_new_run(served: Served) -> None:
    async with open_database(served.database_url, size=2) as database:
        async with database.connection() as connection:
            tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
            report = await load_report(connection, tenant_id, date.fromisoformat(DAY))
        assert report is not None
        assert DAY[-2:] in render_text(report)
        assert (await verify_run(database, report["run"], Policy())).difference is None
        again = await close_day(database, tenant_id, date.fromisoformat(DAY), Policy(), NOW)
        assert again.run_id == report["run"]
        assert again.report["digest"] == report["digest"]
