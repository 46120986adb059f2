"""What approved proposals come to: facts joined by hand, flags corrected, and how both are undone or overtaken."""

import json
from dataclasses import replace
from typing import Any

import pytest

from paygate.database import Database
from paygate.domain.casework import ProposalKind
from paygate.domain.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from paygate.domain.record import ProcedureRecord
from paygate.domain.record_reading import read_records
from paygate.records import upsert
from reconciliation.model import Reason
from reconciliation.oracle.facts import LineFact, SourceFact, World
from reconciliation.parting import rejoin_alone, rejoin_match, undo_alone, undo_match
from tests.case_facts import AMOUNT, DOSSIER, NEXT, a_bank_line, a_payment, a_payout, a_record, a_settlement_line
from tests.casework import Office, an_office
from tests.record_rows import a_row
from tests.worlds import DOSSIERS, lay_lines

PAID = a_payment(1)
OTHER = a_payment(2, dossier_code=DOSSIERS[1])
RECORDS = [a_record(), a_record(dossier_code=DOSSIERS[1])]


def unnamed(number: int, amount: int = AMOUNT, **changes: Any) -> LineFact:
    return replace(LineFact(number, 1, amount, "VND", NEXT, "", "Nộp phí"), **changes)


async def an_unnamed_line(database: Database, *lines: LineFact) -> tuple[Office, int]:
    """A tenant with two payments and lines of no name, and the discrepancy of line 50."""
    office = await an_office(database, World([PAID, OTHER], list(lines) or [unnamed(50)], RECORDS))
    rows = await office.fetch("SELECT discrepancy_id FROM discrepancy WHERE subject = 'line:50'")
    return office, rows[0]["discrepancy_id"]


async def matches(office: Office) -> list[tuple[object, ...]]:
    rows = await office.fetch("SELECT rule, difference, payment_id, fact_id FROM match ORDER BY payment_id, fact_id")
    return [tuple(row) for row in rows]


async def live(office: Office) -> list[tuple[object, ...]]:
    rows = await office.fetch(
        "SELECT subject, reason, amount FROM discrepancy WHERE state <> 'resolved' ORDER BY subject, reason"
    )
    return [tuple(row) for row in rows]


