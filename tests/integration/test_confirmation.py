"""Booked money makes a payment paid whose source cannot prove it, whichever comes first, and nothing else does."""

import asyncio
import json
from typing import Any

import pytest

from paygate.confirmation import QUERIES, confirm
from paygate.database import Database
from paygate.domain import confirmation
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState
from paygate.domain.notice import RawNotice, ReceivedNotice, Stored
from paygate.inbox import store_within
from paygate.ledger import apply_batch
from tests.ledger_facts import a_worker
from tests.money_desk import BOOKED, OTHER_ACCOUNT, MoneyDesk, a_line, a_money_desk


@pytest.fixture
async def desk(database: Database) -> MoneyDesk:
    desk = await a_money_desk(database)
    await desk.record()
    return desk


async def test_money_that_comes_after_the_notice_confirms_the_payment(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.sweep()
    assert await desk.states() == ["pending"]
    await desk.book(a_line())
    await desk.sweep()
    assert await desk.states() == ["paid"]
    assert (await desk.dossier())["verdict"] == "matched"
    assert await desk.reasons() == set()


async def test_a_notice_that_comes_after_its_money_is_confirmed_at_once(desk: MoneyDesk) -> None:
    await desk.book(a_line())
    await desk.sweep()
    assert await desk.reasons() == {"bank_unexpected"}
    await desk.pending()
    await desk.sweep()
    assert await desk.states() == ["paid"]
    assert (await desk.dossier())["verdict"] == "matched"
    assert await desk.reasons() == set()


async def test_what_the_bank_says_is_kept_as_news_with_an_event_of_its_own(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line())
    await desk.reconcile()
    (kept,) = await desk.booked_notices()
    told = json.loads(kept["body"])
    assert (told["account"], told["amount"], told["booked_on"], told["bank_reference"]) == (
        "001",
        50_000,
        BOOKED.isoformat(),
        "FT1",
    )
    assert "NOP LE PHI" not in kept["body"].decode()
    (event,) = await desk.fetch(
        "SELECT said_state::text, left_state::text, amount FROM payment_event WHERE notice_id = $1", kept["notice_id"]
    )
    assert tuple(event) == ("paid", "paid", 50_000)
    again = confirmation.translate(RawNotice(kept["method"], kept["body"], json.loads(kept["headers"])))
    assert (again.reference, again.transaction_id, again.amount) == ("REF-1", "T-1", 50_000)
    assert again.occurred_at == kept["occurred_at"]


async def test_the_one_stop_system_hears_of_it_once(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line())
    await desk.sweep()
    await desk.sweep()
    assert [row["kind"] for row in await desk.fetch("SELECT kind FROM news")] == ["payment.paid"]


async def test_the_same_money_in_another_file_adds_nothing(desk: MoneyDesk) -> None:
    await desk.pending()
    for _ in range(3):
        await desk.book(a_line())
        await desk.sweep()
        await desk.reconcile()
    assert len(await desk.booked_notices()) == 1
    assert not (await desk.fetch("SELECT contradicted FROM payment"))[0]["contradicted"]
    assert (await desk.dossier())["verdict"] == "matched"


async def test_a_confirmation_that_is_stored_but_not_applied_is_not_stored_again(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line())
    await a_worker(desk.database, confirm=confirms_nothing).drain(desk.place.tenant_id)
    assert await confirmed(desk) == 1
    await desk.fetch(
        "INSERT INTO unweighed (tenant_id, kind, fact_ids)"
        " SELECT tenant_id, 'line', array_agg(line_id) FROM statement_line GROUP BY tenant_id"
    )
    assert await confirmed(desk) == 0
    assert len(await desk.booked_notices()) == 1


async def confirms_nothing(_: int) -> int:
    return 0


async def confirmed(desk: MoneyDesk) -> int:
    return await confirm(desk.database, store_within, desk.place.tenant_id)


async def test_two_workers_at_once_confirm_once(desk: MoneyDesk) -> None:
    for number in range(5):
        await desk.pending(reference=f"REF-{number}", transaction_id=f"T-{number}")
    await a_worker(desk.database, confirm=confirms_nothing).drain(desk.place.tenant_id)
    await desk.book(*[a_line(reference=f"REF-{number}") for number in range(5)])
    counts = await asyncio.gather(*[confirmed(desk) for _ in range(3)])
    assert sum(counts) == len(await desk.booked_notices()) == 5
    await desk.sweep()
    assert await desk.states() == ["paid"] * 5


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 49_999},
        {"amount": -50_000},
        {"amount": 50_000, "reversal": True},
        {"currency": "USD"},
        {"reference": "REF-12"},
        {"reference": ""},
        {"reference": "", "narrative": "NOP LE PHI REF-12"},
    ],
    ids=["amount", "debit", "reversal", "currency", "reference", "no reference", "narrative"],
)
async def test_money_that_does_not_say_the_same_confirms_nothing(desk: MoneyDesk, changes: Any) -> None:
    await desk.pending()
    await desk.book(a_line(**changes))
    await desk.sweep()
    assert await desk.states() == ["pending"]
    assert await desk.booked_notices() == []
    left_over = "refund_unmatched" if changes.get("amount", 0) < 0 else "bank_unexpected"
    assert left_over in await desk.reasons()


