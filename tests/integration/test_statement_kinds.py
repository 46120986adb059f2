"""One movement told in a notification, a report and a statement is one line, in whatever order they come."""

from datetime import date, time
from hashlib import sha256
from itertools import permutations

import pytest

from paygate.database import Database
from paygate.directory import AccountEntry, SourceEntry, TenantEntry, store_directory
from paygate.domain.calendar import Calendar
from paygate.domain.legs import Leg
from paygate.domain.statement import StatementEnd, StatementHead, StatementKind, StatementLine
from paygate.domain.statement_import import StatementImport
from paygate.statements import import_statements
from reconciliation.arrivals import check_feeds

ACCOUNT, OTHER_ACCOUNT = "001", "002"
DAY = date(2024, 5, 8)
STATEMENT, REPORT, NOTIFICATION = StatementKind

Told = tuple[StatementKind, list[StatementLine]]


@pytest.fixture
async def tenant_id(database: Database) -> int:
    async with database.connection() as connection:
        directory = await store_directory(
            connection,
            {"haiduong": TenantEntry("Hải Dương", "H23", "Asia/Ho_Chi_Minh")},
            {number: AccountEntry("haiduong", "970436", "bank") for number in (ACCOUNT, OTHER_ACCOUNT)},
            {"hd": SourceEntry("haiduong", "dvcqg", ACCOUNT, time(), {Leg.BANK: 1})},
        )
    return directory.tenant("haiduong").tenant_id


def line(amount: int, entry: str = "R1", *, says: str = "HO SO", row: int = 1, day: date = DAY) -> StatementLine:
    return StatementLine(row, day, None, amount, "VND", entry, "", says, entry_reference=entry)


async def tell(
    database: Database, tenant_id: int, kind: StatementKind, *lines: StatementLine, account: str = ACCOUNT
) -> StatementImport:
    parts = [StatementHead(account, "S1", "VND", DAY, DAY, kind=kind), *lines, StatementEnd()]
    file_hash = sha256(repr(parts).encode()).digest()
    async with database.connection() as connection:
        return await import_statements(connection, tenant_id, parts, file_hash=file_hash, format="camt")


async def stored(database: Database) -> list[tuple[int, str]]:
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT amount, narrative FROM statement_line ORDER BY line_id")
    return [(row["amount"], row["narrative"]) for row in rows]


ONE_BY_ONE = [line(100, says="A"), line(50, says="B")]
AS_ONE = [line(150, says="batch")]


@pytest.mark.parametrize(
    "order", list(permutations([(NOTIFICATION, ONE_BY_ONE), (REPORT, AS_ONE), (STATEMENT, AS_ONE)]))
)
async def test_an_entry_told_in_every_kind_counts_once_and_stays_as_it_was_told_first(
    database: Database, tenant_id: int, order: tuple[Told, ...]
) -> None:
    results = [await tell(database, tenant_id, kind, *lines) for kind, lines in order]
    _, first = order[0]
    assert await stored(database) == [(said.amount, said.narrative) for said in first]
    assert [(result.new, result.known) for result in results[1:]] == [(0, len(lines)) for _, lines in order[1:]]


async def test_a_statement_that_follows_a_notification_is_still_whole(database: Database, tenant_id: int) -> None:
    await tell(database, tenant_id, NOTIFICATION, line(100))
    result = await tell(database, tenant_id, STATEMENT, line(100, says="other words"), line(70, "R2"))
    assert (result.lines, result.new, result.known, result.statements[0].total) == (2, 1, 1, 170)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT total FROM statement_day ORDER BY statement_id DESC LIMIT 1") == 170


@pytest.mark.parametrize(
    "other",
    [
        line(100, "R2", says="B"),
        line(101, says="B"),
        line(100, says="B", day=date(2024, 5, 9)),
    ],
    ids=["another name", "another sum", "another day"],
)
async def test_an_entry_of_another_name_sum_or_day_is_another_movement(
    database: Database, tenant_id: int, other: StatementLine
) -> None:
    await tell(database, tenant_id, NOTIFICATION, line(100, says="A"))
    assert (await tell(database, tenant_id, STATEMENT, other)).new == 1


async def test_the_same_name_on_another_account_is_another_movement(database: Database, tenant_id: int) -> None:
    await tell(database, tenant_id, NOTIFICATION, line(100, says="A"))
    assert (await tell(database, tenant_id, STATEMENT, line(100, says="B"), account=OTHER_ACCOUNT)).new == 1


async def test_two_entries_of_one_kind_that_share_a_name_both_stay(database: Database, tenant_id: int) -> None:
    await tell(database, tenant_id, NOTIFICATION, line(100, "NOTUNIQUE", says="A"))
    assert (await tell(database, tenant_id, NOTIFICATION, line(100, "NOTUNIQUE", says="B"))).new == 1


async def test_a_statement_that_tells_more_under_a_shared_name_loses_nothing(
    database: Database, tenant_id: int
) -> None:
    await tell(database, tenant_id, NOTIFICATION, line(100, "SHARED", says="A"))
    result = await tell(
        database, tenant_id, STATEMENT, line(100, "SHARED", says="A"), line(100, "SHARED", says="B", row=2)
    )
    assert (result.new, result.known) == (1, 1)


async def test_what_has_no_name_is_left_to_the_statement_where_the_account_gets_any(
    database: Database, tenant_id: int
) -> None:
    assert (await tell(database, tenant_id, NOTIFICATION, line(100, "", says="A"))).new == 1
    await tell(database, tenant_id, STATEMENT, line(70, "", says="B"))
    assert (await tell(database, tenant_id, NOTIFICATION, line(200, "", says="C"))).new == 0
    assert (await tell(database, tenant_id, STATEMENT, line(200, "", says="C in full"))).new == 1


@pytest.mark.parametrize(("kind", "complete"), [(STATEMENT, True), (REPORT, False), (NOTIFICATION, False)])
async def test_only_a_statement_covers_its_day(
    database: Database,
    tenant_id: int,
    kind: StatementKind,
    complete: bool,  # noqa: FBT001 -- the answer expected, not a switch
) -> None:
    await tell(database, tenant_id, kind, line(100))
    async with database.connection() as connection:
        account, _ = await check_feeds(connection, tenant_id, DAY, Calendar())
    assert (account["account"], account["complete"]) == (ACCOUNT, complete)


async def test_a_report_of_a_running_day_does_not_contradict_the_statement_of_it(
    database: Database, tenant_id: int
) -> None:
    await tell(database, tenant_id, REPORT, line(100))
    await tell(database, tenant_id, STATEMENT, line(100), line(70, "R2"))
    async with database.connection() as connection:
        account, _ = await check_feeds(connection, tenant_id, DAY, Calendar())
    assert account["complete"]
