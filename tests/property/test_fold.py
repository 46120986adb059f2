"""News may come late, twice and in any order: the payment is the same."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import reduce

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from paygate.database import Database, open_database
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, dedupe_key
from paygate.domain.payment import Dossier, Evidence, Payment, Said, fold
from paygate.records import upsert
from tests.ledger_facts import NOON, Place, a_place, a_record, a_worker, payments, put_notice

moments = st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))
dossiers = st.none() | st.builds(Dossier, st.sampled_from(Evidence), st.sampled_from(("A", "B")))
sayings = st.builds(
    Said,
    state=st.sampled_from(PaymentState),
    outcome=st.sampled_from(Outcome),
    amount=st.integers(0, 3),
    currency=st.sampled_from(("VND", "USD")),
    occurred_at=moments,
    dossier=dossiers,
    conflicting=st.booleans(),
    asked_at=st.none() | moments,
)


def folded(sayings: Sequence[Said]) -> Payment | None:
    return reduce(fold, sayings, None)


@st.composite
def shuffled_with_repeats(draw: st.DrawFn) -> tuple[list[Said], list[Said]]:
    first = draw(st.lists(sayings, min_size=1, max_size=8))
    repeats = draw(st.lists(st.sampled_from(first), max_size=4))
    return first, draw(st.permutations([*first, *repeats]))


@given(shuffled_with_repeats())
def test_any_order_and_repetition_of_the_same_news_gives_the_same_payment(
    news: tuple[list[Said], list[Said]],
) -> None:
    first, again = news
    event(f"repeats: {len(again) - len(first)}")
    assert folded(first) == folded(again)
    event(f"contradicted: {folded(first).contradicted}")  # type: ignore[union-attr] -- it has one notice at least


@given(shuffled_with_repeats())
def test_the_payment_says_what_one_of_its_notices_said(news: tuple[list[Said], list[Said]]) -> None:
    payment = folded(news[1])
    assert payment is not None
    said = {(one.state, one.outcome, one.amount, one.currency, one.occurred_at) for one in news[0]}
    assert (payment.state, payment.outcome, payment.amount, payment.currency, payment.occurred_at) in said


@given(shuffled_with_repeats())
def test_on_the_rung_that_was_reached_the_answer_to_the_latest_question_wins(
    news: tuple[list[Said], list[Said]],
) -> None:
    payment = folded(news[1])
    assert payment is not None
    asked = [one.asked_at for one in news[0] if one.state is payment.state and one.asked_at]
    assert payment.asked_at == max(asked, default=None)
    event(f"answered: {bool(asked)}")


@given(shuffled_with_repeats())
def test_money_is_contradicted_by_a_failure_answered_after_it_and_by_none_before(
    news: tuple[list[Said], list[Said]],
) -> None:
    payment = folded([one._replace(conflicting=False) for one in news[1]])
    assert payment is not None
    failed = (PaymentState.ABANDONED, PaymentState.EXPIRED, PaymentState.FAILED)
    denials = [one.asked_at for one in news[0] if one.asked_at and one.state in failed]
    late = any(one > payment.occurred_at + timedelta(minutes=5) for one in denials)
    assert payment.contradicted is (late and payment.state in MONEY_CAME)
    event(f"denied: {payment.contradicted}")


DOSSIERS = ("000.00.12.H23-240508-0001", "000.00.12.H23-240508-0002")

facts = st.builds(
    NoticeFacts,
    reference=st.sampled_from(("R-1", "R-2", "dvc0000012H23240508000120240508101112")),
    transaction_id=st.sampled_from(("T-1", "T-2")),
    state=st.sampled_from(PaymentState),
    outcome=st.sampled_from((Outcome.PAID, Outcome.DECLINED)),
    amount=st.integers(0, 2),
    currency=st.just("VND"),
    occurred_at=moments,
    dossier_code=st.sampled_from((None, None, *DOSSIERS)),
    description=st.sampled_from(("", f"NOP {DOSSIERS[1]}")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    news=st.lists(facts, min_size=1, max_size=8, unique_by=dedupe_key),
    order=st.randoms(use_true_random=False),
    pauses=st.sets(st.integers(0, 8)),
    record_at=st.integers(0, 8),
)
def test_any_order_and_batching_leaves_the_same_ledger(
    database_url: str, news: list[NoticeFacts], order: object, pauses: set[int], record_at: int
) -> None:
    shuffled = list(news)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    straight, mixed = asyncio.run(_two_ledgers(database_url, news, shuffled, pauses, record_at))
    assert straight == mixed
    event(f"payments: {len(straight)}")


async def _two_ledgers(
    url: str, news: list[NoticeFacts], shuffled: list[NoticeFacts], pauses: set[int], record_at: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    async with open_database(url, size=2) as database:
        return await _ledger(database, news, set(), 0), await _ledger(database, shuffled, pauses, record_at)


async def _ledger(
    database: Database, news: list[NoticeFacts], pauses: set[int], record_at: int
) -> list[dict[str, object]]:
    async with database.transaction() as connection:
        await connection.execute("TRUNCATE notice, payment, payment_event, procedure_record, obligation, dirty")
        place = await a_place(connection)
    worker = a_worker(database)
    for position in range(max(len(news), record_at + 1)):
        async with database.transaction() as connection:
            if position == record_at:
                await upsert(connection, place.tenant_id, [a_record(dossier_code=code) for code in DOSSIERS])
            if position < len(news):
                await put_notice(connection, place, news[position], **_as_arrived(news[position]))
        if position in pauses:
            await worker.drain(place.tenant_id)
    await worker.drain(place.tenant_id)
    return await _told(database, place)


def _as_arrived(facts: NoticeFacts) -> dict[str, object]:
    """Let every third piece of news be an answer to a question of ours, put at a time of its own."""
    number = dedupe_key(facts)[0]
    return {"method": "QUERY", "received_at": NOON + timedelta(minutes=number)} if number % 3 == 0 else {}


async def _told(database: Database, place: Place) -> list[dict[str, object]]:
    async with database.connection() as connection:
        waiting = await connection.fetchval("SELECT count(*) FROM notice WHERE state <> 'applied'")
        found = await payments(connection, place)
    return [{"waiting": waiting}, *({k: v for k, v in one.items() if k != "payment_id"} for one in found)]
