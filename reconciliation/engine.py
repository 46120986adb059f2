"""Dirty facts -> passes -> matches and discrepancies; and the close of a business day.

Everything happens in one transaction under a lock of the tenant's, so that two closes at once take turns, and in
working tables that hold only what changed and what those changes reach.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import asyncpg

from paygate.database import Connection, Database, TenantLock, load_queries
from paygate.domain.calendar import Calendar
from paygate.domain.news import EventKind
from paygate.telemetry import RECONCILIATION_SECONDS, Event, log
from reconciliation.model import (
    CUT_LENGTH,
    NAMED_LENGTH,
    REASONS,
    RECORDED_DAYS,
    RULE_SET,
    WINDOW_DAYS,
    Reason,
)

MATCHING: Final = load_queries("reconciliation.sql", "matching.sql")
JUDGING: Final = load_queries("reconciliation.sql", "judging.sql")
QUERIES: Final = {**MATCHING, **JUDGING}

PASS_SECONDS: Final = 3600.0
"""The longest a single statement of a pass may take."""

_SESSION: Final = """
SET LOCAL work_mem = '256MB';
SET LOCAL jit = off;
SET LOCAL default_statistics_target = 20;
SET LOCAL random_page_cost = 1.1; -- few new facts among many stored: cost must follow what is new
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a tenant has settled on: its business days, and how long a record may be on its way."""

    calendar: Calendar = field(default_factory=Calendar)
    record_wait_days: int = 1


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
        return await match_changes(connection, tenant_id, policy, await latest_close(connection, tenant_id))


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
                await connection.execute(_SESSION)
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
    for tables in ("create_matching_tables", "create_judging_tables"):
        await connection.execute(QUERIES[tables])
    turn = _Turn(connection, tenant_id, await connection.fetchval(QUERIES["was_anything_judged"], tenant_id))
    await turn.freshen_statistics()
    facts = await _gather(turn)
    await _match_by_reference(turn)
    await _match_by_narrative(turn)
    matched, undone = await _store_matches(turn)
    opened, changed, resolved = await _judge(turn, policy, as_of)
    await connection.execute(QUERIES["drop_working_tables"])
    counts = MatchCounts(facts, matched, undone, len(opened), len(changed), len(resolved))
    log.info(Event.MATCHED, tenant_id=tenant_id, facts=facts, matched=matched, opened=counts.opened)
    return counts


class _Turn:
    """One turn of the matcher: a connection inside its transaction, and how its statements are run and timed."""

    def __init__(self, connection: Connection, tenant_id: int, judged_before: bool) -> None:  # noqa: FBT001 -- a fact
        self.connection = connection
        self.tenant_id = tenant_id
        self.judged_before = judged_before

    async def do(self, name: str, *arguments: object) -> int:
        """Run a named statement and return how many rows it touched."""
        status: str = await self.connection.execute(QUERIES[name], *arguments, timeout=PASS_SECONDS)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a named statement and return its rows."""
        return await self.connection.fetch(QUERIES[name], *arguments, timeout=PASS_SECONDS)

    async def analyze(self, *tables: str) -> None:
        """Tell the planner how large the working tables have become: a guess of a thousand rows ruins the joins."""
        for table in tables:
            await self.connection.execute(f"ANALYZE {table}", timeout=PASS_SECONDS)

    async def freshen_statistics(self) -> None:
        """Analyze the stored tables that have grown out of what the planner knows of them."""
        await self.analyze(*(row["relname"] for row in await self.fetch("tables_without_statistics")))


async def _gather(turn: _Turn) -> int:
    """Take what is dirty, with all that shares a reference with it, and return how many facts that is."""
    await turn.do("take_dirty_dossiers", turn.tenant_id)
    facts = await (_gather_changes(turn) if turn.judged_before else _gather_everything(turn))
    await turn.analyze("w_fact")
    return facts


async def _gather_everything(turn: _Turn) -> int:
    await turn.do("forget_dirty_facts", turn.tenant_id)
    return await turn.do("gather_every_payment", turn.tenant_id) + await turn.do("gather_every_line", turn.tenant_id)


async def _gather_changes(turn: _Turn) -> int:
    await turn.do("take_dirty_payments", turn.tenant_id)
    await turn.do("take_dirty_lines", turn.tenant_id)
    await turn.analyze("w_dirty_payment", "w_dirty_line")
    facts = await turn.do("gather_dirty_payments", turn.tenant_id)
    facts += await turn.do("gather_dirty_lines", turn.tenant_id)
    await turn.analyze("w_fact")
    facts += await turn.do("gather_payments_of_the_same_reference", turn.tenant_id)
    return facts + await turn.do("gather_lines_of_the_same_reference", turn.tenant_id)


async def _match_by_reference(turn: _Turn) -> None:
    with RECONCILIATION_SECONDS.labels("reference").time():
        await turn.do("group_by_reference")
        await turn.analyze("w_group")
        await turn.do("match_exact_groups")
        await turn.do("set_aside_what_is_not_exact")
        await turn.analyze("w_rest")
        await turn.do("match_one_reference_with_another_amount")
        await turn.do("drop_matched_from_the_rest", "reference")
        await turn.do("mark_ambiguous_amounts")
        await turn.do("match_one_reference_on_another_account")
        await turn.do("drop_matched_from_the_rest", "reference_other_account")
        await turn.do("mark_ambiguous_accounts")
        await turn.do("name_the_contenders")


