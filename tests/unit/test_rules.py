"""Rule sets: what is read, what is refused, and in which words."""

import pytest

from paygate.domain.errors import InvalidInputError, TooLargeError
from reconciliation.rules.model import (
    KINDS,
    ORDER,
    Exact,
    NarrativeCut,
    NarrativeDossier,
    NarrativeReference,
    SettlementBatch,
    SumNarrative,
    SumReference,
    Tolerance,
)
from reconciliation.rules.reading import MAX_BYTES, read_rules, shipped_content, shipped_rules
from tests.rule_sets import changed, with_prefixes

SHIPPED = shipped_content().decode()
EXACT = '[[rules]]\nkind = "exact"\n'


def minimal(*rules: str, head: str = 'name = "mine"\nrecorded_days = 1\n') -> bytes:
    return (head + EXACT + "".join(f"[[rules]]\n{rule}\n" for rule in rules)).encode()


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read_rules(content, "mine.toml")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("mine.toml: ")
    return message.removeprefix("mine.toml: ")


def test_the_set_that_ships_says_what_was_decided() -> None:
    rules = shipped_rules()
    assert rules.recorded_days == 1
    for kind in (NarrativeReference, NarrativeDossier, SumNarrative):
        rule = rules.find(kind)
        assert rule is not None
        assert (rule.window_days.first, rule.window_days.last, rule.least_length) == (-1, 10, 8)
    cut, sums, batch = rules.find(NarrativeCut), rules.find(SumReference), rules.find(SettlementBatch)
    assert cut is not None
    assert (cut.window_days.first, cut.window_days.last, cut.least_length) == (-1, 10, 12)
    assert sums is not None
    assert sums.most_facts == 20
    assert batch is not None
    assert (batch.least_length, batch.least_word, batch.lone_percent) == (8, 4, 5)
    assert rules.find(Tolerance) is None


def test_the_set_that_ships_names_every_kind() -> None:
    assert tuple(one.kind for one in shipped_rules().rules) == ORDER
    assert tuple(KINDS) == ORDER


def test_the_version_is_the_name_and_eight_digits_of_what_is_said() -> None:
    name, _, digits = shipped_rules().version.rpartition("-")
    assert (name, len(digits)) == ("2026-2", 8)
    assert shipped_rules().digest.hex().startswith(digits)


def test_comments_and_layout_change_no_version() -> None:
    bare = "\n".join(line for line in SHIPPED.splitlines() if not line.startswith("#"))
    again = read_rules(bare.replace("percent = 1", "percent = 1.00").encode(), "x")
    assert again.version == shipped_rules().version


def test_whatever_is_said_otherwise_changes_the_version() -> None:
    said = [("recorded_days = 1", "recorded_days = 2"), ("to = 10", "to = 9"), ("enabled = false", "enabled = true")]
    versions = {read_rules(SHIPPED.replace(*one).encode(), "x").version for one in said}
    assert len(versions | {shipped_rules().version}) == 4


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_rules(b"\xef\xbb\xbf" + shipped_content(), "x").version == shipped_rules().version


def test_a_rule_that_is_off_or_absent_is_not_found() -> None:
    assert changed(narrative_cut={"enabled": False}).find(NarrativeCut) is None
    assert read_rules(minimal(), "x").find(NarrativeCut) is None
    assert read_rules(minimal(), "x").find(Exact)


