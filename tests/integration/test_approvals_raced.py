"""Two people decide while facts come and the matcher works on them, over connections of their own."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from paygate.database import Database, open_database
from paygate.domain.errors import ConflictError, DatabaseUnavailableError
from reconciliation.closing import close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact, World
from reconciliation.policy import Policy
from reconciliation.verification import verify_run
from tests.case_facts import AMOUNT, NEXT, a_bank_line, a_payment, a_record
from tests.casework import Office, an_office
from tests.worlds import DAY, lay_lines, lay_records

NOW: Final = datetime(2024, 6, 1, tzinfo=UTC)
SHORT: Final = 50_000
LINKED, SPLIT, WRITTEN_OFF = (1, 2, 3), (4, 5, 6), (7, 8, 9)
"""Payments, by what is proposed of them."""
UNNAMED: Final = 50
"""Where the lines are numbered from that name no payment."""
PAUSE: Final = 0.08
"""Seconds in which everybody begins."""
LOST: Final = re.compile(
    r"the facts changed since|agree by itself|is matched or went back already|approved the proposal"
)
"""What who comes too late is told."""


def payment_of(number: int) -> PaymentFact:
    return a_payment(number, dossier_code=code_of(number), amount=AMOUNT if number in LINKED else AMOUNT - SHORT)


def code_of(number: int) -> str:
    return f"000.00.12.H23-240508-{number:04}"


def record_of(number: int, due: int = AMOUNT) -> RecordFact:
    return a_record(dossier_code=code_of(number), due=due)


def the_world() -> World:
    """Lay payments with a line that names none, and payments of too little with their own."""
    payments = [payment_of(number) for number in (*LINKED, *SPLIT, *WRITTEN_OFF)]
    lines = [
        LineFact(UNNAMED + one.payment_id, 1, AMOUNT, "VND", NEXT, "", "Nộp phí")
        if one.payment_id in LINKED
        else a_bank_line(one)
        for one in payments
    ]
    return World(payments, lines, [record_of(one.payment_id) for one in payments])


@pytest.fixture
async def office(database: Database) -> Office:
    return await an_office(database, the_world())


@pytest.fixture
async def matchers(database_url: str) -> AsyncIterator[Database]:
    """The connections of another process."""
    async with open_database(database_url, size=3) as opened:
        yield opened


async def proposed(office: Office) -> dict[int, int]:
    """Propose something of every payment, and return the discrepancies by them."""
    found = {}
    for number in (*LINKED, *SPLIT, *WRITTEN_OFF):
        subject = f"line:{UNNAMED + number}" if number in LINKED else None
        [row] = await office.fetch(
            "SELECT discrepancy_id FROM discrepancy WHERE subject = $1 OR reason = 'underpaid' AND dossier_code = $2",
            subject,
            code_of(number),
        )
        found[number] = row["discrepancy_id"]
        matched = await office.fetch("SELECT match_id FROM match WHERE payment_id = $1", number)
        kind, detail = "write_off", {}
        if number in LINKED:
            kind, detail = "link", {"payments": [number], "lines": [UNNAMED + number]}
        elif number in SPLIT:
            kind, detail = "split", {"match": matched[0]["match_id"]}
        await office.propose(found[number], kind, detail)
    return found


async def approved(office: Office, name: str, number: int, version: int) -> str:
    """Approve until there is an answer, and return what who comes too late is told; '' where it is done."""
    for _ in range(500):
        try:
            await office.act(name, "approve", number, version=version)
        except DatabaseUnavailableError:
            await asyncio.sleep(0.01)
        except ConflictError as error:
            return str(error)
        else:
            return ""
    raise AssertionError("it was never answered")


async def news(matchers: Database, tenant_id: int, number: int) -> None:
    """Let what decides a case otherwise come, and match it."""
    async with matchers.transaction() as connection:
        if number in LINKED:
            await lay_lines(connection, tenant_id, [a_bank_line(payment_of(number))])
        else:
            await connection.execute("DELETE FROM procedure_record WHERE dossier_code = $1", code_of(number))
            await lay_records(connection, tenant_id, [record_of(number, AMOUNT + number)])
    await match_dirty(matchers, tenant_id, Policy())


async def raced(
    office: Office, matchers: Database, cases: dict[int, int], chance: random.Random
) -> dict[int, list[str]]:
    """Let two approve each while its news come; return what each was told."""
    seen = {number: await office.version(case) for number, case in cases.items()}

    async def later(pause: float, number: int, name: str) -> str:
        await asyncio.sleep(pause)
        return await approved(office, name, cases[number], seen[number])

    async def come(pause: float, number: int) -> None:
        await asyncio.sleep(pause)
        await news(matchers, office.tenant_id, number)

    order = [(number, name) for number in cases for name in ("binh", "chi")]
    coming = [asyncio.create_task(come(chance.uniform(0, PAUSE), number)) for number in cases]
    told = await asyncio.gather(*(later(chance.uniform(0, PAUSE), *one) for one in order))
    await asyncio.gather(*coming)
    return {number: [said for (one, _), said in zip(order, told, strict=True) if one == number] for number in cases}


async def used_twice(office: Office) -> Sequence[object]:
    """Return the facts of the bank leg that stand in several matches."""
    return await office.fetch(
        "SELECT fact FROM (SELECT DISTINCT match_id, unnest(ARRAY['p' || payment_id, 'l' || fact_id]) AS fact"
        " FROM match WHERE leg = 'bank') AS m WHERE fact IS NOT NULL GROUP BY fact HAVING count(*) > 1"
    )


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
async def test_who_approves_while_the_matcher_works_wins_once_or_is_told_why_not(
    office: Office, matchers: Database, seed: int
) -> None:
    cases = await proposed(office)
    told = await raced(office, matchers, cases, random.Random(seed))
    decided = {
        row["discrepancy_id"]: row["state"]
        for row in await office.fetch("SELECT discrepancy_id, state::text AS state FROM proposal")
    }
    for number, answers in told.items():
        assert answers.count("") == (decided[cases[number]] == "approved"), (number, answers)
        assert all(LOST.search(one) for one in answers if one), answers
    acts = await office.fetch("SELECT count(*) AS n FROM audit_entry WHERE act = 'discrepancy_approved'")
    assert acts[0]["n"] == Counter(decided.values())["approved"]
    await office.match()
    assert not await used_twice(office)
    for day in (DAY, NEXT):
        closed = await close_day(office.database, office.tenant_id, day, Policy(), NOW)
        proof = closed.report["proof"]
        assert proof["residual"] == 0
        assert proof["opening"] + proof["opened"] - proof["closed"] == proof["closing"]
        assert (await verify_run(office.database, closed.run_id, Policy())).difference is None
        assert not await used_twice(office)