async def _match_by_narrative(turn: _Turn) -> None:
    with RECONCILIATION_SECONDS.labels("narrative").time():
        if turn.judged_before:
            await turn.do("begin_with_former_company", turn.tenant_id)
            await turn.do("note_departed", turn.tenant_id)
        await turn.do("keep_loose_payments", turn.tenant_id)
        await turn.do("keep_loose_lines", turn.tenant_id, CUT_LENGTH)
        await turn.do("begin_with_changed_payments")
        await turn.do("begin_with_changed_lines")
        await _follow_names(turn)
        await turn.do("forget_edges_of_settled_lines", turn.tenant_id)
        await turn.do("match_by_narrative", turn.tenant_id)
        await turn.do("set_narrative_standing", turn.tenant_id)


async def _follow_names(turn: _Turn) -> None:
    """Follow names from changed facts to all that stand beside them, until nothing new is reached."""
    reached = 1
    while reached:
        await turn.analyze("w_payment", "w_line")
        await _find_names(turn)
        await turn.do("settle_lines_looked_at")
        await turn.analyze("w_edge")
        await turn.do("reach_payments_by_edge")
        reached = await turn.do("reach_lines_by_name", turn.tenant_id, *WINDOW_DAYS, NAMED_LENGTH)
        await turn.do("settle_payments_looked_at")


async def _find_names(turn: _Turn) -> None:
    await turn.do("clear_names")
    await turn.do("lay_out_lines", turn.tenant_id)
    await turn.do("lay_out_payers", turn.tenant_id, *WINDOW_DAYS)
    await turn.do("lay_out_names", NAMED_LENGTH)
    await turn.do("lay_out_pieces", NAMED_LENGTH)
    await turn.analyze("w_near", "w_payer", "w_name", "w_gram")
    await turn.do("find_full_names", *WINDOW_DAYS)
    await turn.analyze("w_edge")
    await turn.do("find_cut_names", *WINDOW_DAYS, CUT_LENGTH)
    await turn.do("keep_the_best_names")


async def _store_matches(turn: _Turn) -> tuple[int, int]:
    """Store what is new, retire what no longer holds, and return how many rows each came to."""
    retired = 0
    with RECONCILIATION_SECONDS.labels("store").time():
        if turn.judged_before:
            await turn.do("find_matches_judged_again", turn.tenant_id)
            await turn.do("complete_groups_judged_again", turn.tenant_id)
            await turn.analyze("w_stale")
            await turn.do("mark_unchanged_pairs")
            await turn.do("mark_unchanged_groups")
            retired = await turn.do("retire_matches", turn.tenant_id)
        stored = await turn.do("store_pairs", turn.tenant_id, RULE_SET)
        stored += await turn.do("store_matches", turn.tenant_id, RULE_SET)
    return stored, retired


Changes = Sequence[asyncpg.Record]


async def _judge(turn: _Turn, policy: Policy, as_of: date) -> tuple[Changes, Changes, Changes]:
    with RECONCILIATION_SECONDS.labels("judge").time():
        await turn.freshen_statistics()
        await turn.do("gather_unconfirmed", turn.tenant_id)
        await turn.do("gather_dossiers", turn.tenant_id, as_of)
        await turn.do("gather_lone_payments", turn.tenant_id, as_of)
        await turn.do("gather_lone_lines")
        await turn.analyze("w_dossier", "w_lone_payment", "w_lone_line")
        await turn.do("expect_of_dossiers", turn.tenant_id, policy.record_wait_days, RECORDED_DAYS)
        await turn.do("expect_of_lone_payments", turn.tenant_id, policy.record_wait_days)
        await turn.do("expect_of_loose_payments", turn.tenant_id)
        await turn.do("expect_of_differing_matches", turn.tenant_id)
        await turn.do("expect_of_odd_payments", turn.tenant_id)
        await turn.do("expect_of_unconfirmed_payments", turn.tenant_id)
        await turn.do("expect_of_loose_lines", turn.tenant_id)
        await _reckon_days(turn, policy)
        await turn.do("forget_watches", turn.tenant_id)
        await turn.do("watch_what_is_not_due", turn.tenant_id, as_of)
        await turn.do("drop_what_is_not_due", as_of)
        await turn.analyze("w_expected")
        return await _record_changes(turn, policy)


async def _reckon_days(turn: _Turn, policy: Policy) -> None:
    found = await turn.fetch("days_to_reckon")
    rows = [(row["since"], row["days"], policy.calendar.add(row["since"], row["days"])) for row in found]
    await turn.do("reckon_days", *_columns(rows, 3))


async def _record_changes(turn: _Turn, policy: Policy) -> tuple[Changes, Changes, Changes]:
    dues = [
        (row["reason"], row["since"], policy.calendar.add(row["since"], REASONS[Reason(row["reason"])].due_days))
        for row in await turn.fetch("reasons_and_days")
    ]
    columns = _columns(dues, 3)
    resolved = await turn.fetch("resolve_what_agrees", turn.tenant_id)
    changed = await turn.fetch("update_what_changed", turn.tenant_id, *columns)
    opened = await turn.fetch("open_what_is_new", turn.tenant_id, *columns)
    for changes, state, said in (
        (resolved, "resolved", "resolved by itself"),
        (changed, "open", "changed"),
        (opened, "open", "opened"),
    ):
        ids, amounts = _columns(((row["discrepancy_id"], row["change"]) for row in changes), 2)
        await turn.do("log_changes", turn.tenant_id, ids, amounts, state, said)
    await _tell(turn, EventKind.RECORDED, resolved)
    await _tell(turn, EventKind.PAID_NOT_RECORDED, opened)
    return opened, changed, resolved


async def _tell(turn: _Turn, kind: EventKind, changes: Changes) -> None:
    """Let the one-stop system hear of money that its dossier does not show, or shows at last."""
    ids = [row["discrepancy_id"] for row in changes if row["reason"] == Reason.PAID_NOT_RECORDED]
    if ids:
        await turn.do("tell_changes", turn.tenant_id, ids, kind)


def _columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Turn rows into as many columns, also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
