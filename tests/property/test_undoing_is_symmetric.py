"""Whatever the world, a match that is undone and rejoined leaves everything as it was, but for numbers and times."""

import itertools

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from paygate.database import Connection, Database
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.oracle.facts import World
from reconciliation.parting import rejoin_match, undo_match
from reconciliation.policy import Policy
from tests.worlds import DAY, WORLDS, lay_world, settled_worlds, worlds

_codes = itertools.count(1)

KEPT = {
    "match": "SELECT leg::text, rule, rule_set, difference, seats, batch_id,"
    " array_agg(payment_id ORDER BY payment_id) AS payments,"
    " array_agg(fact_id ORDER BY fact_id) AS lines FROM match WHERE tenant_id = $1"
    " GROUP BY match_id, leg, rule, rule_set, difference, seats, batch_id ORDER BY leg, payments, lines",
    "loose": "SELECT leg::text, fact_id, account_id, amount, standing, contenders, named, cut FROM loose_fact"
    " WHERE tenant_id = $1 ORDER BY leg, fact_id",
    "doubt": "SELECT payment_id, contenders FROM settlement_doubt WHERE tenant_id = $1 ORDER BY payment_id",
    "discrepancy": "SELECT case_key, subject, reason, amount, state::text, since, due, dossier_code, evidence"
    " FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved' ORDER BY subject, reason",
    # A match that held meanwhile may have been late: that it no longer holds is noted, and stays so.
    "late": "SELECT subject, amount, since FROM discrepancy WHERE tenant_id = $1 AND reason = 'late'"
    " AND resolution = 'it came late' ORDER BY subject",
    "watch": "SELECT case_key, due_on, pending FROM watch WHERE tenant_id = $1 ORDER BY case_key",
    "parted": "SELECT * FROM parted WHERE tenant_id = $1",
    "joined": "SELECT leg::text, array_agg(fact_id ORDER BY fact_id) FROM joined WHERE tenant_id = $1"
    " GROUP BY joining_id, leg ORDER BY 1, 2",
}


async def everything(connection: Connection, tenant_id: int) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for name, query in KEPT.items():
        found[name] = [tuple(row) for row in await connection.fetch(query, tenant_id)]
    return found


async def turn(database: Database, tenant_id: int) -> dict[str, list[tuple[object, ...]]]:
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, Policy(), DAY)
    async with database.connection() as connection:
        return await everything(connection, tenant_id)


@settings(
    max_examples=15 * WORLDS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds() | settled_worlds(), chosen=st.integers(0, 2**16))
async def test_undone_and_rejoined_a_match_leaves_everything_as_it_was(
    database: Database, world: World, chosen: int
) -> None:
    tenant_id = await lay_world(database, f"u{next(_codes)}", world)
    before = await turn(database, tenant_id)
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT DISTINCT match_id FROM match WHERE tenant_id = $1", tenant_id)
    event(f"matches {min(len(rows), 5)}")
    if not rows:
        return
    match_id = sorted(row["match_id"] for row in rows)[chosen % len(rows)]
    async with database.transaction() as connection:
        undone = await undo_match(connection, tenant_id, match_id, person="Nga", reason="x")
    assert undone is not None
    event(f"undone {undone['leg']} {undone['rule']}")
    await turn(database, tenant_id)
    async with database.transaction() as connection:
        assert await rejoin_match(connection, tenant_id, match_id)
    assert await turn(database, tenant_id) == before
