"""What people do about a discrepancy: each act by whom it may be, on what they saw, once, with its trail."""

import asyncio
import json

import asyncpg
import pytest

from paygate import audit
from paygate.database import Database
from paygate.domain.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from reconciliation.model import Reason
from reconciliation.oracle.facts import World
from tests.case_facts import AMOUNT, a_bank_line, a_payment, a_record
from tests.casework import Office, an_office
from tests.worlds import lay_records

PAID = a_payment(amount=AMOUNT - 50_000)
AGENCY, ANOTHER = "000.00.12.H23", "000.00.99.H23"


@pytest.fixture
async def office(database: Database) -> Office:
    """A tenant in which a dossier is underpaid by 50,000."""
    return await an_office(database, World([PAID], [a_bank_line(PAID)], [a_record()]))


@pytest.fixture
async def underpaid(office: Office) -> int:
    number: int = (await office.live(Reason.UNDERPAID))["discrepancy_id"]
    return number


async def state_of(office: Office, discrepancy_id: int) -> tuple[str, str | None]:
    row = await office.row(discrepancy_id)
    return row["state"], row["assignee"]


async def said_of(office: Office, discrepancy_id: int) -> list[tuple[str, str | None]]:
    rows = await office.fetch(
        "SELECT said, person FROM discrepancy_event WHERE discrepancy_id = $1 ORDER BY event_id", discrepancy_id
    )
    return [(row["said"], row["person"]) for row in rows]


async def test_it_is_made_somebodys_task_and_nobodys_again(office: Office, underpaid: int) -> None:
    await office.act("anh", "assign", underpaid, "binh")
    assert await state_of(office, underpaid) == ("assigned", "binh")
    await office.act("chi", "assign", underpaid, None)
    assert await state_of(office, underpaid) == ("open", None)
    assert await said_of(office, underpaid) == [("opened", None), ("assigned", "anh"), ("unassigned", "chi")]


async def test_who_has_the_task_already_is_not_given_it_again(office: Office, underpaid: int) -> None:
    await office.act("anh", "assign", underpaid, "anh")
    assert await office.act("anh", "assign", underpaid, "anh") is None
    assert len(await office.fetch("SELECT FROM audit_entry")) == 1


@pytest.mark.parametrize("nobody", ["dung", "nobody", ""])
async def test_it_cannot_be_the_task_of_who_does_not_work_on_it(office: Office, underpaid: int, nobody: str) -> None:
    with pytest.raises(InvalidInputError, match="works on discrepancies here"):
        await office.act("anh", "assign", underpaid, nobody)


async def test_it_cannot_be_the_task_of_who_does_not_see_it(office: Office, underpaid: int) -> None:
    await office.limit("binh", ANOTHER)
    with pytest.raises(InvalidInputError, match="works for other agencies"):
        await office.act("anh", "assign", underpaid, "binh")
    await office.limit("binh", ANOTHER, AGENCY)
    await office.act("anh", "assign", underpaid, "binh")


async def test_a_comment_stands_in_the_trail_as_it_was_typed(office: Office, underpaid: int) -> None:
    await office.act("anh", "comment", underpaid, "  Đã gọi  điện.\r\nHọ sẽ nộp thêm. ")
    rows = await office.fetch("SELECT detail FROM discrepancy_event WHERE said = 'commented'")
    assert json.loads(rows[0]["detail"]) == {"text": "Đã gọi điện.\nHọ sẽ nộp thêm."}
    assert await state_of(office, underpaid) == ("open", None)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 2001, "a\x00b", "a\u202eb"])
async def test_a_comment_that_says_nothing_that_can_be_seen_is_refused(
    office: Office, underpaid: int, text: str
) -> None:
    with pytest.raises(InvalidInputError, match="say something"):
        await office.act("anh", "comment", underpaid, text)


async def test_what_is_proposed_of_nobodys_task_becomes_its_makers(office: Office, underpaid: int) -> None:
    await office.propose(underpaid)
    assert await state_of(office, underpaid) == ("proposed", "anh")
    [proposal] = await office.fetch("SELECT * FROM proposal")
    assert (proposal["kind"], proposal["amount"], proposal["state"]) == ("write_off", 50_000, "open")
    assert await said_of(office, underpaid) == [("opened", None), ("assigned", "anh"), ("proposed", "anh")]


async def test_while_one_proposal_is_open_there_is_no_other(office: Office, underpaid: int) -> None:
    await office.propose(underpaid)
    with pytest.raises(ConflictError, match="a proposal is open"):
        await office.propose(underpaid, "not_ours", by="chi")


