"""A stored run agrees with the oracle on what is in reach of its day, and what was changed behind its back is found."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, event, given, settings

from paygate.database import Database
from paygate.domain.calendar import Calendar
from reconciliation.closing import close_day
from reconciliation.loading import load_world, reach_of_the_day
from reconciliation.oracle import judge
from reconciliation.oracle.facts import Judgement, MatchFact, World
from reconciliation.policy import Policy
from reconciliation.tally import Tally
from reconciliation.verification import verify_run
from tests.worlds import DAY, WORLDS, lay_world, settled_worlds, worlds

_codes = itertools.count(1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = Policy()
EXAMPLES = settings(
    max_examples=8 * WORLDS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def judged(world: World) -> Judgement:
    return judge(world, POLICY.rules, as_of=DAY, record_wait_days=POLICY.record_wait_days, add=Calendar().add)


def touches(match: MatchFact, subjects: frozenset[str]) -> bool:
    members = {f"payment:{one}" for one in match.payment_ids} | {f"line:{one}" for one in match.line_ids}
    return not members.isdisjoint(subjects)


@EXAMPLES
@given(world=worlds() | settled_worlds())
async def test_what_is_in_reach_of_a_day_is_judged_as_the_whole_world_is(database: Database, world: World) -> None:
    tenant_id = await lay_world(database, f"v{next(_codes)}", world)
    await close_day(database, tenant_id, DAY, POLICY, NOW)
    async with database.transaction() as connection:
        whole = await load_world(connection, tenant_id)
        await Tally(connection, tenant_id, DAY).lay_out_cases()
        part, subjects = await reach_of_the_day(connection, tenant_id, DAY, POLICY.rules)
    of_all, of_part = judged(whole), judged(part)
    assert judged(world).matches == of_all.matches
    for name in ("matches", "discrepancies"):
        said, said_of_part = getattr(of_all, name), getattr(of_part, name)
        if name == "matches":
            said, said_of_part = ({one for one in found if touches(one, subjects)} for found in (said, said_of_part))
        else:
            said, said_of_part = ({one for one in found if one.subject in subjects} for found in (said, said_of_part))
        assert said == said_of_part
    left_out = len(whole.payments) + len(whole.lines) - len(part.payments) - len(part.lines)
    event(f"left out {min(left_out, 5)}")


@EXAMPLES
@given(world=worlds() | settled_worlds())
async def test_every_run_that_nothing_has_touched_agrees(database: Database, world: World) -> None:
    tenant_id = await lay_world(database, f"v{next(_codes)}", world)
    runs = []
    for days in range(-1, 4):
        closed = await close_day(database, tenant_id, DAY + timedelta(days=days), POLICY, NOW)
        runs += [closed.run_id, *(one["run"] for one in closed.corrections)]
    for run_id in runs:
        verified = await verify_run(database, run_id, POLICY)
        assert verified.difference is None
        event("superseded" if verified.superseded_by else f"cases {min(verified.cases, 3)}")