def test_a_file_is_bounded() -> None:
    with pytest.raises(TooLargeError, match="at most 65536 bytes"):
        read_rules(b"#" * (MAX_BYTES + 1), "mine.toml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"rules =", "not TOML: "),
        (b"x = 1\nx = 2", "not TOML: "),
        (b"x = " + b"[" * 5_000, "nested too deeply"),
        (b"x = " + b"9" * 5_000, "not TOML: "),
        (b"", "name: Field required; recorded_days: Field required; rules: Field required"),
        (b"rules = 3", "rules: Input should be a valid tuple"),
        (b'name = "a"\nrecorded_days = 1\nrules = [3]', "rule number 1: "),
    ],
)
def test_what_is_no_rule_set_is_refused_in_a_line(content: bytes, said: str) -> None:
    assert said in refusal(content)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('kind = "exakt"', "rule number 2: there is no kind 'exakt'; the kinds are exact, sum_reference, "),
        ("kind = 3", "rule number 2: there is no kind '3'"),
        ("enabled = true", "rule number 2: there is no kind ''"),
        (
            'kind = "sum_reference"\nmost_facts = 20\nmost_fact = 3',
            "rule sum_reference: most_fact is not a key (did you mean 'most_facts'?); the keys here are ",
        ),
        (
            'kind = "narrative_cut"\nleast_length = 12\nwindow_days = { from = 0, to = 1, till = 2 }',
            "rule narrative_cut: window_days.till is not a key; the keys here are from, to",
        ),
        ('kind = "sum_reference"\nmost_facts = 21', "rule sum_reference: most_facts: Input should be less than"),
        (
            'kind = "sum_reference"\nmost_facts = true',
            "rule sum_reference: most_facts: Input should be a valid integer",
        ),
        (
            'kind = "sum_reference"\nmost_facts = "20"',
            "rule sum_reference: most_facts: Input should be a valid integer",
        ),
        (
            'kind = "narrative_dossier"\nleast_length = 0\nwindow_days = { from = 0, to = 1 }',
            "rule narrative_dossier: least_length: Input should be greater than",
        ),
        (
            'kind = "narrative_cut"\nleast_length = 11\nwindow_days = { from = 0, to = 1 }',
            "rule narrative_cut: least_length: Input should be greater than or equal to 12",
        ),
        (
            'kind = "narrative_cut"\nleast_length = 12\nwindow_days = { from = 1, to = 0 }',
            "rule narrative_cut: window_days: the window is empty",
        ),
        (
            'kind = "narrative_cut"\nleast_length = 12\nwindow_days = { from = 0, to = 93 }',
            "rule narrative_cut: window_days.to: Input should be less than or equal to 92",
        ),
        (
            'kind = "reference"\n[[rules]]\nkind = "tolerance"\ndong = 10001',
            "rule tolerance: dong: a tolerance of 10001 đồng",
        ),
        (
            'kind = "reference"\n[[rules]]\nkind = "tolerance"\npercent = 5.01',
            "rule tolerance: percent: a tolerance of 5.01 %",
        ),
        (
            'kind = "reference"\n[[rules]]\nkind = "tolerance"\npercent = nan',
            "rule tolerance: percent: Input should be a finite",
        ),
        (
            'kind = "reference"\n[[rules]]\nkind = "tolerance"\ndong = -1',
            "rule tolerance: dong: Input should be greater than",
        ),
        ('kind = "reference"\n[[rules]]\nkind = "tolerance"', "rule tolerance: it accepts any difference"),
        (
            'kind = "reference"\n[[rules]]\nkind = "tolerance"\ndong = 0',
            "rule tolerance: it can never get a fact: equal amounts are taken by exact before it",
        ),
        (
            'kind = "tolerance"\ndong = 1',
            "rule tolerance: it can never get a fact: it accepts what reference pairs, and reference is off",
        ),
        ('kind = "exact"', "rule exact stands 2 times; the second can never get a fact"),
        (
            'kind = "reference"\nafter = ["exakt"]',
            "rule reference: after names 'exakt', which is not in this set; there is exact, reference",
        ),
        (
            'kind = "reference"\nafter = ["reference"]',
            "rule reference: after goes in a circle: reference after reference",
        ),
        (
            (
                'kind = "reference"\nafter = ["reference_other_account"]\n'
                '[[rules]]\nkind = "reference_other_account"\nafter = ["reference"]'
            ),
            "rule reference: after goes in a circle: reference after reference_other_account after reference",
        ),
        (
            'kind = "reference"\nafter = ["reference_other_account"]\n[[rules]]\nkind = "reference_other_account"',
            "rule reference: after reference_other_account cannot be followed: reference acts before it",
        ),
        (
            'kind = "reference_other_account"\n[[rules]]\nkind = "reference"',
            "rule reference stands after reference_other_account, but acts before it; the order is exact, ",
        ),
        (
            (
                'kind = "suggestion"\nwindow_days = { from = 0, to = 1 }\nleast_score = 1\nmost = 5\n'
                "weights = { day = 50, payer = 50, narrative = 50 }"
            ),
            "rule suggestion: weights: the weights add up to 150, not to 100",
        ),
    ],
)
def test_a_rule_is_refused_by_its_name(rule: str, said: str) -> None:
    assert said in refusal(minimal(rule))


def test_exact_is_what_the_others_build_on() -> None:
    off = minimal().replace(EXACT.encode(), EXACT.encode() + b"enabled = false\n")
    assert "rule exact: it must be there and enabled" in refusal(off)
    assert "rule exact: it must be there and enabled" in refusal(b'name = "a"\nrecorded_days = 1\nrules = []')


@pytest.mark.parametrize("prefix", ["", "C", "#1", ".*", "(a+)+b", "C" * 33, "CK\\n"])
def test_a_prefix_is_no_pattern(prefix: str) -> None:
    assert "prefixes.0: " in refusal(minimal(head=f'name = "a"\nrecorded_days = 1\nprefixes = [{prefix!r}]\n'))


def test_without_prefixes_there_is_no_pattern() -> None:
    assert not with_prefixes().prefix_pattern
    assert with_prefixes("CK ", "MB.#.").prefix_pattern == r"^ *([Cc][Kk] +|[Mm][Bb]\.[0-9]+\.)+"
