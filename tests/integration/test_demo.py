"""The demo, small: the whole road from signed notices to closed days, and that it would notice a difference."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from paygate.access import Role
from paygate.database import connect
from paygate.demo.people import let_people_in, work_on_discrepancies
from paygate.demo.run import demonstrate, play, run_demo
from paygate.demo.stand import open_stand
from paygate.demo.stories import AGREED, CHIEF_DAY, STORIES, Case, Plan, plant
from tests.desk import Visitor
from tests.served import Served

SCALE = 0.02


@pytest.fixture
def screen() -> Console:
    return Console(file=StringIO(), width=160)


def _read(screen: Console) -> str:
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


async def test_the_demo_finds_what_it_planted(tmp_path: Path, screen: Console) -> None:
    assert await run_demo(exit_after=True, data_dir=tmp_path, out=screen, scale=SCALE) == 0
    told = _read(screen)
    assert "Planted and found agree" in told
    assert "BÁO CÁO ĐỐI SOÁT NGÀY 08/05/2024" in told


async def test_a_visitor_signs_in_at_a_desk_where_work_has_begun(
    tmp_path: Path, database_url: str, screen: Console
) -> None:
    async with open_stand(tmp_path, database_url) as stand:
        await play(plant(2024, SCALE), stand, screen)
        visitors = await let_people_in(stand.service, stand.tenant_id)
        assert await work_on_discrepancies(stand.service, stand.tenant_id) > 20
        assert await work_on_discrepancies(stand.service, stand.tenant_id) == 0
        assert {one.role for one in visitors} == set(Role) - {Role.SERVICE}
        for one in visitors:
            async with Visitor(Served(stand.url, stand.officer.session, database_url)) as visitor:
                assert await visitor.sign_in(one.name, one.password) == 200
                status, text = await visitor.get("/")
                assert (status, one.full_name in text) == (200, True)
        async with connect(database_url) as connection:
            rows = await connection.fetch("SELECT state::text AS state, count(*) AS count FROM proposal GROUP BY state")
        proposals = {row["state"]: row["count"] for row in rows}
        assert proposals["open"] >= 5
        assert proposals["rejected"] >= 3


async def test_the_demo_run_again_on_its_own_data_finds_the_same(
    tmp_path: Path, database_url: str, screen: Console
) -> None:
    plan = plant(2024, SCALE)
    codes = [await demonstrate(plan, tmp_path, database_url, screen, exit_after=True) for _ in range(2)]
    assert codes == [0, 0]


def _believing(plan: Plan, altered: Case, story_name: str) -> Plan:
    """Expect of one case what another story comes to."""
    story = next(story for story in STORIES if story.name == story_name)
    return replace(plan, cases=[replace(case, story=story) if case is altered else case for case in plan.cases])


def _first_agreed(cases: Sequence[Case]) -> Case:
    return next(case for case in cases if case.story is AGREED and case.day == CHIEF_DAY)


async def test_an_altered_plant_is_noticed(tmp_path: Path, database_url: str, screen: Console) -> None:
    plan = plant(2024, SCALE)
    altered = _believing(plan, _first_agreed(plan.cases), "underpaid")
    assert await demonstrate(altered, tmp_path, database_url, screen, exit_after=True) == 1
    assert "Planted and found differ" in _read(screen)


async def test_a_line_the_bank_swallowed_is_noticed(tmp_path: Path, database_url: str, screen: Console) -> None:
    plan = plant(2024, SCALE)
    case = _first_agreed(plan.cases)
    swallowed = replace(case, facts=replace(case.facts, bookings=()))
    cases = [swallowed if one is case else one for one in plan.cases]
    assert await demonstrate(replace(plan, cases=cases), tmp_path, database_url, screen, exit_after=True) == 1