@pytest.mark.parametrize(
    ("kind", "detail", "fault"),
    [
        ("write_off", {"amount": 1}, r"detail\.amount: Extra inputs"),
        ("split", {}, r"detail\.match: Field required"),
        ("split", {"match": "1"}, r"detail\.match: Input should be a valid integer"),
        ("split", {"match": 2**63}, r"detail\.match: Input should be less"),
        ("refund", {"amount": 0}, r"detail\.amount: Input should be greater"),
        ("refund", {"amount": 1}, "is not mended by a refund"),
    ],
)
async def test_a_proposal_that_cannot_be_done_is_refused(
    office: Office, underpaid: int, kind: str, detail: dict[str, object], fault: str
) -> None:
    with pytest.raises(InvalidInputError, match=fault):
        await office.propose(underpaid, kind, detail)
    assert await state_of(office, underpaid) == ("open", None)


@pytest.mark.parametrize("kind", ["write_off", "not_ours"])
async def test_an_approved_closing_resolves_it_by_who_approved(office: Office, underpaid: int, kind: str) -> None:
    done = await office.settle(underpaid, kind)
    row = await office.row(underpaid)
    assert (done.state, row["state"], row["resolution"], row["resolved_by"]) == ("resolved", "resolved", kind, "binh")
    [change] = await office.fetch("SELECT change FROM discrepancy_event WHERE said = 'closed'")
    assert change["change"] == -50_000
    assert await office.fetch("SELECT FROM discrepancy WHERE state <> 'resolved'") == []


async def test_a_closed_one_is_opened_anew_for_another_amount_and_names_the_former(
    office: Office, underpaid: int
) -> None:
    await office.settle(underpaid)
    async with office.database.connection() as connection:
        await connection.execute("DELETE FROM procedure_record")
        await lay_records(connection, office.tenant_id, [a_record(due=AMOUNT + 1)])
    await office.match()
    again = await office.live(Reason.UNDERPAID)
    assert (again["amount"], again["former"]) == (50_001, underpaid)


async def test_a_split_frees_the_facts_of_the_match(office: Office, underpaid: int) -> None:
    [match] = await office.fetch("SELECT match_id FROM match")
    await office.settle(underpaid, "split", {"match": match["match_id"]})
    assert await office.fetch("SELECT FROM match") == []
    assert await state_of(office, underpaid) == ("assigned", "anh")
    assert (await office.live(Reason.BANK_UNEXPECTED))["line_id"] == 11


async def test_only_a_match_of_the_case_can_be_split(database: Database) -> None:
    other = a_payment(2, dossier_code=None)
    office = await an_office(database, World([PAID, other], [a_bank_line(PAID), a_bank_line(other)], [a_record()]))
    [match] = await office.fetch("SELECT match_id FROM match WHERE payment_id = 2")
    underpaid = (await office.live(Reason.UNDERPAID))["discrepancy_id"]
    for number in (match["match_id"], 2**62):
        with pytest.raises(NotFoundError, match="no such match"):
            await office.propose(underpaid, "split", {"match": number})


async def test_a_rejected_proposal_goes_back_to_its_maker_with_the_reason(office: Office, underpaid: int) -> None:
    await office.propose(underpaid)
    await office.act("chi", "assign", underpaid, "binh")
    await office.act("binh", "reject", underpaid, "ask the payer first")
    assert await state_of(office, underpaid) == ("assigned", "anh")
    [proposal] = await office.fetch("SELECT state::text, decided_by, answer FROM proposal")
    assert tuple(proposal) == ("rejected", "binh", "ask the payer first")


async def test_a_maker_takes_back_what_they_proposed_and_nobody_else_does(office: Office, underpaid: int) -> None:
    await office.propose(underpaid)
    with pytest.raises(NotAllowedError, match="anh made this proposal"):
        await office.act("chi", "withdraw", underpaid)
    await office.act("anh", "withdraw", underpaid)
    assert await state_of(office, underpaid) == ("assigned", "anh")
    await office.propose(underpaid, "not_ours")


@pytest.mark.parametrize(("act", "said"), [("approve", ()), ("reject", ("no",))])
async def test_nobody_decides_what_they_proposed(
    office: Office, underpaid: int, act: str, said: tuple[str, ...]
) -> None:
    await office.propose(underpaid, by="chi")
    with pytest.raises(NotAllowedError, match="you made this proposal"):
        await office.act("chi", act, underpaid, *said)
    assert await state_of(office, underpaid) == ("proposed", "chi")


