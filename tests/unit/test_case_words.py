"""Whatever stands in a case has its word."""

from typing import get_args

import pytest

from paygate.domain.casework import Act, ProposalKind, ProposalState
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import DiscrepancyState, PaymentState
from paygate.domain.record import RecordStatus
from paygate.web.desk.case_words import STANDINGS, WORDS
from reconciliation.judging import CHANGED, OPENED, RESOLVED
from reconciliation.legs import Standing
from reconciliation.model import RULES


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("leg", Leg),
        ("rule", {*RULES, "by_hand"}),
        ("state", DiscrepancyState),
        ("payment", PaymentState),
        ("record", RecordStatus),
        ("event", {*Act, OPENED, CHANGED, RESOLVED}),
        ("kind", ProposalKind),
        ("proposal", ProposalState),
    ],
)
def test_every_name_has_its_word(kind: str, names: object) -> None:
    assert {str(one) for one in names} == WORDS[kind].keys()  # type: ignore[attr-defined]


def test_every_standing_of_a_leg_has_its_shape_and_word() -> None:
    assert set(get_args(Standing)) == STANDINGS.keys()
