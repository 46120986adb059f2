"""Deliveries to a receiver that fails in every way there is: nothing lost, nothing out of order, the same id again."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from standardwebhooks import Webhook

from adapters import registry
from adapters.standardwebhooks import signing_key_of
from adapters.standardwebhooks.signature import signed_headers
from paygate import audit, deliveries, egress
from paygate.database import Database
from paygate.deliveries import Deliveries, Endpoint
from paygate.domain.delivery import REFUSED_SECONDS, RETRY_SECONDS, Draw
from paygate.domain.lifecycle import PaymentState
from paygate.domain.news import kinds_matching
from paygate.domain.notice import RawNotice
from paygate.egress import TOTAL_SECONDS, open_egress
from paygate.endpoints import Selection, list_endpoints, list_letters, preview_replay, replay, resume
from paygate.telemetry import REGISTRY
from tests.ledger_facts import Place, a_notice, a_place, a_worker, put_notice
from tests.receivers import Receiver, a_receiver, asking_to_wait, breaking_off, hanging, pointing_to

SECRETS = ("whsec_bmV3LXNlY3JldC1vZi0yNC1ieXRlcy1vci1tb3Jl", "b2xkLXNlY3JldC1vZi0yNC1ieXRlcy1vci1tb3Jl")
NAME = "mot-cua"


def at_once(_: float) -> float:
    return 0.0


def longest(most: float) -> float:
    return most


@dataclass
class Desk:
    """A tenant with one endpoint, at the receiver."""

    database: Database
    place: Place
    receiver: Receiver
    sender: Deliveries
    endpoint: Endpoint
    stop: asyncio.Event

    async def tell(self, *references: str, kind: str = "payment.paid") -> None:
        async with self.database.connection() as connection:
            await connection.executemany(
                "INSERT INTO news (tenant_id, kind, subject, body) VALUES ($1, $2, '', $3)",
                [(self.place.tenant_id, kind, json.dumps({"reference": one})) for one in references],
            )

    async def deliver(self, sender: Deliveries | None = None) -> None:
        """Deliver until nothing is due."""
        while await (sender or self.sender).deliver_due(self.endpoint, self.stop):
            pass

    async def row(self, query: str = "SELECT * FROM endpoint") -> dict[str, Any]:
        async with self.database.connection() as connection:
            return dict(await connection.fetchrow(query) or {})

    async def execute(self, statement: str) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement)

    @property
    def told(self) -> list[str]:
        return [json.loads(one.body)["data"]["reference"] for one in self.receiver.came]


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(a_receiver())
        async with database.transaction() as connection:
            place = await a_place(connection)
        endpoint = an_endpoint(place.tenant_id, receiver.url)
        sender = await a_sender(stack, database, endpoint)
        await sender.begin()
        yield Desk(database, place, receiver, sender, endpoint, asyncio.Event())


def an_endpoint(tenant_id: int, url: str, secrets: Sequence[str] = SECRETS, types: Sequence[str] = ("*",)) -> Endpoint:
    keys = [signing_key_of(one.encode()) for one in secrets]
    return Endpoint(tenant_id, NAME, url, kinds_matching(types), partial(signed_headers, keys=keys))


async def a_sender(
    stack: AsyncExitStack, database: Database, endpoint: Endpoint, draw: Draw = at_once, allowed: str = "127.0.0.1"
) -> Deliveries:
    way_out = await stack.enter_async_context(open_egress([allowed]))
    return Deliveries(database, way_out, [endpoint], draw=draw)


# -- What is sent ------------------------------------------------------------------------------------------------------


async def test_what_happened_arrives_in_order_and_once(desk: Desk) -> None:
    references = [f"R{number}" for number in range(250)]
    await desk.tell(*references)
    await desk.deliver()
    assert desk.told == references
    assert len(set(desk.receiver.ids)) == 250
    await desk.deliver()
    assert len(desk.receiver.came) == 250


@pytest.mark.parametrize("state", [PaymentState.PAID, PaymentState.REFUNDED, PaymentState.REVERSED])
async def test_our_own_adapter_and_the_reference_library_accept_what_is_sent(desk: Desk, state: PaymentState) -> None:
    facts = a_notice(state=state)
    async with desk.database.transaction() as connection:
        await put_notice(connection, desk.place, facts)
    await a_worker(desk.database).drain(desk.place.tenant_id)
    await desk.deliver()
    (came,) = desk.receiver.came
    for secret in SECRETS:
        assert Webhook(secret).verify(came.body, dict(came.headers))["type"] == f"payment.{state}"
        adapter = registry.build("standardwebhooks", [secret.encode()], {})
        raw = RawNotice("POST", came.body, {name: came.headers[name] for name in adapter.signed_headers})
        read = adapter.translate(adapter.verify(raw, datetime.now(UTC)).payload)
        assert (read.reference, read.transaction_id, read.state) == (facts.reference, facts.transaction_id, state)
        assert (read.amount, read.currency, read.dossier_code) == (facts.amount, facts.currency, facts.dossier_code)
        assert (read.occurred_at, read.alarm) == (facts.occurred_at, None)
    assert came.headers["content-type"] == "application/json"
    assert came.headers["webhook-signature"].count("v1,") == 2


async def test_what_an_endpoint_does_not_ask_for_is_passed_over(desk: Desk) -> None:
    desk.endpoint = an_endpoint(desk.place.tenant_id, desk.receiver.url, types=["dossier.*"])
    await desk.tell("R1", "R2")
    await desk.tell("R3", kind="dossier.paid_not_recorded")
    await desk.tell("R4")
    await desk.deliver()
    await desk.deliver()
    assert desk.told == ["R3"]
    assert (await desk.row())["sequence"] == 4


async def test_a_new_endpoint_is_told_what_happens_from_now_on(desk: Desk) -> None:
    await desk.tell("R1")
    await desk.deliver()
    await desk.execute("DELETE FROM endpoint")
    await desk.tell("R2")
    await desk.sender.begin()
    await desk.tell("R3")
    await desk.sender.begin()
    await desk.deliver()
    assert desk.told == ["R1", "R3"]


async def test_an_endpoint_hears_nothing_of_another_tenant(desk: Desk) -> None:
    async with desk.database.transaction() as connection:
        other = await a_place(connection, "haiphong")
        await connection.execute(
            "INSERT INTO news (tenant_id, kind, subject, body) VALUES ($1, 'payment.paid', '', '{}')", other.tenant_id
        )
    await desk.deliver()
    assert not desk.receiver.came


# -- What goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [500, 404, 429, pointing_to("/events"), breaking_off, asking_to_wait("0")],
    ids=lambda one: getattr(one, "__name__", one),
)
async def test_what_fails_is_sent_again_under_its_id_before_anything_else(desk: Desk, reply: Any) -> None:
    desk.receiver.replies = [204, reply, reply]
    await desk.tell("R1", "R2", "R3")
    await desk.deliver()
    assert desk.told == ["R1", "R2", "R2", "R2", "R3"]
    first, second, third = desk.receiver.came[1:4]
    assert first.id == second.id == third.id
    assert first.body == second.body == third.body
    assert (await desk.row())["attempts"] == 0


async def test_a_receiver_that_hangs_is_left_and_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.2)
    desk.receiver.replies = [hanging]
    await desk.tell("R1")
    async with AsyncExitStack() as stack:
        await desk.deliver(await a_sender(stack, desk.database, desk.endpoint))
    assert desk.told == ["R1", "R1"]


async def test_a_redirect_is_not_followed(desk: Desk) -> None:
    async with a_receiver() as elsewhere:
        desk.receiver.replies = [pointing_to(elsewhere.url)]
        await desk.tell("R1")
        await desk.deliver()
        assert (len(desk.receiver.came), len(elsewhere.came)) == (2, 0)


@pytest.mark.parametrize(
    ("reply", "least", "most"),
    [(500, 4, 5), (asking_to_wait("120"), 118, 120), (asking_to_wait("99999999"), 86_398, 86_400)],
)
async def test_the_next_attempt_waits_as_the_table_and_the_receiver_say(
    desk: Desk, reply: Any, least: int, most: int
) -> None:
    desk.receiver.replies = [reply]
    await desk.tell("R1", "R2")
    async with AsyncExitStack() as stack:
        await desk.deliver(await a_sender(stack, desk.database, desk.endpoint, longest))
    assert desk.told == ["R1"]
    row = await desk.row(
        "SELECT *, extract(epoch FROM next_attempt_at - clock_timestamp())::float8 AS wait FROM endpoint"
    )
    assert least <= row["wait"] <= most
    assert (row["attempts"], row["reason"].startswith("answered 50")) == (1, True)


async def test_an_endpoint_that_is_gone_is_sent_nothing_until_a_person_resumes_it(desk: Desk) -> None:
    desk.receiver.replies = [410]
    await desk.tell("R1", "R2")
    await desk.deliver()
    assert (desk.told, (await desk.row())["paused"]) == (["R1"], "answered 410: it wants no more")
    async with desk.database.transaction() as connection:
        await resume(connection, desk.place.tenant_id, NAME, "an operator", audit.append)
    await desk.deliver()
    assert desk.told == ["R1", "R1", "R2"]
    assert (await desk.row("SELECT act, subject FROM audit_entry"))["act"] == "endpoint_resumed"


async def test_what_may_not_leave_waits_without_an_attempt_and_goes_when_it_may(desk: Desk) -> None:
    await desk.tell("R1")
    async with AsyncExitStack() as stack:
        await desk.deliver(await a_sender(stack, desk.database, desk.endpoint, allowed="10.0.0.1"))
    row = await desk.row(
        "SELECT *, extract(epoch FROM next_attempt_at - clock_timestamp())::float8 AS wait FROM endpoint"
    )
    assert (row["attempts"], row["wait"] > REFUSED_SECONDS - 5) == (0, True)
    assert "egress_allowed" in row["reason"]
    await desk.execute("UPDATE endpoint SET next_attempt_at = now()")
    await desk.deliver()
    assert desk.told == ["R1"]


# -- Dead letters ------------------------------------------------------------------------------------------------------


async def bury(desk: Desk) -> None:
    """Let the first of two events fail until it is given up."""
    desk.receiver.replies = [500] * (len(RETRY_SECONDS) + 1)
    await desk.tell("R1", "R2")
    await desk.deliver()


async def test_an_event_that_exhausts_the_table_is_a_dead_letter_and_the_next_one_goes(desk: Desk) -> None:
    before = REGISTRY.get_sample_value("paygate_deliveries_total", {"outcome": "dead"}) or 0
    await bury(desk)
    assert desk.told == ["R1"] * 10 + ["R2"]
    async with desk.database.connection() as connection:
        (letter,) = await list_letters(connection, desk.place.tenant_id, NAME)
        (endpoint,) = await list_endpoints(connection, desk.place.tenant_id)
    assert (letter["sequence"], letter["state"], letter["attempts"], letter["reason"]) == (
        1,
        "dead",
        10,
        "answered 500",
    )
    assert (endpoint["dead"], endpoint["behind"]) == (1, 0)
    assert REGISTRY.get_sample_value("paygate_deliveries_total", {"outcome": "dead"}) == before + 1


async def raise_all(desk: Desk, selection: Selection = Selection()) -> int:  # noqa: B008 -- it is frozen
    async with desk.database.transaction() as connection:
        return len(await replay(connection, desk.place.tenant_id, selection, "an operator", audit.append))


async def test_a_dead_letter_is_replayed_under_its_id_once(desk: Desk) -> None:
    await bury(desk)
    assert (await raise_all(desk), await raise_all(desk)) == (1, 0)
    await desk.deliver()
    assert desk.told[-1] == "R1"
    assert desk.receiver.ids[-1] == desk.receiver.ids[0]
    assert (await desk.row("SELECT * FROM dead_letter"))["state"] == "delivered"
    assert (await desk.row("SELECT * FROM audit_entry"))["act"] == "deliveries_replayed"


async def test_a_replay_that_fails_again_holds_up_nobody_and_dies_again(desk: Desk) -> None:
    await bury(desk)
    await raise_all(desk)
    desk.receiver.replies = [500]
    await desk.tell("R3")
    async with AsyncExitStack() as stack:
        await desk.deliver(await a_sender(stack, desk.database, desk.endpoint, longest))
    assert desk.told[-2:] == ["R1", "R3"]
    assert (await desk.row("SELECT * FROM dead_letter"))["state"] == "due"
    desk.receiver.replies = [500] * len(RETRY_SECONDS)
    await desk.execute("UPDATE dead_letter SET next_attempt_at = now()")
    await desk.deliver()
    assert (await desk.row("SELECT * FROM dead_letter"))["state"] == "dead"


async def test_a_preview_says_what_would_be_sent_and_does_nothing(desk: Desk) -> None:
    await bury(desk)
    async with desk.database.transaction() as connection:
        whose = desk.place.tenant_id
        assert await preview_replay(connection, whose, Selection(NAME)) == [(NAME, 1)]
        assert await preview_replay(connection, whose, Selection(NAME, (2,))) == []
        assert await preview_replay(connection, whose + 1, Selection()) == []
    assert (await desk.row("SELECT * FROM dead_letter"))["state"] == "dead"


# -- Senders that crash, stand still or meet ---------------------------------------------------------------------------


def test_a_lease_is_longer_than_an_attempt_and_its_marking() -> None:
    assert deliveries.LEASE_SECONDS - TOTAL_SECONDS > TOTAL_SECONDS


async def test_two_senders_of_one_endpoint_send_everything_once_and_in_order(desk: Desk) -> None:
    references = [f"R{number}" for number in range(60)]

    async def tell_slowly() -> None:
        for one in references:
            await desk.tell(one)

    async def send(sender: Deliveries) -> None:
        while (await desk.row())["sequence"] < len(references):
            await sender.deliver_due(desk.endpoint, desk.stop)

    async with AsyncExitStack() as stack:
        others = [await a_sender(stack, desk.database, desk.endpoint) for _ in range(2)]
        await asyncio.gather(tell_slowly(), *map(send, [desk.sender, *others]))
    assert desk.told == references


async def test_a_sender_that_crashes_between_sending_and_marking_is_replaced_and_sends_the_same_id(desk: Desk) -> None:
    desk.receiver.replies = [hanging]
    await desk.tell("R1", "R2")
    crashed = asyncio.create_task(desk.sender.deliver_due(desk.endpoint, desk.stop))
    await desk.receiver.arrived.wait()
    crashed.cancel()
    await asyncio.gather(crashed, return_exceptions=True)
    await desk.deliver()
    assert desk.told == ["R1"]
    await desk.execute("UPDATE endpoint SET leased_until = now()")  # the time of its lease passes
    await desk.deliver()
    assert desk.told == ["R1", "R1", "R2"]
    assert desk.receiver.ids[0] == desk.receiver.ids[1]


async def test_who_has_lost_the_lease_changes_nothing_any_more(desk: Desk) -> None:
    let_go = asyncio.Event()

    async def late(request: Any) -> Any:
        await let_go.wait()
        return await desk.receiver.take(request)

    desk.receiver.replies = [late, 500]
    await desk.tell("R1")
    slow = asyncio.create_task(desk.sender.deliver_due(desk.endpoint, desk.stop))
    await desk.receiver.arrived.wait()
    await desk.execute("UPDATE endpoint SET lease = lease + 1, attempts = 7")
    let_go.set()
    await slow
    row = await desk.row()
    assert (row["sequence"], row["attempts"], row["reason"]) == (0, 7, None)


async def test_a_sender_that_is_told_to_stop_gives_its_turn_back_and_counts_no_attempt(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "STOP_SECONDS", 0.05)
    desk.receiver.replies = [hanging]
    await desk.tell("R1")
    running = asyncio.create_task(desk.sender.run(desk.stop))
    await desk.receiver.arrived.wait()
    desk.stop.set()
    await running
    assert (await desk.row())["attempts"] == 0
    desk.stop.clear()
    await desk.deliver()
    assert desk.told == ["R1", "R1"]
