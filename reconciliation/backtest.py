"""What another rule set would have made of past days: the engine itself, in a transaction that is rolled back."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import written
from reconciliation.engine import hold_tenant, latest_close, match_changes
from reconciliation.model import REASONS, Reason
from reconciliation.policy import Policy
from reconciliation.rule_sets import FACTS_OF_A_MARK, in_force, mark_open
from reconciliation.rules.model import RuleSet
from reconciliation.turn import PASS_SECONDS

QUERIES: Final = load_queries("reconciliation.sql", "backtest.sql")

LONGEST_DAYS: Final = 92
"""Days of one backtest: the tenant's matcher waits until it is over."""
MOST_EXAMPLES: Final = 100

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last business day looked at."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < LONGEST_DAYS:
            raise InvalidInputError(
                "from %(first)s to %(last)s is not between one and %(most)s days",
                first=self.first,
                last=self.last,
                most=LONGEST_DAYS,
            )


async def backtest(  # noqa: PLR0913 -- what is tried, on which days, and how much of it is shown
    database: Database, tenant_id: int, policy: Policy, *, candidate: RuleSet, days: Days, examples: int
) -> Json:
    """Judge the facts of past days by a candidate, and say what would be otherwise than it is stored.

    Notices and statements come in meanwhile; the tenant's matcher waits. Nothing that is stored changes.
    """
    async with hold_tenant(database, tenant_id) as connection:
        as_of = await latest_close(connection, tenant_id)
        chosen = await in_force(connection, tenant_id, policy)
        trial = _Trial(connection, tenant_id, replace(policy, rules=candidate), days, as_of)
        async with _undone(connection):
            # What waits for the matcher anyway is no difference between two rule sets.
            await match_changes(connection, tenant_id, chosen, as_of)
            found = await trial.differences(examples)
            contradicted = await trial.contradictions()
    return {
        "from": days.first.isoformat(),
        "to": days.last.isoformat(),
        "rule_set": candidate.version,
        "in_force": chosen.rules.version,
        **found,
        "contradicts": contradicted,
    }


@asynccontextmanager
async def _undone(connection: Connection) -> AsyncIterator[None]:
    """Undo whatever is done inside, however it ends."""
    inside = connection.transaction()
    await inside.start()
    try:
        yield
    finally:
        if not connection.is_closed():
            await inside.rollback()


@dataclass(frozen=True, slots=True)
class _Trial:
    connection: Connection
    tenant_id: int
    policy: Policy
    days: Days
    as_of: date

    async def do(self, name: str, *arguments: object) -> None:
        await self.connection.execute(QUERIES[name], self.tenant_id, *arguments, timeout=PASS_SECONDS)

    async def rows(self, name: str, *arguments: object) -> Sequence[asyncpg.Record]:
        return await self.connection.fetch(QUERIES[name], *arguments, timeout=PASS_SECONDS)

    async def differences(self, examples: int) -> Json:
        between = (self.days.first, self.days.last)
        await self.connection.execute(QUERIES["create_backtest_tables"])
        await self.do("note_retired")
        await self.do("note_live")
        latest = await self.connection.fetchval(QUERIES["latest_match_id"])
        async with _undone(self.connection):
            await self._judge_anew()
            await self.do("compare_matches", latest, *between)
            await self.do("compare_discrepancies", *between)
            return {
                "matches": _grouped(
                    await self.rows("sum_tried_matches"),
                    await self.rows("show_tried_matches", self.tenant_id, examples),
                    ("change", "leg", "before", "after"),
                    _match_in_words,
                ),
                "discrepancies": _grouped(
                    await self.rows("sum_tried_discrepancies"),
                    await self.rows("show_tried_discrepancies", self.tenant_id, examples),
                    ("change", "reason"),
                    _discrepancy_in_words,
                ),
            }

    async def contradictions(self) -> list[Json]:
        """Find pairs that a person has parted and that the candidate would join, were it let."""
        if not await self.connection.fetchval(QUERIES["count_parted"], self.tenant_id):
            return []
        await self.do("set_parted_aside")
        await self.do("mark_parted")
        await self._judge_anew()
        rows = await self.rows("find_contradictions", self.tenant_id, self.days.first, self.days.last)
        return [{**_plain(row), **_contradiction_in_words(row)} for row in rows]

    async def _judge_anew(self) -> None:
        between = (self.days.first, self.days.last)
        await self.do("mark_days", *between, FACTS_OF_A_MARK)
        await self.do("mark_dossiers_of_days", *between)
        await mark_open(self.connection, self.tenant_id)
        await match_changes(self.connection, self.tenant_id, self.policy, self.as_of)


