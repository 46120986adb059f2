"""Statement files become lines, each once, however often and in whatever overlap they come."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import date, time
from hashlib import sha256
from io import BytesIO

import pytest

from adapters.statements.camt import read_camt
from paygate.database import Database
from paygate.directory import AccountEntry, Directory, SourceEntry, TenantEntry, store_directory
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.legs import Leg
from paygate.domain.money import MAX_TOTAL
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned
from paygate.domain.statement_import import StatementImport, preview
from paygate.statements import BATCH_LINES, import_statements

ACCOUNT, OTHER_ACCOUNT, THEIR_ACCOUNT = "0011001234567", "0011007654321", "9999"


@pytest.fixture
async def directory(database: Database) -> Directory:
    tenants = {code: TenantEntry(code, "H23", "Asia/Ho_Chi_Minh") for code in ("haiduong", "phutho")}
    owners = {ACCOUNT: "haiduong", OTHER_ACCOUNT: "haiduong", THEIR_ACCOUNT: "phutho"}
    accounts = {number: AccountEntry(tenant, "970436", "bank") for number, tenant in owners.items()}
    sources = {"hd": SourceEntry("haiduong", "dvcqg", ACCOUNT, time(), {Leg.BANK: 1})}
    async with database.transaction() as connection:
        return await store_directory(connection, tenants, accounts, sources)


def line(row: int = 1, amount: int = 100, reference: str = "dvc0001", **other: str) -> StatementLine:
    return StatementLine(row, date(2024, 5, 8), None, amount, "VND", "FT1", reference, "HO SO", **other)


def statement(
    *parts: StatementPart, account: str | None = ACCOUNT, opening: int | None = None, closing: int | None = None
) -> list[StatementPart]:
    return [StatementHead(account, "S1", "VND", opening=opening, closing=closing), *parts, StatementEnd()]


async def store(
    database: Database,
    directory: Directory,
    parts: Sequence[StatementPart] | Iterator[StatementPart],
    *,
    file: str = "a",
    account: str | None = None,
) -> StatementImport:
    tenant_id = directory.tenant("haiduong").tenant_id
    async with database.connection() as connection:
        return await import_statements(
            connection, tenant_id, parts, file_hash=sha256(file.encode()).digest(), format="camt", account=account
        )


async def count(database: Database, table: str) -> int:
    async with database.connection() as connection:
        found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return found


async def test_new_lines_are_stored_and_marked_for_the_matcher(database: Database, directory: Directory) -> None:
    result = await store(database, directory, statement(line(1), line(2, 50, "dvc-0002"), opening=10, closing=160))
    assert (result.new, result.known, result.balanced, result.account) == (2, 0, True, ACCOUNT)
    async with database.connection() as connection:
        stored = await connection.fetch("SELECT * FROM statement_line ORDER BY line_id")
        [mark] = await connection.fetch("SELECT kind, fact_ids FROM dirty")
    assert [(row["amount"], row["reference_key"], row["row_number"]) for row in stored] == [
        (100, "DVC0001", 1),
        (50, "DVC0002", 2),
    ]
    assert (mark["kind"], mark["fact_ids"]) == ("line", [row["line_id"] for row in stored])


async def test_the_same_file_again_adds_nothing_and_says_so(database: Database, directory: Directory) -> None:
    first = await store(database, directory, statement(line(), RefusedRow(2, "bad"), Warned("odd")))
    again = await store(database, directory, statement(line(), RefusedRow(2, "bad"), Warned("odd")))
    assert (again.already_imported, again.new, again.known) == (True, 0, 1)
    assert (again.refused, again.warnings, again.lines) == (first.refused, first.warnings, first.lines)
    assert await count(database, "statement") == await count(database, "statement_line") == 1
    assert await count(database, "dirty") == 1


async def test_another_file_that_overlaps_adds_only_what_is_new(database: Database, directory: Directory) -> None:
    await store(database, directory, statement(line(1), line(2, 50)), file="a")
    result = await store(database, directory, statement(line(1, 50), line(2, 70)), file="b")
    assert (result.new, result.known) == (1, 1)
    assert await count(database, "statement_line") == 3


async def test_a_file_of_nothing_new_leaves_the_matcher_nothing_to_do(database: Database, directory: Directory) -> None:
    await store(database, directory, statement(line()), file="a")
    await store(database, directory, statement(line()), file="b")
    assert (await count(database, "dirty"), await count(database, "statement")) == (1, 2)


async def test_twins_of_one_file_both_stay_and_come_only_once(database: Database, directory: Directory) -> None:
    twins = statement(line(1), line(2), line(3))
    assert (await store(database, directory, twins, file="a")).new == 3
    assert (await store(database, directory, twins, file="b")).new == 0
    assert (await store(database, directory, statement(*twins[1:-1], line(4)), file="c")).new == 1


async def test_twins_in_two_statements_of_one_file_both_stay(database: Database, directory: Directory) -> None:
    assert (await store(database, directory, [*statement(line(1)), *statement(line(2))])).new == 2


async def test_a_twin_on_another_account_is_another_line(database: Database, directory: Directory) -> None:
    parts = [*statement(line(1)), *statement(line(2), account=OTHER_ACCOUNT)]
    result = await store(database, directory, parts)
    assert (result.new, result.account, len(result.statements)) == (2, None, 2)


async def test_a_line_of_another_currency_is_kept(database: Database, directory: Directory) -> None:
    foreign = StatementLine(1, date(2024, 5, 8), None, 5, "USD", "", "", "")
    assert (await store(database, directory, statement(foreign))).new == 1


async def test_bad_rows_are_listed_and_the_rest_loads(database: Database, directory: Directory) -> None:
    parts = statement(line(1), RefusedRow(2, "'x' is not a date"), line(3, 7), line(4, counterparty="a\0b"))
    result = await store(database, directory, parts)
    assert result.new == 2
    assert [(row.row, row.reason.split(",")[0]) for row in result.refused] == [
        (2, "'x' is not a date"),
        (4, "it holds a NUL"),
    ]
    async with database.connection() as connection:
        kept = json.loads(await connection.fetchval("SELECT refused FROM statement"))
    assert kept[0] == {"row": 2, "reason": "'x' is not a date"}


@pytest.mark.parametrize("text", ["\ud800", "x" * 501])
async def test_a_reference_that_cannot_be_stored_is_a_bad_row(
    database: Database, directory: Directory, text: str
) -> None:
    result = await store(database, directory, statement(line(1), line(2, reference=text)))
    assert (result.new, [row.row for row in result.refused]) == (1, [2])


async def test_a_wrong_balance_is_reported_and_stored(database: Database, directory: Directory) -> None:
    result = await store(database, directory, statement(line(), opening=0, closing=99))
    assert result.balanced is False
    assert result.warnings == ["opening 0 and lines 100 do not make closing 99"]
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT balanced FROM statement") is False


async def test_what_only_the_end_tells_is_stored(database: Database, directory: Directory) -> None:
    end = StatementEnd(opening=1, closing=101, account=ACCOUNT, period_from=date(2024, 5, 8), entries=5)
    result = await store(database, directory, [StatementHead(None, "S1", None), line(), end])
    assert (result.balanced, result.account, result.as_json()["entries"]) == (True, ACCOUNT, 5)


@pytest.mark.parametrize(
    ("named", "chosen", "message"),
    [
        ("123", None, f"no account '123'; the tenant has {ACCOUNT}, {OTHER_ACCOUNT}"),
        (THEIR_ACCOUNT, None, f"no account '{THEIR_ACCOUNT}'; the tenant has {ACCOUNT}, {OTHER_ACCOUNT}$"),
        (None, None, "names no account"),
        (None, "123", "no account '123'"),
        (ACCOUNT, THEIR_ACCOUNT, f"no account '{THEIR_ACCOUNT}'"),
        (OTHER_ACCOUNT, ACCOUNT, f"has a statement of account '{OTHER_ACCOUNT}', not only of '{ACCOUNT}'"),
    ],
)
async def test_an_account_that_is_not_the_tenants_own_is_refused_and_nothing_stored(
    database: Database, directory: Directory, named: str | None, chosen: str | None, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        await store(database, directory, statement(line(), account=named), account=chosen)
    assert await count(database, "statement_line") == await count(database, "statement") == 0


@pytest.mark.parametrize("named", [None, "0011 0012 34567", "VN-SOMETHING-ELSE"])
async def test_a_chosen_account_stands_in_for_a_name_nobody_knows(
    database: Database, directory: Directory, named: str | None
) -> None:
    assert (await store(database, directory, statement(line(), account=named), account=ACCOUNT)).account == ACCOUNT


async def test_one_chosen_account_is_not_given_the_statements_of_several(
    database: Database, directory: Directory
) -> None:
    parts = [*statement(line(1), account="X"), *statement(line(2), account="Y")]
    with pytest.raises(InvalidInputError, match=r"statement of account '[XY]'"):
        await store(database, directory, parts, account=ACCOUNT)


async def test_an_unknown_account_is_refused_before_the_whole_file_is_read(
    database: Database, directory: Directory
) -> None:
    def parts() -> Iterator[StatementPart]:
        yield StatementHead("123", "S1", "VND")
        yield from (line(row) for row in range(BATCH_LINES))
        raise AssertionError("read on")

    with pytest.raises(InvalidInputError, match="no account '123'"):
        await store(database, directory, parts())


def camt(entries: int) -> bytes:
    entry = (
        '<Ntry><Amt Ccy="VND">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        "<BookgDt><Dt>2024-05-08</Dt></BookgDt></Ntry>"
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>1</Id>'
        f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id></Acct>{entry * entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


async def test_a_file_cut_in_the_middle_stores_nothing(database: Database, directory: Directory) -> None:
    whole = camt(BATCH_LINES + 10)
    with pytest.raises(UnreadableStatementError):
        await store(database, directory, read_camt(BytesIO(whole[: -len(whole) // 10_000])))
    assert await count(database, "statement_line") == await count(database, "statement") == 0
    assert (await store(database, directory, read_camt(BytesIO(whole)))).new == BATCH_LINES + 10


async def test_progress_is_told_in_batches_and_marks_are_bounded(database: Database, directory: Directory) -> None:
    told: list[int] = []
    tenant_id = directory.tenant("haiduong").tenant_id
    async with database.connection() as connection:
        await import_statements(
            connection,
            tenant_id,
            read_camt(BytesIO(camt(BATCH_LINES * 2 + 1))),
            file_hash=sha256(b"a").digest(),
            format="camt",
            progress=told.append,
        )
        marks = await connection.fetch("SELECT cardinality(fact_ids) FROM dirty ORDER BY dirty_id")
    assert told == [BATCH_LINES, BATCH_LINES * 2, BATCH_LINES * 2 + 1]
    assert [mark[0] for mark in marks] == [BATCH_LINES, BATCH_LINES, 1]


async def test_two_at_once_import_each_line_once(database: Database, directory: Directory) -> None:
    forth = [line(row, row) for row in range(1, 300)]
    results = await asyncio.gather(
        store(database, directory, statement(*forth), file="a"),
        store(database, directory, statement(*reversed(forth)), file="b"),
        store(database, directory, statement(*forth), file="a"),
    )
    assert sum(result.new or 0 for result in results) == await count(database, "statement_line") == 299
    assert await count(database, "statement") == 2


async def test_several_files_may_share_a_transaction(database: Database, directory: Directory) -> None:
    tenant_id = directory.tenant("haiduong").tenant_id
    async with database.transaction() as connection:
        for name in (b"a", b"b"):
            result = await import_statements(
                connection, tenant_id, statement(line()), file_hash=sha256(name).digest(), format="camt"
            )
    assert (result.new, result.known) == (0, 1)


async def test_more_bad_rows_than_anybody_reads_are_counted(database: Database, directory: Directory) -> None:
    result = await store(database, directory, statement(*[RefusedRow(row, "bad") for row in range(1005)]))
    assert (len(result.refused), result.warnings) == (1000, ["5 more rows were refused"])


async def test_amounts_beyond_the_ledger_are_refused(database: Database, directory: Directory) -> None:
    with pytest.raises(InvalidInputError, match="add up to more"):
        await store(database, directory, statement(line(1, MAX_TOTAL), line(2, 1)))


def test_a_preview_says_what_an_import_would_read() -> None:
    parts = statement(line(1), line(2, 50), RefusedRow(3, "bad"), Warned("odd"), opening=0, closing=150)
    assert preview(parts, format="camt").as_json() == {
        "format": "camt",
        "account": ACCOUNT,
        "statements": 1,
        "entries": 3,
        "lines": 2,
        "opening": 0,
        "closing": 150,
        "balanced": True,
        "warnings": ["odd"],
        "refused": [{"row": 3, "reason": "bad"}],
    }


@pytest.mark.parametrize(
    ("closings", "balanced"), [((100, 100), True), ((100, 99), False), ((100, None), None), ((99, None), False)]
)
def test_several_statements_balance_together_or_not(
    closings: Sequence[int | None],
    balanced: bool | None,  # noqa: FBT001 -- the answer expected, not a switch
) -> None:
    parts = [part for closing in closings for part in statement(line(), opening=0, closing=closing)]
    shape = preview(parts, format="camt").as_json()
    assert (shape["balanced"], shape["opening"], shape["closing"]) == (balanced, None, None)


async def kinds_of(directory: Directory, database: Database, kind: str) -> None:
    async with database.connection() as connection:
        await connection.execute("UPDATE account SET kind = $1 WHERE number = $2", kind, ACCOUNT)


@pytest.mark.parametrize(("kind", "leg"), [("bank", "bank"), ("gateway", "settlement"), ("treasury", "treasury")])
async def test_a_line_is_evidence_of_what_its_account_holds_and_is_marked_for_the_matcher(
    database: Database, directory: Directory, kind: str, leg: str
) -> None:
    await kinds_of(directory, database, kind)
    result = await store(database, directory, statement(line(1), line(2, 50)))
    assert (result.new, result.as_json()["legs"]) == (2, {leg: 2})
    async with database.connection() as connection:
        assert {row["leg"] for row in await connection.fetch("SELECT leg FROM statement_line")} == {leg}
    assert await count(database, "dirty") == 1
    assert (await store(database, directory, statement(line(1), line(2, 50)))).as_json()["legs"] == {leg: 2}


async def test_a_format_that_knows_better_than_the_account_decides_what_its_lines_are(
    database: Database, directory: Directory
) -> None:
    parts = [StatementHead(ACCOUNT, "S1", "VND", leg=Leg.SETTLEMENT), line(), StatementEnd()]
    assert (await store(database, directory, parts)).as_json()["legs"] == {"settlement": 1}


async def test_where_a_statement_stands_among_its_accounts_is_kept(database: Database, directory: Directory) -> None:
    parts = [StatementHead(ACCOUNT, "S1", "VND", sequence=1810118101, page=2), line(), StatementEnd()]
    await store(database, directory, parts)
    async with database.connection() as connection:
        [stored] = await connection.fetch("SELECT sequence, page FROM statement")
    assert tuple(stored) == (1810118101, 2)


async def test_a_trailer_that_does_not_agree_makes_the_statement_unbalanced(
    database: Database, directory: Directory
) -> None:
    parts = [StatementHead(ACCOUNT, "S1", "VND"), line(), Warned("9 were told"), StatementEnd(trailer_agrees=False)]
    assert (await store(database, directory, parts)).balanced is False
    again = await store(database, directory, parts)
    assert (again.already_imported, again.balanced, again.warnings) == (True, False, ["9 were told"])