async def test_what_is_joined_by_hand_agrees_and_resolves_what_lacked_it(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    assert await matches(office) == [("by_hand", 0, 1, 50)]
    assert await live(office) == []
    row = await office.row(line)
    assert (row["state"], row["resolution"]) == ("resolved", "the facts agree now")


async def test_a_link_that_comes_out_even_needs_no_reason_and_another_does(database: Database) -> None:
    office, line = await an_unnamed_line(database, unnamed(50), unnamed(51, AMOUNT - 1))
    worker = await office.worker("anh")
    for detail, why in (
        ({"payments": [1, 2], "lines": [50, 51]}, "differ by 1: say why"),
        ({"payments": [1], "lines": [50]}, ""),
    ):
        if why:
            with pytest.raises(InvalidInputError, match=why):
                await office.act(worker.person, "propose", line, ProposalKind.LINK, detail, " ")
        else:
            await office.act(worker.person, "propose", line, ProposalKind.LINK, detail, " ")


async def test_money_on_another_account_is_joined_with_a_reason_only(database: Database) -> None:
    office, line = await an_unnamed_line(database, unnamed(50, account_id=2))
    with pytest.raises(InvalidInputError, match="several accounts: say why"):
        await office.act("anh", "propose", line, ProposalKind.LINK, {"payments": [1], "lines": [50]}, "")
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    assert await live(office) == []


async def test_what_a_link_differs_by_stays_one_discrepancy(database: Database) -> None:
    office, line = await an_unnamed_line(database, unnamed(50, AMOUNT), unnamed(51, AMOUNT - 5))
    await office.settle(line, "link", {"payments": [1, 2], "lines": [50, 51]})
    assert await matches(office) == [("by_hand", 5, 1, 50), ("by_hand", 5, 2, 51)]
    assert await live(office) == [("payment:1", "amount_differs", 5)]


@pytest.mark.parametrize(
    ("detail", "fault"),
    [
        ({"payments": [2], "lines": [51]}, "nothing of this is what the discrepancy is about"),
        ({"payments": [1], "lines": [50, 52]}, "several currencies"),
        ({"payments": [1], "lines": [50, 50]}, "each named once"),
        ({"payments": list(range(1, 40)), "lines": list(range(40, 60))}, "at most 50 facts"),
        ({"payments": [], "lines": [50]}, "at least 1 item"),
        ({"payments": [1]}, "Field required"),
        ({"payments": ["1"], "lines": [50]}, "valid integer"),
    ],
)
async def test_a_link_that_cannot_be_is_refused(database: Database, detail: dict[str, list[int]], fault: str) -> None:
    office, line = await an_unnamed_line(database, unnamed(50), unnamed(51, 1), unnamed(52, currency="USD"))
    with pytest.raises(InvalidInputError, match=fault):
        await office.propose(line, "link", detail)


async def test_what_is_not_there_or_is_a_debit_is_not_joined(database: Database) -> None:
    office, line = await an_unnamed_line(database, unnamed(50), unnamed(51, -AMOUNT))
    for detail in ({"payments": [1], "lines": [50, 51]}, {"payments": [3], "lines": [50]}):
        with pytest.raises(NotFoundError, match="that came"):
            await office.propose(line, "link", detail)
    await office.limit("anh", "000.00.99.H23")
    with pytest.raises(NotFoundError, match="no such discrepancy"):
        await office.propose(line, "link", {"payments": [1], "lines": [50]})


async def test_what_is_matched_already_is_not_joined_before_it_is_split(database: Database) -> None:
    office, line = await an_unnamed_line(database, unnamed(50), a_bank_line(PAID))
    with pytest.raises(ConflictError, match="payment 1 is matched"):
        await office.propose(line, "link", {"payments": [1], "lines": [50]})


async def test_what_came_with_its_batch_is_not_joined_with_a_line_of_its_own(database: Database) -> None:
    lines = [a_settlement_line(PAID), a_payout(AMOUNT), unnamed(50)]
    office = await an_office(database, World([PAID], lines, RECORDS, {1: SourceFact(settlement_days=1, account_id=1)}))
    assert ("settlement_batch",) in {match[:1] for match in await matches(office)}
    [line] = await office.fetch("SELECT discrepancy_id FROM discrepancy WHERE subject = 'line:50'")
    with pytest.raises(ConflictError, match="payment 1 is matched"):
        await office.propose(line["discrepancy_id"], "link", {"payments": [1], "lines": [50]})


async def test_a_link_is_refused_whose_facts_were_matched_before_it_was_approved(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.propose(line, "link", {"payments": [1], "lines": [50]})
    async with database.connection() as connection:
        await lay_lines(connection, office.tenant_id, [a_bank_line(PAID)])
    await office.match()
    with pytest.raises(ConflictError, match="payment 1 is matched"):
        await office.act("binh", "approve", line)
    assert (await office.row(line))["state"] == "proposed"


async def test_what_is_joined_stays_joined_whatever_comes_by_its_reference(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    async with database.connection() as connection:
        await lay_lines(connection, office.tenant_id, [a_bank_line(PAID)])
    await office.match()
    assert await matches(office) == [("by_hand", 0, 1, 50)]
    assert await live(office) == [("line:11", "bank_unexpected", AMOUNT)]


async def test_a_reversal_of_a_joined_line_frees_the_rest(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    async with database.connection() as connection:
        await lay_lines(connection, office.tenant_id, [unnamed(51, -AMOUNT, reversal=True), a_bank_line(PAID)])
    await office.match()
    assert await matches(office) == [("exact", 0, 1, 11)]
    assert await live(office) == []


async def test_a_reversal_that_comes_alone_finds_the_joined_line_it_takes_back(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    async with database.connection() as connection:
        await lay_lines(connection, office.tenant_id, [unnamed(51, -AMOUNT, reversal=True)])
    await office.match()
    assert await matches(office) == []
    assert await live(office) == []


async def test_undoing_a_link_parts_it_and_forgets_that_it_was_joined(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    [match] = await office.fetch("SELECT match_id FROM match")
    async with database.transaction() as connection:
        await undo_match(connection, office.tenant_id, match["match_id"], person="binh", reason="another's")
    await office.match()
    assert await matches(office) == []
    assert await office.fetch("SELECT FROM joined") == []
    again = await office.live(Reason.BANK_UNEXPECTED)
    assert again["former"] == line
    async with database.transaction() as connection:
        await rejoin_match(connection, office.tenant_id, match["match_id"])
    await office.match()
    assert await matches(office) == [("by_hand", 0, 1, 50)]


async def test_an_undoing_is_not_taken_back_of_what_was_joined_otherwise_since(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    [match] = await office.fetch("SELECT match_id FROM match")
    async with database.transaction() as connection:
        await undo_match(connection, office.tenant_id, match["match_id"], person="binh", reason="another's")
    await office.match()
    again = (await office.live(Reason.BANK_UNEXPECTED))["discrepancy_id"]
    await office.settle(again, "link", {"payments": [2], "lines": [50]})
    assert await matches(office) == [("by_hand", 0, 2, 50)]
    with pytest.raises(ConflictError, match="joined with other facts"):
        async with database.transaction() as connection:
            await rejoin_match(connection, office.tenant_id, match["match_id"])


async def test_a_link_is_undone_by_a_proposal_about_what_it_resolved(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    [match] = await office.fetch("SELECT match_id FROM match")
    await office.settle(line, "split", {"match": match["match_id"]})
    assert await matches(office) == []
    assert (await office.live(Reason.BANK_UNEXPECTED))["former"] == line


async def test_what_two_people_have_joined_is_parted_by_no_one_alone(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    await office.settle(line, "link", {"payments": [1], "lines": [50]})
    [match] = await office.fetch("SELECT match_id FROM match")
    with pytest.raises(NotAllowedError, match="propose to split"):
        async with database.transaction() as connection:
            await undo_alone(connection, office.tenant_id, match["match_id"], person="chi", reason="alone")
    await office.match()
    assert await matches(office) == [("by_hand", 0, 1, 50)]


async def test_what_two_people_have_split_is_joined_by_no_one_alone_but_by_a_link(database: Database) -> None:
    office = await an_office(database, World([replace(PAID, amount=1)], [a_bank_line(PAID, amount=1)], RECORDS))
    [match] = await office.fetch("SELECT match_id FROM match")
    underpaid = (await office.live(Reason.UNDERPAID))["discrepancy_id"]
    await office.settle(underpaid, "split", {"match": match["match_id"]})
    with pytest.raises(NotAllowedError, match="propose to link"):
        async with database.transaction() as connection:
            await rejoin_alone(connection, office.tenant_id, match["match_id"])
    await office.match()
    assert await matches(office) == []
    [line] = await office.fetch("SELECT fact_id FROM match_history")
    extra = (await office.live(Reason.BANK_UNEXPECTED))["discrepancy_id"]
    await office.settle(extra, "link", {"payments": [1], "lines": [line["fact_id"]]})
    assert await matches(office) == [("by_hand", 0, 1, line["fact_id"])]


@pytest.fixture
async def flagless(database: Database) -> tuple[Office, int]:
    """A tenant whose dossier is paid and not flagged so, where its source expects that."""
    world = World([PAID], [a_bank_line(PAID)], [a_record(flag=0)], {1: SourceFact(report_days=0)})
    office = await an_office(database, world)
    async with database.connection() as connection:  # judged as of a day on which the flag is due
        await connection.execute(
            "INSERT INTO run (tenant_id, business_date, sequence, rule_set, status, report, digest)"
            " VALUES ($1, '2024-05-31', 1, '', 'matched', '{}', '')",
            office.tenant_id,
        )
    await office.match()
    return office, (await office.live(Reason.FLAG_NOT_SYNCED))["discrepancy_id"]


async def test_a_corrected_flag_resolves_what_lacked_it_and_is_told(flagless: tuple[Office, int]) -> None:
    office, number = flagless
    await office.settle(number, "correct_flag", {"flag": 1})
    assert (await office.row(number))["state"] == "resolved"
    [news] = await office.fetch("SELECT subject, body FROM news WHERE kind = 'dossier.flag_corrected'")
    assert news["subject"] == f"dossier:{DOSSIER}"
    assert json.loads(news["body"]) == {"dossier_code": DOSSIER, "online_payment_flag": 1, "discrepancy": number}


async def test_a_newer_version_of_the_record_overtakes_a_corrected_flag(flagless: tuple[Office, int]) -> None:
    office, number = flagless
    await office.settle(number, "correct_flag", {"flag": 1})
    newer = json.dumps([a_row(dossier_code=DOSSIER, version=2, online_payment_flag=0)]).encode()
    records = [one for one in read_records(newer, "application/json") if isinstance(one, ProcedureRecord)]
    async with office.database.transaction() as connection:
        await upsert(connection, office.tenant_id, records)
    [stored] = await office.fetch("SELECT online_payment_flag, version FROM procedure_record")
    assert tuple(stored) == (0, 2)


@pytest.mark.parametrize(("flag", "fault"), [(0, "0 already"), (3, "less than or equal to 2"), (True, "valid integer")])
async def test_a_flag_that_is_no_other_is_refused(flagless: tuple[Office, int], flag: int, fault: str) -> None:
    office, number = flagless
    with pytest.raises(InvalidInputError, match=fault):
        await office.propose(number, "correct_flag", {"flag": flag})


async def test_where_there_is_no_record_there_is_no_flag(database: Database) -> None:
    office, line = await an_unnamed_line(database)
    with pytest.raises(InvalidInputError, match="no dossier that has a record"):
        await office.propose(line, "correct_flag", {"flag": 1})