Words = Mapping[str, str]
"""The same in the officers' language and in English."""


def _grouped(
    sums: Sequence[asyncpg.Record],
    examples: Sequence[asyncpg.Record],
    by: Sequence[str],
    say: Callable[[asyncpg.Record], Words],
) -> list[Json]:
    """Put the examples beneath the sums they are of."""
    of: dict[tuple[object, ...], list[Json]] = {}
    for row in examples:
        shown = {name: value for name, value in _plain(row).items() if name not in by}
        of.setdefault(tuple(row[name] for name in by), []).append({**shown, **say(row)})
    return [
        {
            **dict(row),
            "others": json.loads(row["others"] or "{}"),
            "examples": of.get(tuple(row[name] for name in by), []),
        }
        for row in sums
    ]


def _plain(row: asyncpg.Record) -> Json:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


_OUTCOMES: Final[Mapping[str, tuple[str, str]]] = {
    "new": ("sẽ ghép với {line}", "would be joined with {line}"),
    "gone": ("sẽ không còn ghép được", "would no longer be joined"),
    "other": ("sẽ ghép với {line} theo quy tắc khác", "would be joined with {line} by another rule"),
    "vanishes": ("sẽ không còn", "would vanish"),
    "appears": ("sẽ phát sinh", "would appear"),
    "changes": ("sẽ đổi số tiền", "would change its amount"),
    "contradicts": (
        "sẽ ghép lại với {line}, dù {who} đã tách",
        "would be joined again with {line}, which {who} parted",
    ),
}


def _say(change: str, subject: tuple[str, str], line: tuple[str, str] = ("", ""), who: str = "") -> Words:
    vi, en = _OUTCOMES[change]
    return {
        "vi": f"{subject[0]}: {vi.format(line=line[0], who=who)}",
        "en": f"{subject[1]}: {en.format(line=line[1], who=who)}",
    }


def _money_in_words(row: asyncpg.Record) -> tuple[str, str]:
    names, money = [row["reference"], row["dossier_code"]], written(row["amount"], row["currency"])
    if not any(names):
        return f"dòng {row['line']}, {money}", f"line {row['line']}, {money}"
    vi = [row["reference"], row["dossier_code"] and f"hồ sơ {row['dossier_code']}", money]
    en = [row["reference"], row["dossier_code"] and f"dossier {row['dossier_code']}", money]
    return ", ".join(filter(None, vi)), ", ".join(filter(None, en))


def _line_in_words(row: asyncpg.Record) -> tuple[str, str]:
    if row["line"] is None:
        return "dòng sao kê", "its line"
    booked = f"{row['booked_on']:%d/%m/%Y}, {written(row['line_amount'], row['line_currency'])}"
    return f"dòng {row['line']} ngày {booked}", f"line {row['line']} of {booked}"


def _match_in_words(row: asyncpg.Record) -> Words:
    return _say(row["change"], _money_in_words(row), _line_in_words(row))


def _discrepancy_in_words(row: asyncpg.Record) -> Words:
    rule, (vi, en) = REASONS[Reason(row["reason"])], _money_in_words(row)
    return _say(row["change"], (f"{vi}: {rule.vi.rstrip('.')}", f"{en}: {rule.en.rstrip('.')}"))


def _contradiction_in_words(row: asyncpg.Record) -> Words:
    return _say("contradicts", _money_in_words(row), _line_in_words(row), row["parted_by"])