@pytest.mark.parametrize("state", ["approved", "rejected"])
async def test_the_database_knows_no_proposal_decided_by_its_maker(office: Office, underpaid: int, state: str) -> None:
    await office.propose(underpaid)
    for by in ("anh", None):
        with pytest.raises(asyncpg.CheckViolationError):
            await office.fetch(
                "UPDATE proposal SET state = $1::text::proposal_state, decided_by = $2, decided_at = now()", state, by
            )


@pytest.mark.parametrize(
    ("act", "said", "who"),
    [
        ("assign", ("anh",), "binh"),
        ("comment", ("x",), "dung"),
        ("withdraw", (), "binh"),
        ("approve", (), "anh"),
        ("reject", ("no",), "anh"),
    ],
)
async def test_an_act_asks_for_its_role(
    office: Office, underpaid: int, act: str, said: tuple[str, ...], who: str
) -> None:
    await office.propose(underpaid, by="chi")
    with pytest.raises(NotAllowedError, match="may not do this"):
        await office.act(who, act, underpaid, *said)


async def test_an_approver_does_not_propose(office: Office, underpaid: int) -> None:
    with pytest.raises(NotAllowedError, match="may not do this"):
        await office.propose(underpaid, by="binh")


async def test_who_saw_other_facts_acts_on_nothing(office: Office, underpaid: int) -> None:
    seen = await office.version(underpaid)
    async with office.database.connection() as connection:
        await connection.execute("DELETE FROM procedure_record")
        await lay_records(connection, office.tenant_id, [a_record(due=AMOUNT + 1)])
    await office.match()
    for act, said in (("assign", ("anh",)), ("comment", ("x",))):
        with pytest.raises(ConflictError, match="the facts changed since"):
            await office.act("anh", act, underpaid, *said, version=seen)


async def test_what_others_said_meanwhile_stops_nobody(office: Office, underpaid: int) -> None:
    seen = await office.version(underpaid)
    await office.act("anh", "comment", underpaid, "x")
    await office.act("anh", "assign", underpaid, "binh")
    await office.act("anh", "comment", underpaid, "y", version=seen)


async def test_a_version_that_is_yet_to_come_is_none(office: Office, underpaid: int) -> None:
    with pytest.raises(InvalidInputError, match="the version"):
        await office.act("anh", "comment", underpaid, "x", version=2**62)


async def test_a_proposal_is_not_approved_on_other_facts_than_it_was_made_on(office: Office, underpaid: int) -> None:
    await office.propose(underpaid)
    async with office.database.connection() as connection:
        await connection.execute("DELETE FROM procedure_record")
        await lay_records(connection, office.tenant_id, [a_record(due=AMOUNT + 1)])
    await office.match()
    with pytest.raises(ConflictError, match="since it was proposed"):
        await office.act("binh", "approve", underpaid)
    await office.act("binh", "reject", underpaid, "look again")


async def test_of_two_who_decide_at_once_one_does_and_the_other_is_told_who_and_when(
    office: Office, underpaid: int
) -> None:
    await office.propose(underpaid)
    seen = await office.version(underpaid)
    answers = await asyncio.gather(
        office.act("binh", "approve", underpaid, version=seen),
        office.act("chi", "reject", underpaid, "no", version=seen),
        return_exceptions=True,
    )
    [refusal] = [one for one in answers if isinstance(one, BaseException)]
    [proposal] = await office.fetch("SELECT state::text AS state, decided_by FROM proposal")
    assert isinstance(refusal, ConflictError)
    assert str(refusal).startswith(f"{proposal['decided_by']} {proposal['state']} the proposal at ")


async def test_a_proposal_about_what_came_to_agree_is_withdrawn_by_itself(office: Office, underpaid: int) -> None:
    await office.propose(underpaid)
    async with office.database.connection() as connection:
        await connection.execute("DELETE FROM procedure_record")
        await lay_records(connection, office.tenant_id, [a_record(due=PAID.amount)])
    await office.match()
    [proposal] = await office.fetch("SELECT state::text, decided_by, answer FROM proposal")
    assert tuple(proposal) == ("withdrawn", None, "resolved by itself")
    with pytest.raises(ConflictError, match="by itself"):
        await office.act("binh", "approve", underpaid)


