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
PACKAGES = ("paygate", "adapters", "reconciliation")
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


def named_in_the_table() -> set[str]:
    table = README[README.index("## Where do I change") : README.index("## Figures")]
    return set(re.findall(r"`([^`]+)`", table))


def test_every_place_the_readme_sends_a_reader_to_exists() -> None:
    places = {name for name in named_in_the_table() if re.fullmatch(r"[\w.-]+/[\w./-]*", name)}
    assert places
    assert not [place for place in places if not (ROOT / place).exists()]


def test_every_name_the_readme_sends_a_reader_to_is_in_the_code() -> None:
    names = {
        name for name in named_in_the_table() if re.fullmatch(r"\w*[_A-Z]\w*(\.\w+)?", name) and name[-3:] != ".py"
    }
    code = [file.read_text(encoding="utf-8") for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    known = {word for text in code for word in re.findall(r"\w+", text)}
    assert names
    assert not [name for name in names if not known.issuperset(name.split("."))]


def test_the_matchers_guide_lists_every_reason_as_the_code_has_it() -> None:
    rows = [
        f"| `{reason}` | {rule.verdict} | {rule.severity} | {rule.responsible}, {rule.due_days} | {rule.en} |"
        for reason, rule in ((reason, REASONS[reason]) for reason in Reason)
    ]
    assert "\n".join(rows) in MATCHER
