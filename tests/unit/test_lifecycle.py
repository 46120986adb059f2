"""Every machine is one total table, and the database knows the same names."""

from enum import StrEnum
from typing import Any

import pytest

from paygate.database import Database
from paygate.domain.delivery import LetterState
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import (
    DISCREPANCY_TRANSITIONS,
    MONEY_CAME,
    NOTICE_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    DiscrepancyState,
    NoticeState,
    Outcome,
    PaymentState,
    advance,
)
from paygate.domain.record import RecordStatus
from paygate.notices import REPLAYABLE
from paygate.worker import RETRY_SECONDS, state_after

MACHINES = [
    (NoticeState, NOTICE_TRANSITIONS),
    (PaymentState, PAYMENT_TRANSITIONS),
    (DiscrepancyState, DISCREPANCY_TRANSITIONS),
]


@pytest.mark.parametrize(("states", "table"), MACHINES)
def test_a_table_lists_every_state_and_leads_only_to_states(
    states: type[StrEnum], table: dict[Any, frozenset[Any]]
) -> None:
    assert set(table) == set(states)
    assert all(isinstance(target, states) and target is not state for state, to in table.items() for target in to)


@pytest.mark.parametrize(("states", "table"), MACHINES)
def test_every_state_but_the_first_can_be_reached(states: type[StrEnum], table: dict[Any, frozenset[Any]]) -> None:
    assert set(states) - {next(iter(states))} <= frozenset().union(*table.values())


def test_news_never_moves_a_payment_down() -> None:
    for state, above in PAYMENT_TRANSITIONS.items():
        assert not any(state in PAYMENT_TRANSITIONS[higher] for higher in above)


def test_of_two_news_the_order_does_not_matter() -> None:
    for one in PaymentState:
        for other in PaymentState:
            assert advance(one, other) is advance(other, one)


def test_money_that_came_stays_known_whatever_the_news() -> None:
    assert all(PAYMENT_TRANSITIONS[state] <= MONEY_CAME for state in MONEY_CAME)


@pytest.mark.parametrize("attempts", [1, len(RETRY_SECONDS), len(RETRY_SECONDS) + 1])
@pytest.mark.parametrize("error", [ValueError("poison"), LookupError("transient")])
def test_what_becomes_of_a_failed_notice_is_a_listed_transition(error: Exception, attempts: int) -> None:
    before = NoticeState.RECEIVED if attempts == 1 else NoticeState.RETRYING
    after = state_after(error, attempts)
    assert after is before or after in NOTICE_TRANSITIONS[before]


def test_what_is_replayed_may_be_tried_again() -> None:
    assert all(NoticeState.RETRYING in NOTICE_TRANSITIONS[state] for state in REPLAYABLE)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("notice_state", NoticeState),
        ("payment_state", PaymentState),
        ("payment_outcome", Outcome),
        ("record_status", RecordStatus),
        ("discrepancy_state", DiscrepancyState),
        ("leg", Leg),
        ("letter_state", LetterState),
    ],
)
async def test_the_databases_names_are_ours_in_the_same_order(
    name: str, values: type[StrEnum], database: Database
) -> None:
    async with database.connection() as connection:
        stored = await connection.fetchval(f"SELECT enum_range(NULL::{name})::text[]")
    assert stored == list(values)
