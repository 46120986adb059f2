"""Whatever stands in a case has its word."""

import re
from importlib import resources
from typing import get_args

import pytest

from paygate.domain.casework import Act, ProposalKind, ProposalState
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import DiscrepancyState, PaymentState
from paygate.domain.record import RecordStatus
from paygate.web.desk.case_words import STANDINGS, WORDS
from paygate.web.desk.terms import STATES, STATUSES, VERDICTS
from paygate.web.desk.words import translations
from reconciliation.desk import sheets
from reconciliation.judging import CHANGED, OPENED, RESOLVED
from reconciliation.legs import Standing
from reconciliation.model import COUNTED, RULES


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


def test_whatever_has_a_shape_has_its_word() -> None:
    parts = resources.files("paygate.web").joinpath("templates", "parts.html").read_text(encoding="utf-8")
    shapes = parts[parts.index("{% set shapes") : parts.index("<svg")]
    assert set(re.findall(r'"(\w+)": "M', shapes)) == STATUSES.keys()
    assert set(COUNTED) == VERDICTS.keys()


def test_files_and_pages_call_a_discrepancys_state_the_same() -> None:
    said = translations("vi").gettext
    live = STATES.keys() - {DiscrepancyState.RESOLVED}
    assert {name: sheets.STATES[name] for name in live} == {name: (said(STATES[name]), STATES[name]) for name in live}


def test_every_standing_of_a_leg_has_its_shape_and_word() -> None:
    assert set(get_args(Standing)) == STANDINGS.keys()
