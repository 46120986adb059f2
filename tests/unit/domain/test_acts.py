"""Every act of a person's on a discrepancy is one line of a table, and leads where its machine allows."""

from collections.abc import Mapping

import pytest

from paygate.database import Database
from paygate.domain.casework import CLOSING, QUIET, STATES, Act, ProposalKind, ProposalState, state_after
from paygate.domain.errors import ConflictError
from paygate.domain.lifecycle import DISCREPANCY_TRANSITIONS, DiscrepancyState

BY_ITSELF = {(state, DiscrepancyState.RESOLVED) for state in DiscrepancyState}
"""Moves of the matcher's: whatever state a discrepancy is in, late facts may agree."""


def moves(table: Mapping[DiscrepancyState, Mapping[Act, DiscrepancyState]]) -> set[tuple[str, str]]:
    return {(state, after) for state, acts in table.items() for after in acts.values() if after is not state}


def test_every_state_is_in_the_table_and_every_act_is_one_of_some_state() -> None:
    assert set(STATES) == set(DiscrepancyState)
    assert {act for acts in STATES.values() for act in acts} == set(Act)


def test_people_and_the_matcher_make_exactly_the_moves_of_the_machine() -> None:
    listed = {(state, after) for state, to in DISCREPANCY_TRANSITIONS.items() for after in to}
    made = moves(STATES) | {move for move in BY_ITSELF if move[0] is not DiscrepancyState.RESOLVED}
    assert made == listed


@pytest.mark.parametrize("state", DiscrepancyState)
@pytest.mark.parametrize("act", Act)
def test_an_act_that_is_not_listed_is_refused_with_a_reason(state: DiscrepancyState, act: Act) -> None:
    if act in STATES[state]:
        assert state_after(state, act) is STATES[state][act]
    else:
        with pytest.raises(ConflictError, match=f"it cannot be {act}: .+"):
            state_after(state, act)


def test_quiet_acts_neither_make_nor_decide_a_proposal() -> None:
    assert QUIET.isdisjoint({Act.PROPOSE, Act.WITHDRAW, Act.REJECT, Act.APPROVE, Act.CLOSE})
    proposed = DiscrepancyState.PROPOSED
    assert all(STATES[proposed][act] is proposed for act in QUIET - {Act.UNASSIGN})


def test_a_closed_discrepancy_was_proposed_to_be_closed() -> None:
    assert {state for state, acts in STATES.items() if Act.CLOSE in acts} == {DiscrepancyState.PROPOSED}
    assert {ProposalKind.WRITE_OFF, ProposalKind.NOT_OURS} == CLOSING


@pytest.mark.parametrize(("name", "values"), [("proposal_kind", ProposalKind), ("proposal_state", ProposalState)])
async def test_the_databases_names_are_ours_in_the_same_order(
    name: str, values: type[ProposalKind | ProposalState], database: Database
) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval(f"SELECT enum_range(NULL::{name})::text[]") == list(values)
