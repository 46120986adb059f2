"""What the README draws and names is what the code has."""

import re
from pathlib import Path

import pytest

from paygate.domain.lifecycle import (
    DISCREPANCY_TRANSITIONS,
    NOTICE_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    PaymentState,
    draw,
)
from reconciliation.model import REASONS, Reason

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MATCHER = (ROOT / "reconciliation/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("transitions", [NOTICE_TRANSITIONS, DISCREPANCY_TRANSITIONS], ids=["notice", "discrepancy"])
def test_the_readme_draws_the_table(transitions: dict) -> None:  # type: ignore[type-arg]
    assert draw(transitions) in README


def test_the_readme_names_the_rungs_a_payment_climbs() -> None:
    assert " → ".join(PaymentState) in README
    assert all(
        reachable == frozenset(list(PaymentState)[rung + 1 :])
        for rung, reachable in enumerate(PAYMENT_TRANSITIONS.values())
    )


def test_every_place_the_readme_sends_a_reader_to_exists() -> None:
    table = README[README.index("## Where do I change") : README.index("## Figures")]
    named = {name for name in re.findall(r"`([a-z_./]+)`", table) if "/" in name}
    missing = [name for name in named if not (ROOT / name).exists()]
    assert named
    assert not missing


def test_the_matchers_guide_lists_every_reason_as_the_code_has_it() -> None:
    rows = [
        f"| `{reason}` | {rule.verdict} | {rule.severity} | {rule.responsible}, {rule.due_days} | {rule.en} |"
        for reason, rule in ((reason, REASONS[reason]) for reason in Reason)
    ]
    assert "\n".join(rows) in MATCHER