async def test_money_on_another_account_or_in_a_gateways_list_confirms_nothing(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line(), account=OTHER_ACCOUNT)
    await desk.book(a_line(), leg=Leg.SETTLEMENT)
    await desk.reconcile()
    assert await desk.states() == ["pending"]


async def test_money_that_went_back_confirms_nothing(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line(), a_line(amount=-50_000))
    await desk.sweep()
    assert await desk.states() == ["pending"]


async def test_one_line_for_two_payments_that_wait_confirms_neither(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.pending(transaction_id="T-2")
    await desk.book(a_line())
    await desk.sweep()
    assert await desk.states() == ["pending", "pending"]


async def test_a_payment_of_another_source_that_hangs_under_the_reference_is_a_contender_too(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.pending(desk.sure)
    await desk.book(a_line())
    await desk.sweep()
    assert await desk.states() == ["pending", "pending"]
    await desk.pending(desk.sure, state=PaymentState.FAILED, outcome=Outcome.DECLINED)
    await desk.sweep()
    assert sorted(await desk.states()) == ["failed", "paid"]


async def test_two_lines_for_one_payment_confirm_nothing(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line(bank_reference="FT1"), a_line(bank_reference="FT2"))
    await desk.sweep()
    assert await desk.states() == ["pending"]


async def test_money_that_a_paid_payment_claims_is_not_anothers(desk: MoneyDesk) -> None:
    paid = {"state": PaymentState.PAID, "outcome": Outcome.PAID}
    await desk.pending(desk.sure, transaction_id="T-2", **paid)
    await desk.pending()
    await desk.book(a_line())
    await desk.sweep()
    assert sorted(await desk.states()) == ["paid", "pending"]
    await desk.book(a_line(bank_reference="FT2"))
    await desk.sweep()
    assert await desk.states() == ["paid", "paid"]


async def test_a_paid_payment_without_its_money_may_be_meant_by_a_line_of_another_amount(desk: MoneyDesk) -> None:
    paid = {"state": PaymentState.PAID, "outcome": Outcome.PAID}
    await desk.pending(desk.sure, transaction_id="T-2", amount=60_000, **paid)
    await desk.pending()
    await desk.book(a_line())
    await desk.sweep()
    assert sorted(await desk.states()) == ["paid", "pending"]


async def test_a_second_payment_is_confirmed_once_the_first_one_has_its_money(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line())
    await a_worker(desk.database, confirm=confirms_nothing).drain(desk.place.tenant_id)
    assert await confirmed(desk) == 1  # stored, and not applied yet
    await desk.pending(transaction_id="T-2")
    await a_worker(desk.database, confirm=confirms_nothing).drain(desk.place.tenant_id)
    await desk.book(a_line(bank_reference="FT2"))
    await desk.sweep()
    assert await desk.states() == ["paid", "paid"]


async def test_what_another_source_leaves_pending_is_not_for_the_money_to_confirm(desk: MoneyDesk) -> None:
    await desk.pending(desk.sure)
    await desk.book(a_line())
    await desk.sweep()
    assert await desk.states() == ["pending"]


async def test_a_source_that_declares_it_later_is_looked_at_then(desk: MoneyDesk) -> None:
    await desk.declare(money_confirms=False)
    await desk.pending()
    await desk.book(a_line())
    await desk.sweep()
    assert await desk.states() == ["pending"]
    await desk.declare(money_confirms=True)
    await desk.sweep()
    assert await desk.states() == ["paid"]


async def test_no_marks_are_kept_where_no_money_confirms(desk: MoneyDesk) -> None:
    await desk.declare(money_confirms=False)
    await desk.pending()
    await desk.book(a_line())
    await a_worker(desk.database, confirm=confirms_nothing).drain(desk.place.tenant_id)
    assert await desk.fetch("SELECT FROM unweighed") == []


async def test_a_proof_of_its_own_beside_the_money_is_no_contradiction(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line())
    await desk.sweep()
    async with desk.database.connection() as connection:
        (kept,) = await desk.booked_notices()
        proof = ReceivedNotice(*(kept[name] for name in ReceivedNotice._fields))
        proof = proof._replace(method="POST", body=b"proof", body_hash=bytes(32), state=NoticeState.RECEIVED)
        assert await store_within(connection, proof) is Stored.NEW
    await desk.sweep()
    assert await desk.states() == ["paid"]
    assert await desk.reasons() == set()


@pytest.mark.parametrize(("amount", "stored"), [(50_000, 0), (60_000, 1)], ids=["agrees", "contradicts"])
async def test_money_that_comes_beside_a_proof_not_yet_applied_is_compared_by_its_sum(
    desk: MoneyDesk, amount: int, stored: int
) -> None:
    await desk.pending()
    await a_worker(desk.database, confirm=confirms_nothing).drain(desk.place.tenant_id)
    await desk.pending(state=PaymentState.PAID, outcome=Outcome.PAID, amount=amount)
    await desk.book(a_line())
    await confirmed(desk)
    assert len(await desk.booked_notices()) == stored
    await desk.sweep()
    assert await desk.states() == ["paid"]
    assert (await desk.fetch("SELECT contradicted FROM payment"))[0]["contradicted"] == bool(stored)


async def test_the_payment_keeps_its_day_and_a_day_that_was_closed_is_corrected(desk: MoneyDesk) -> None:
    await desk.pending()
    first = await desk.reconcile()
    assert first.report["totals"]["payments"]["count"] == 0
    await desk.book(a_line())
    second = await desk.reconcile()
    assert second.new
    assert second.report["totals"]["payments"] == {"count": 1, "amount": 50_000}
    assert second.report["proof"]["residual"] == 0
    assert not (await desk.reconcile()).new


async def test_a_bank_is_not_the_source_and_leaves_it_silent(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.sweep()
    (before,) = await desk.fetch("SELECT last_notice_at FROM source WHERE code = 'haiduong-viettelpay'")
    await desk.book(a_line())
    await desk.sweep()
    (after,) = await desk.fetch("SELECT last_notice_at FROM source WHERE code = 'haiduong-viettelpay'")
    assert before == after


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("find_waiting_references", ("integer, bigint[], bigint[]", "1, '{1}', '{1}'")),
        ("read_payments", ("integer, text[]", "1, '{REF1}'")),
        ("read_lines", ("integer, text[]", "1, '{REF1}'")),
    ],
)
async def test_what_is_stored_is_found_by_key_alone(desk: MoneyDesk, query: str, given: tuple[str, str]) -> None:
    kinds, values = given
    async with desk.database.transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute(f"PREPARE {query} ({kinds}) AS {QUERIES[query]}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE {query} ({values})"))
        await connection.execute(f"DEALLOCATE {query}")
    assert "Seq Scan" not in plan, plan
    assert "reference_key = " in plan


async def test_a_close_waits_for_what_another_worker_has_under_way(desk: MoneyDesk) -> None:
    await desk.pending()
    await desk.book(a_line())
    applying, go_on = asyncio.Event(), asyncio.Event()

    async def apply_slowly(*given: Any) -> Any:
        applying.set()
        await go_on.wait()
        return await apply_batch(*given)

    other = asyncio.create_task(a_worker(desk.database, apply=apply_slowly).drain(desk.place.tenant_id))
    await applying.wait()
    closing = asyncio.create_task(desk.reconcile())
    await asyncio.sleep(0.2)
    assert not closing.done()
    go_on.set()
    closed = await closing
    await other
    assert closed.report["totals"]["payments"] == {"count": 1, "amount": 50_000}
