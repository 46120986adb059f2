"""What is proposed on a discrepancy's page is done when another approves: joined, corrected, reopened."""

import pytest

from paygate.access import Role
from tests.desk import Visitor
from tests.desk_cases import WHY, act, field, number_of, path_of, propose, state_of
from tests.outside_stories import BANK, NEXT_DAY
from tests.province import close_days, done, table
from tests.served import Served


async def lay_stray_money(province: Served) -> tuple[int, int]:
    """Let a bank line of no payment come that is the missing one of a payment; return what does not agree of each."""
    missing = await number_of(province, "bank_missing")
    await tell_line(province, 150_000, "NOP TIEN")
    await close_days(province)
    return missing, await number_of(province, "bank_unexpected")


async def tell_line(province: Served, credit: int, narrative: str) -> None:
    headers = await province.token("haiduong", Role.ADMIN)
    line = {"booked_on": NEXT_DAY, "reference": "", "narrative": narrative, "credit": credit, "debit": ""}
    route = "/v1/statements?tenant=haiduong&account=001&format=table&mapping=bank"
    await done(province, route, headers, data=table(BANK, [line]))


async def fact_of(province: Served, number: int, column: str) -> int:
    return int(await province.fetchval(f"SELECT {column} FROM discrepancy WHERE discrepancy_id = $1", number))


async def test_a_missing_payment_and_an_unexpected_line_are_joined_and_the_case_is_matched(
    province: Served, maker: Visitor, checker: Visitor
) -> None:
    missing, unexpected = await lay_stray_money(province)
    payment, line = await fact_of(province, missing, "payment_id"), await fact_of(province, unexpected, "line_id")
    where = path_of(missing, "/propose/link")
    _, text = await maker.get(where)
    assert f'value="{payment}" checked' in text
    assert f'value="{line}"' in text, "the matcher suggests it"
    await propose(maker, missing, "link", payment=payment, line=line, reason="")
    _, text = await checker.get(path_of(missing))
    assert "150.000 ₫ − 150.000 ₫ = 0 ₫".replace(" ₫", "\N{NO-BREAK SPACE}₫") in text
    assert (await act(checker, missing, "approve"))[0] == 200
    await close_days(province)
    assert [await state_of(province, one) for one in (missing, unexpected)] == ["resolved", "resolved"]
    rule = await province.fetchval("SELECT rule FROM match WHERE payment_id = $1 AND leg = 'bank'", payment)
    assert rule == "by_hand"
    _, text = await maker.get(path_of(missing))
    assert "nối tay" in text


async def test_a_joining_that_does_not_add_up_wants_a_reason(province: Served, maker: Visitor) -> None:
    missing = await number_of(province, "bank_missing")
    await tell_line(province, 149_000, "NOP TIEN KHAC")
    await close_days(province)
    line = await province.fetchval("SELECT line_id FROM statement_line WHERE narrative = 'NOP TIEN KHAC'")
    payment = await fact_of(province, missing, "payment_id")
    where = path_of(missing, "/propose/link")
    looked = {"amount": "149.000", "day": NEXT_DAY, "step": "look", "payment": payment}
    _, text = await maker.post(where, {"version": await field(maker, where), **looked})
    assert f'id="line-{line}"' in text, "it is found by amount and day"
    given = {"version": await field(maker, where), "payment": payment, "line": line, "step": "check", "reason": ""}
    status, text = await maker.post(where, given)
    assert status == 422
    assert "+1.000" in text
    status, _ = await propose(maker, missing, "link", payment=payment, line=line)
    assert status == 200
    assert await state_of(province, missing) == "proposed"


@pytest.mark.parametrize("ticked", [{}, {"payment": "999999", "line": "999999"}, {"payment": "x", "line": "-1"}])
async def test_what_is_not_free_cannot_be_joined(province: Served, maker: Visitor, ticked: dict[str, str]) -> None:
    where = path_of(await number_of(province, "bank_missing"), "/propose/link")
    status, _ = await maker.post(
        where, {"version": await field(maker, where), "reason": WHY, "step": "check", **ticked}
    )
    assert status == 422


async def test_a_flag_is_corrected_when_another_approves(province: Served, maker: Visitor, checker: Visitor) -> None:
    number = await number_of(province, "flag_not_synced")
    await propose(maker, number, "correct_flag", flag="1")
    assert "thành 1" in (await checker.get(path_of(number)))[1]
    await act(checker, number, "approve")
    code = await province.fetchval("SELECT dossier_code FROM discrepancy WHERE discrepancy_id = $1", number)
    assert (
        await province.fetchval("SELECT online_payment_flag FROM procedure_record WHERE dossier_code = $1", code) == 1
    )


async def test_what_was_closed_is_reopened_when_another_approves(
    province: Served, maker: Visitor, checker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    await act(checker, number, "approve")
    _, text = await maker.get(path_of(number))
    assert ">Mở lại</a>" in text
    await propose(maker, number, "reopen")
    assert (await act(checker, number, "approve"))[0] == 200
    await close_days(province)
    assert await province.fetchval("SELECT former FROM discrepancy WHERE former = $1 AND state = 'open'", number)