async def test_a_refund_is_awaited_until_it_is_due_and_the_rest_is_kept_apart(database: Database) -> None:
    twice = a_payment(2)
    office = await an_office(database, World([a_payment(), twice], [], [a_record()]))
    duplicate = (await office.live(Reason.DUPLICATE_PAYMENT))["discrepancy_id"]
    with pytest.raises(InvalidInputError, match="at most 150000 can be refunded"):
        await office.propose(duplicate, "refund", {"amount": AMOUNT + 1})
    before = (await office.row(duplicate))["due"]
    await office.settle(duplicate, "refund", {"amount": AMOUNT})
    row = await office.row(duplicate)
    assert (row["state"], row["assignee"], row["refund_amount"]) == ("assigned", "anh", AMOUNT)
    assert row["due"] > before


@pytest.mark.parametrize(("act", "said"), [("comment", ("x",)), ("assign", ("anh",)), ("approve", ())])
async def test_anothers_discrepancy_is_not_there(
    office: Office, underpaid: int, act: str, said: tuple[str, ...]
) -> None:
    await office.propose(underpaid)
    await office.limit("chi", ANOTHER)
    with pytest.raises(NotFoundError, match="no such discrepancy"):
        await office.act("chi", act, underpaid, *said)
    await office.limit("chi", ANOTHER, AGENCY)
    await office.act("chi", act, underpaid, *said)
    other = await an_office(office.database, World([], [], []), "bacninh")
    with pytest.raises(NotFoundError, match="no such discrepancy"):
        await other.act("chi", act, underpaid, *said)


async def test_a_split_takes_no_match_that_another_agency_has_part_in(database: Database) -> None:
    theirs = a_payment(2, dossier_code="H99-1", reference=PAID.reference)
    world = World([PAID, theirs], [a_bank_line(PAID, amount=PAID.amount + AMOUNT)], [a_record()])
    office = await an_office(database, world)
    [match] = await office.fetch("SELECT DISTINCT match_id FROM match")
    await office.limit("anh", AGENCY)
    underpaid = (await office.live(Reason.UNDERPAID))["discrepancy_id"]
    with pytest.raises(NotFoundError, match="no such match"):
        await office.propose(underpaid, "split", {"match": match["match_id"]})


async def test_what_was_done_stands_in_the_chain(office: Office, underpaid: int) -> None:
    await office.settle(underpaid)
    async with office.database.connection() as connection:
        entries = await connection.fetch("SELECT actor, act, subject FROM audit_entry ORDER BY number")
        assert (await audit.verify(connection, office.tenant_id)).broken is None
    subject = f"discrepancy:{underpaid}"
    assert [tuple(row) for row in entries] == [
        ("anh", "discrepancy_proposed", subject),
        ("binh", "discrepancy_approved", subject),
    ]


async def test_what_is_resolved_is_left_alone(office: Office, underpaid: int) -> None:
    await office.settle(underpaid)
    for act, said in (("comment", ("x",)), ("assign", ("anh",))):
        with pytest.raises(ConflictError, match="it is resolved"):
            await office.act("anh", act, underpaid, *said)


async def test_what_people_closed_is_reopened_by_two_people_as_another_that_names_it(
    office: Office, underpaid: int
) -> None:
    await office.settle(underpaid)
    await office.settle(underpaid, "reopen")
    again = await office.live(Reason.UNDERPAID)
    assert (again["amount"], again["former"], again["state"]) == (50_000, underpaid, "open")
    row = await office.row(underpaid)
    assert (row["state"], row["resolved_by"], row["reopened_by"]) == ("resolved", "binh", "binh")
    with pytest.raises(InvalidInputError, match="reopened since"):
        await office.propose(underpaid, "reopen")
    await office.settle(again["discrepancy_id"], "not_ours")
    assert await office.fetch("SELECT FROM discrepancy WHERE state <> 'resolved'") == []


async def test_what_nobody_closed_is_not_reopened(office: Office, underpaid: int) -> None:
    with pytest.raises(InvalidInputError, match="no person has closed it"):
        await office.propose(underpaid, "reopen")


async def test_of_what_is_resolved_nothing_is_proposed_but_to_undo_it(office: Office, underpaid: int) -> None:
    await office.settle(underpaid)
    with pytest.raises(ConflictError, match="it is resolved"):
        await office.propose(underpaid, "write_off")
    await office.propose(underpaid, "reopen", by="chi")
    with pytest.raises(NotAllowedError, match="you made this proposal"):
        await office.act("chi", "approve", underpaid)
    await office.act("binh", "reject", underpaid, "it was right")
    assert (await office.row(underpaid))["state"] == "resolved"
