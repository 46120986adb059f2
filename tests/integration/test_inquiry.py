"""Questions to sources, over HTTP and on a real database: what is asked, what is believed, and that it ends by name."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from paygate.database import Database
from paygate.domain.inquiry import BREAK_AFTER
from paygate.domain.lifecycle import Outcome, PaymentState
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.policy import Policy
from tests.inquiry_desk import Desk, open_desk, the_payment


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async for one in open_desk(database, "vnpay"):
        yield one


@pytest.mark.parametrize("kind", ["dvcqg", "vnpay", "momo", "zalopay"])
async def test_a_payment_whose_notice_never_came_is_found_by_asking(database: Database, kind: str) -> None:
    async for desk in open_desk(database, kind):
        await desk.request("REF-1")
        desk.asked.known["REF-1"] = the_payment()
        assert await desk.round() == 1
        assert await desk.payments() == [("REF-1", "14422574", "paid", 50_000)]
        (row,) = await desk.fetch("SELECT method, headers, body FROM notice")
        assert row["method"] == "QUERY"
        assert "REF-1" in row["headers"]
        await desk.due_again()
        assert await desk.round() == 0
        assert (await desk.inquiry())["state"] == "settled"


async def test_a_pending_payment_is_asked_about_and_becomes_paid(desk: Desk) -> None:
    await desk.pending(transaction_id="14422574")
    desk.asked.known["REF-1"] = the_payment()
    await desk.round()
    assert await desk.payments() == [("REF-1", "14422574", "paid", 50_000)]


async def test_what_has_a_result_is_never_asked_about(desk: Desk) -> None:
    await desk.pending(state=PaymentState.PAID, outcome=Outcome.PAID)
    await desk.request("REF-1")
    assert await desk.round() == 0


async def test_a_first_question_waits_for_the_notice_a_while(desk: Desk) -> None:
    await desk.request("REF-1", hours=0)
    assert await desk.round() == 0
    assert (await desk.inquiry())["next_ask_at"] > datetime.now(UTC)


async def test_a_pending_answer_is_asked_again_and_kept_once(desk: Desk) -> None:
    await desk.request("REF-1")
    desk.asked.known["REF-1"] = the_payment(state=PaymentState.PENDING, outcome=Outcome.PENDING)
    for _ in range(3):
        assert await desk.round() == 1
        await desk.due_again()
    assert len(await desk.fetch("SELECT FROM notice")) == 1
    assert (await desk.inquiry())["attempts"] == 3


@pytest.mark.parametrize("notice_first", [True, False])
async def test_an_answer_and_a_notice_of_the_same_money_agree_whichever_comes_first(
    desk: Desk, *, notice_first: bool
) -> None:
    steps = [desk.notice, desk.round] if notice_first else [desk.round, desk.notice]
    await desk.request("REF-1")
    desk.asked.known["REF-1"] = the_payment(description="Lệ phí")
    for step in steps:
        await step()
    rows = await desk.fetch("SELECT method, conflicting, state::text FROM notice ORDER BY notice_id")
    assert not any(row["conflicting"] for row in rows)
    # What was acknowledged is kept, though an answer said it before; what is settled is not even asked about.
    assert [row["method"] for row in rows] == (["GET"] if notice_first else ["QUERY", "GET"])
    assert await desk.payments() == [("REF-1", "14422574", "paid", 50_000)]


async def test_a_failure_answered_after_money_was_told_is_shown_and_the_money_stays(desk: Desk) -> None:
    await desk.request("REF-1")
    desk.asked.known["REF-1"] = the_payment(state=PaymentState.FAILED, outcome=Outcome.DECLINED)
    await desk.round()
    await desk.notice()  # late, and of an hour before the question
    (payment,) = await desk.fetch("SELECT state::text, contradicted FROM payment")
    assert tuple(payment) == ("paid", True)


async def test_a_late_success_after_an_answered_failure_contradicts_nothing(desk: Desk) -> None:
    await desk.request("REF-1")
    desk.asked.known["REF-1"] = the_payment(state=PaymentState.FAILED, outcome=Outcome.DECLINED)
    await desk.round()
    await desk.notice(occurred_at=datetime.now(UTC) + timedelta(minutes=1))
    (payment,) = await desk.fetch("SELECT state::text, contradicted FROM payment")
    assert tuple(payment) == ("paid", False)


async def test_an_unknown_payment_is_asked_about_until_its_expiry_without_a_row(desk: Desk) -> None:
    await desk.request("REF-1")
    await desk.round()
    row = await desk.inquiry()
    assert (row["state"], row["last_outcome"], row["attempts"]) == ("open", "unknown", 1)
    assert await desk.fetch("SELECT FROM notice") == []


async def test_money_of_another_amount_is_not_believed_and_is_shown(desk: Desk) -> None:
    await desk.request("REF-1", amount=50_000)
    desk.asked.known["REF-1"] = the_payment(amount=40_000)
    await desk.round()
    assert await desk.payments() == [("REF-1", "14422574", "pending", 40_000)]
    assert (await desk.fetch("SELECT contradicted FROM payment"))[0]["contradicted"]


async def hang(_: web.Request, good: web.Response) -> web.StreamResponse:
    await asyncio.sleep(5)
    return good


async def half(request: web.Request, good: web.Response) -> web.StreamResponse:
    assert isinstance(good.body, bytes)
    response = web.StreamResponse(headers={"Content-Length": str(len(good.body))})
    await response.prepare(request)
    await response.write(good.body[: len(good.body) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


async def cut_short(_: web.Request, good: web.Response) -> web.StreamResponse:
    assert isinstance(good.body, bytes)
    return web.Response(body=good.body[: len(good.body) // 2])


async def garbage(_: web.Request, _good: web.Response) -> web.StreamResponse:
    return web.Response(text="<html>busy</html>")


async def anothers(_: web.Request, good: web.Response) -> web.StreamResponse:
    assert isinstance(good.body, bytes)
    return web.Response(body=good.body.replace(b"REF-1", b"REF-2"))


async def forged(_: web.Request, good: web.Response) -> web.StreamResponse:
    assert isinstance(good.body, bytes)
    return web.Response(body=good.body.replace(b"5000000", b"5000001"))


async def elsewhere(request: web.Request, _good: web.Response) -> web.StreamResponse:
    raise web.HTTPFound(request.url.with_query("again"))


async def endless(request: web.Request, _good: web.Response) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(64):
        await response.write(b" " * 65_536)
    return response


async def failing(_: web.Request, _good: web.Response) -> web.StreamResponse:
    return web.Response(status=503, text="x")


@pytest.mark.parametrize(
    ("misbehave", "outcome"),
    [
        (hang, "unreachable"),
        (half, "unreachable"),
        (endless, "unreachable"),
        (cut_short, "unauthentic"),
        (garbage, "unauthentic"),
        (anothers, "unauthentic"),
        (forged, "unauthentic"),
        (elsewhere, "unanswered"),
        (failing, "unanswered"),
    ],
)
async def test_an_answer_that_must_not_be_believed_leaves_the_payment_to_be_asked_again(
    desk: Desk, misbehave: Any, outcome: str
) -> None:
    await desk.request("REF-1")
    desk.asked.known["REF-1"] = the_payment()
    desk.asked.misbehave = misbehave
    await desk.round()
    assert await desk.payments() == []
    row = await desk.inquiry()
    assert (row["state"], row["last_outcome"]) == ("open", outcome)
    assert len(desk.asked.questions) == 1
    desk.asked.misbehave = None
    await desk.due_again()
    await desk.round()
    assert await desk.payments() == [("REF-1", "14422574", "paid", 50_000)]


async def test_two_pollers_at_once_ask_once(desk: Desk) -> None:
    for number in range(20):
        await desk.request(f"REF-{number}")
    await desk.poller.enrol(desk.one)
    counts = await asyncio.gather(*[desk.another().ask(desk.one) for _ in range(4)])
    while sum(counts) < 20:
        counts.append(await desk.poller.ask(desk.one))
    assert len(desk.asked.questions) == len(set(desk.asked.questions)) == sum(counts) == 20


async def test_an_answer_heard_after_the_lease_went_to_another_is_dropped(desk: Desk) -> None:
    await desk.request("REF-1")
    desk.asked.known["REF-1"] = the_payment()
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_: web.Request, good: web.Response) -> web.StreamResponse:
        asked.set()
        await go_on.wait()
        return good

    desk.asked.misbehave = wait
    await desk.poller.enrol(desk.one)
    frozen = asyncio.create_task(desk.poller.ask(desk.one))
    await asked.wait()
    assert await desk.another().ask(desk.one) == 0  # the lease holds
    await desk.fetch("UPDATE inquiry SET leased_until = now(), fence = fence + 1 RETURNING reference")
    go_on.set()
    await frozen
    assert await desk.fetch("SELECT FROM notice") == []
    assert (await desk.inquiry())["attempts"] == 0
    desk.asked.misbehave = None
    assert await desk.round(desk.another()) == 1
    assert len(await desk.fetch("SELECT FROM notice")) == 1


async def test_a_restart_in_between_goes_on_where_it_was(desk: Desk) -> None:
    await desk.request("REF-1")
    await desk.round()
    await desk.due_again()
    desk.asked.known["REF-1"] = the_payment()
    assert await desk.round(desk.another()) == 1
    assert (await desk.inquiry())["attempts"] == 2


async def test_a_source_that_fails_again_and_again_is_left_in_peace_then_probed_once(desk: Desk) -> None:
    for number in range(BREAK_AFTER + 3):
        await desk.request(f"REF-{number}")
    desk.asked.misbehave = failing
    await desk.round()
    for _ in range(3):
        await desk.fetch("UPDATE inquiry SET next_ask_at = now() RETURNING reference")
        assert await desk.round() == 0
    desk.asked.misbehave = None
    await desk.due_again()
    assert await desk.round() == 1
    await desk.due_again()
    assert await desk.round() == BREAK_AFTER + 3


async def test_no_more_questions_leave_than_the_rate_grants(desk: Desk) -> None:
    for number in range(10):
        await desk.request(f"REF-{number}")
    slow = replace(desk.one, rate=0.001)
    await desk.poller.enrol(slow)
    assert [await poller.ask(slow) for poller in (desk.poller, desk.another(), desk.another())] == [1, 0, 0]
    await desk.fetch("UPDATE inquiry_pace SET free_at = now() - interval '1 day' RETURNING source_id")
    assert await desk.poller.ask(slow) == 1


async def test_a_payment_that_is_never_confirmed_is_given_up_by_name_at_its_expiry(desk: Desk) -> None:
    await desk.pending()
    await desk.poller.enrol(desk.one)
    await desk.fetch("DELETE FROM dirty RETURNING dirty_id")
    await desk.fetch("UPDATE inquiry SET expires_at = now() RETURNING reference")
    await desk.poller.ask(desk.one)
    row = await desk.inquiry()
    assert (row["state"], row["next_ask_at"]) == ("expired", None)
    assert row["expired_on"] is not None
    assert len(desk.asked.questions) == 1
    assert [one["kind"] for one in await desk.fetch("SELECT kind FROM dirty")] == ["payment"]


async def test_what_was_given_up_is_a_discrepancy_until_a_late_notice_settles_it(desk: Desk) -> None:
    await desk.pending(transaction_id="14422574")
    await desk.poller.enrol(desk.one)
    await desk.fetch("UPDATE inquiry SET expires_at = now() RETURNING reference")
    await desk.poller.ask(desk.one)
    given_up = (await desk.inquiry())["expired_on"]
    assert await judged(desk, given_up - timedelta(days=1)) == []
    assert await judged(desk, given_up) == [("never_confirmed", "open", 50_000, given_up)]
    await desk.notice()
    left = await judged(desk, given_up)
    assert [one[1] for one in left if one[0] == "never_confirmed"] == ["resolved"]


async def judged(desk: Desk, day: date) -> list[tuple[str, str, int, date]]:
    async with hold_tenant(desk.database, desk.place.tenant_id) as connection:
        await match_changes(connection, desk.place.tenant_id, Policy(), day)
    rows = await desk.fetch("SELECT reason, state::text, amount, since FROM discrepancy ORDER BY reason")
    return [tuple(row) for row in rows]


async def test_what_could_not_be_asked_at_its_expiry_is_given_up_too(desk: Desk) -> None:
    await desk.pending()
    await desk.poller.enrol(desk.one)
    await desk.fetch("UPDATE inquiry SET expires_at = now() - interval '2 hours' RETURNING reference")
    await desk.poller.enrol(desk.one)
    assert (await desk.inquiry())["state"] == "expired"
    assert desk.asked.questions == []


async def test_a_late_success_is_found_by_the_nightly_sweep(desk: Desk) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await desk.pending(
        state=PaymentState.FAILED, outcome=Outcome.DECLINED, transaction_id="14422574", occurred_at=yesterday
    )
    desk.asked.known["REF-1"] = the_payment(occurred_at=yesterday)
    assert await desk.round() == 1
    assert await desk.payments() == [("REF-1", "14422574", "paid", 50_000)]
    await desk.due_again()
    assert await desk.round() == 0  # once a business day


async def test_a_late_success_of_another_amount_is_not_believed_either(desk: Desk) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await desk.pending(
        state=PaymentState.FAILED, outcome=Outcome.DECLINED, transaction_id="14422574", occurred_at=yesterday
    )
    desk.asked.known["REF-1"] = the_payment(occurred_at=yesterday, amount=1)
    assert await desk.round() == 1
    (payment,) = await desk.fetch("SELECT state::text, amount, contradicted FROM payment")
    assert tuple(payment) == ("failed", 50_000, True)


async def test_a_sweep_leaves_alone_what_is_paid_and_what_is_of_today(desk: Desk) -> None:
    failed = {"state": PaymentState.FAILED, "outcome": Outcome.DECLINED}
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await desk.pending("REF-1", state=PaymentState.PAID, outcome=Outcome.PAID, occurred_at=yesterday)
    await desk.pending("REF-2", occurred_at=datetime.now(UTC), **failed)
    assert await desk.round() == 0
