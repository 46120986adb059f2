"""Dirty facts -> passes -> matches and discrepancies.

Everything happens in one transaction under a lock of the tenant's, so that two closes at once take turns, and in
working tables that hold only what changed and what those changes reach.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from paygate.database import Connection, Database, TenantLock
from paygate.telemetry import Event, log
from reconciliation.corrections import note_touched_days
from reconciliation.judging import judge
from reconciliation.passes.by_hand import match_by_hand
from reconciliation.passes.gathering import gather
from reconciliation.passes.handover import match_handovers
from reconciliation.passes.lateness import note_lateness
from reconciliation.passes.narrative import match_by_narrative
from reconciliation.passes.payouts import match_payouts
from reconciliation.passes.reference import match_by_reference
from reconciliation.passes.returns import reckon_returns, set_returns_aside
from reconciliation.passes.settlement import match_settlements
from reconciliation.passes.storing import store_matches
from reconciliation.passes.sums import match_sums_by_name
from reconciliation.policy import Policy
from reconciliation.rule_sets import in_force
from reconciliation.turn import PASS_SECONDS, QUERIES, Turn

SESSION: Final = """
SET LOCAL work_mem = '256MB';
SET LOCAL jit = off;
SET LOCAL default_statistics_target = 20;
SET LOCAL random_page_cost = 1.1; -- few new facts among many stored: cost must follow what is new
"""


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """What one turn of the matcher did."""

    facts: int = 0
    matched: int = 0
    undone: int = 0
    opened: int = 0
    changed: int = 0
    resolved: int = 0


async def match_dirty(database: Database, tenant_id: int, policy: Policy) -> MatchCounts:
    """Match and judge what changed since the last turn, as of the latest closed day."""
    async with hold_tenant(database, tenant_id) as connection:
        chosen = await in_force(connection, tenant_id, policy)
        return await match_changes(connection, tenant_id, chosen, await latest_close(connection, tenant_id))


@asynccontextmanager
async def hold_tenant(database: Database, tenant_id: int) -> AsyncIterator[Connection]:
    """Let one matcher at a time work for a tenant, on facts that stand still: what arrives meanwhile stays dirty.

    The lock is the session's, taken before the transaction begins: a snapshot taken before the wait would not show what
    the matcher before has done.
    """
    async with database.connection() as connection:
        lock = (TenantLock.MATCHING, tenant_id)
        await connection.execute("SELECT pg_advisory_lock($1, $2)", *lock, timeout=PASS_SECONDS)
        try:
            async with connection.transaction(isolation="repeatable_read"):
                await connection.execute(SESSION)
                yield connection
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1, $2)", *lock)


async def latest_close(connection: Connection, tenant_id: int) -> date:
    """Return the latest closed business day; what falls due later is not judged yet."""
    latest: date | None = await connection.fetchval(QUERIES["latest_close"], tenant_id)
    return latest or date.min


async def match_changes(connection: Connection, tenant_id: int, policy: Policy, as_of: date) -> MatchCounts:
    """Do the work of `match_dirty` inside the caller's transaction, judging what is due as of `as_of`."""
    if not await connection.fetchval(QUERIES["is_there_work"], tenant_id, as_of):
        return MatchCounts()
    turn = await Turn.begin(connection, tenant_id, policy.rules)
    await turn.freshen_statistics()
    facts = await gather(turn)
    await set_returns_aside(turn)
    await match_by_hand(turn)
    await match_by_reference(turn)
    await match_by_narrative(turn)
    await match_sums_by_name(turn)
    await note_lateness(turn, policy)
    settled, unsettled = await match_settlements(turn)
    repaid = await match_payouts(turn)
    matched, undone = await store_matches(turn)
    if not turn.judged_before:  # the planner believes them as empty as they were
        await turn.analyze("match", "loose_fact")
    await reckon_returns(turn)
    handed_over, taken_back = await match_handovers(turn)
    opened, changed, resolved = await judge(turn, policy, as_of)
    await note_touched_days(turn)
    await turn.drop_tables()
    matched, undone = matched + settled + handed_over, undone + unsettled + repaid + taken_back
    counts = MatchCounts(facts, matched, undone, len(opened), len(changed), len(resolved))
    log.info(Event.MATCHED, tenant_id=tenant_id, facts=facts, matched=matched, opened=counts.opened)
    return counts
