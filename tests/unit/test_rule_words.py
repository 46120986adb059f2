"""Rule sets in words, and the lines that refusals point to."""

import pytest

from paygate.domain.errors import InvalidInputError
from reconciliation.rules.model import KINDS
from reconciliation.rules.places import line_of
from reconciliation.rules.reading import read_rules, shipped_content, shipped_rules
from reconciliation.rules.words import Language, read_out

SHIPPED = shipped_content().decode()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_rule_is_read_out_with_its_numbers(language: Language) -> None:
    content = SHIPPED.replace("enabled = false", "enabled = true")
    read = read_out(read_rules(content.encode(), "x"), language)
    assert [one.kind for one in read.rules] == list(KINDS)
    assert all(one.on and one.said and "{" not in one.said for one in read.rules)
    tolerance = next(one for one in read.rules if one.kind == "tolerance")
    assert "1.000" in tolerance.said
    assert "1 %" in tolerance.said


def test_what_another_set_says_otherwise_stands_beside_and_nothing_else() -> None:
    other = read_rules(SHIPPED.replace("most_facts = 20", "most_facts = 12", 1).encode(), "x")
    read = read_out(other, "en", instead_of=shipped_rules())
    changed = [one for one in read.rules if one.before is not None]
    assert [one.kind for one in changed] == ["sum_reference"]
    assert ("12" in changed[0].said, "20" in str(changed[0].before), read.head_before) == (True, True, None)


def test_a_rule_that_is_switched_off_says_nothing() -> None:
    off = next(one for one in read_out(shipped_rules(), "vi").rules if one.kind == "tolerance")
    assert (off.on, off.said, off.before) == (False, "", None)


@pytest.mark.parametrize(
    ("spoil", "stands"),
    [
        (("most_facts = 20", "most_facts = 99"), 'kind = "sum_reference"'),
        (('kind = "narrative_cut"', 'kind = "narrative_cat"'), "[[rules]]"),
        (("recorded_days = 1", "recorded_days = -1"), "recorded_days = -1"),
        (("weights = {", "weights = ["), "weights = ["),
        (('after = ["exact"]', 'after = ["exactly"]'), 'kind = "sum_reference"'),
    ],
)
def test_a_refusal_points_to_its_line(spoil: tuple[str, str], stands: str) -> None:
    text = SHIPPED.replace(*spoil, 1)
    with pytest.raises(InvalidInputError) as refused:
        read_rules(text.encode(), "rules")
    line = line_of(text, str(refused.value))
    assert line is not None
    assert stands in text.splitlines()[line - 1]


@pytest.mark.parametrize("fault", ["", "rule number 99: kind", "no such thing", "rule nothing: x"])
def test_a_refusal_that_names_no_place_points_nowhere(fault: str) -> None:
    assert line_of(SHIPPED, fault) is None
