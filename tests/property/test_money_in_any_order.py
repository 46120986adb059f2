"""A payment and its money may come in any order, and be looked at whenever: the end is the same."""

import asyncio
import itertools
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from paygate.database import open_database
from paygate.domain.confirmation import Booking, Claim, Place, confirmed
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from tests.ledger_facts import NOON
from tests.money_desk import MoneyDesk, a_line, a_money_desk

_codes = itertools.count(1)

places = st.builds(Place, st.sampled_from(("R1", "R2")), st.sampled_from((1, 1, 2)), st.sampled_from(("VND", "USD")))


@st.composite
def standings(draw: st.DrawFn) -> tuple[list[Claim], list[Booking]]:
    """Payments and lines of few references and amounts, so that they get into each other's way."""
    shapes = draw(st.lists(st.tuples(places, st.sampled_from((1, 2))), min_size=1, max_size=5))
    claims = [_claim(number, *shape, draw(st.sampled_from(STATES))) for number, shape in enumerate(shapes)]
    echoes = st.sampled_from(shapes) | st.tuples(places, st.sampled_from((1, 2, -1)))
    return claims, [_booking(number, *shape) for number, shape in enumerate(draw(st.lists(echoes, max_size=5)))]


STATES = (PaymentState.PENDING, PaymentState.PENDING, PaymentState.INITIATED, PaymentState.PAID, PaymentState.REFUNDED)


def _claim(number: int, place: Place, amount: int, state: PaymentState) -> Claim:
    return Claim(number, number % 2, place, place.reference_key, f"T{number}", state, amount, NOON, number % 4 > 0)


def _booking(number: int, place: Place, amount: int) -> Booking:
    day = date(2024, 5, 8) + timedelta(days=number % 2)
    return Booking(number, place, "001", {}, number, place.reference_key, "", "", day, None, amount, reversal=False)


@given(standings(), st.randoms(use_true_random=False))
def test_what_is_confirmed_does_not_depend_on_the_order_of_the_facts(
    standing: tuple[list[Claim], list[Booking]], order: Any
) -> None:
    claims, bookings = standing
    first = confirmed(claims, bookings)
    event(f"confirmed: {len(first)}")
    order.shuffle(claims)
    order.shuffle(bookings)
    assert confirmed(claims, bookings) == first


@given(standings())
def test_a_confirmed_payment_is_the_only_one_its_line_can_be_for(standing: tuple[list[Claim], list[Booking]]) -> None:
    claims, bookings = standing
    found = confirmed(claims, bookings)
    for claim, booking in found:
        event("confirmed")
        assert claim.waits
        assert (claim.place, claim.amount) == (booking.place, booking.amount)
        same = [one for one in claims if (one.place, one.amount) == (claim.place, claim.amount)]
        assert [one for one in same if one.state not in MONEY_CAME] == [claim]
        lines = [one for one in bookings if (one.place, one.amount) == (claim.place, claim.amount)]
        assert len(lines) >= len(same)
    assert len({booking.line_id for _, booking in found}) == len(found)


@given(standings())
def test_once_the_confirmed_are_paid_nothing_more_is_confirmed_by_the_same_lines(
    standing: tuple[list[Claim], list[Booking]],
) -> None:
    claims, bookings = standing
    found = {claim.payment_id for claim, _ in confirmed(claims, bookings)}
    paid = [_paid(one) if one.payment_id in found else one for one in claims]
    assert confirmed(paid, bookings) == []


def _paid(claim: Claim) -> Claim:
    return _claim(claim.payment_id, claim.place, claim.amount, PaymentState.PAID)


STEPS = ("notice", "import", "import", "sweep", "reconcile", "record")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(STEPS), st.lists(st.sampled_from(("import", "sweep", "reconcile")), max_size=2))
def test_any_order_of_notice_money_sweep_and_close_ends_in_the_same_payment_and_verdict(
    database_url: str, steps: list[str], more: list[str]
) -> None:
    event(f"{'money' if steps.index('import') < steps.index('notice') else 'notice'} first")
    assert asyncio.run(_ended(database_url, [*steps, *more])) == {
        "states": ["paid"],
        "booked": 1,
        "verdict": "matched",
        "legs": "present",
        "reasons": set(),
        "residual": 0,
    }


async def _ended(url: str, steps: list[str]) -> dict[str, object]:
    async with open_database(url, size=3) as database:
        desk = await a_money_desk(database, f"t{next(_codes)}")
        do = {
            "notice": desk.pending,
            "import": lambda: desk.book(a_line()),
            "sweep": desk.sweep,
            "reconcile": desk.reconcile,
            "record": desk.record,
        }
        for step in steps:
            await do[step]()
        closed = await desk.reconcile()
        return await _told(desk) | {"residual": closed.report["proof"]["residual"]}


async def _told(desk: MoneyDesk) -> dict[str, object]:
    dossier = await desk.dossier()
    return {
        "states": await desk.states(),
        "booked": len(await desk.booked_notices()),
        "verdict": dossier["verdict"],
        "legs": dossier["legs"]["bank"],
        "reasons": await desk.reasons(),
    }
