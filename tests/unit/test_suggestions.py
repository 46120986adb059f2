"""Suggestions: scored, explained, bounded, and never more than that."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.rules.model import Suggestion
from reconciliation.rules.reading import shipped_rules
from reconciliation.suggestions import OpenLine, OpenPayment, suggest

DAY = date(2024, 5, 8)
RULE = shipped_rules().find(Suggestion)
assert RULE is not None


def payment(**changes: Any) -> OpenPayment:
    told = "Nguyễn Văn An nộp lệ phí khai sinh"
    facts = {"payment_id": 1, "reference": "HD2405080000017", "dossier_code": "H23.12-240508-0001"}
    return OpenPayment(**{**facts, "business_date": DAY, "told": told, **changes})


def line(**changes: Any) -> OpenLine:
    facts = {"line_id": 1, "name": "FT1", "booked_on": DAY, "counterparty": "", "narrative": ""}
    return OpenLine(**{**facts, **changes})


def score(paid: OpenPayment, booked: OpenLine) -> int:
    found = suggest([(paid, booked)], RULE)
    return found[0].score if found else 0


def words(paid: OpenPayment, booked: OpenLine) -> str:
    return "; ".join(why.en for one in suggest([(paid, booked)], RULE) for why in one.why)


def test_the_nearer_the_day_the_better() -> None:
    scores = [score(payment(), line(booked_on=DAY + timedelta(days=days))) for days in range(8)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 40


def test_outside_the_window_nothing_is_suggested() -> None:
    for days in (-6, 16):
        assert not suggest(
            [(payment(), line(booked_on=DAY + timedelta(days=days), counterparty="NGUYEN VAN AN"))], RULE
        )


def test_a_sender_the_notice_speaks_of_counts() -> None:
    assert score(payment(), line(counterparty="NGUYEN VAN AN")) == 75
    assert "the sender's name agrees by 100 %" in words(payment(), line(counterparty="NGUYEN VAN AN"))


def test_half_a_name_counts_half_and_less_not_at_all() -> None:
    assert score(payment(), line(counterparty="NGUYEN VAN BINH")) == 40 + 23
    assert score(payment(), line(counterparty="TRAN THI BINH")) == 40
    assert score(payment(), line(counterparty="NGUYEN")) == 40


def test_words_that_any_payment_has_tell_nothing() -> None:
    assert score(payment(told="Nộp lệ phí"), line(narrative="NOP LE PHI HO SO")) == 40


def test_words_of_their_own_count() -> None:
    assert score(payment(told="nộp phí khai sinh"), line(narrative="NOP PHI KHAI SINH")) == 65


def test_most_of_a_reference_in_the_narrative_counts() -> None:
    assert score(payment(), line(narrative="GD HD24050800000")) == 40 + 20


def test_a_reason_repeats_no_name() -> None:
    found = suggest([(payment(), line(counterparty="NGUYEN VAN AN", narrative="NGUYEN VAN AN KHAI SINH"))], RULE)
    said = " ".join(f"{why.vi} {why.en}".upper() for one in found for why in one.why)
    assert "NGUYEN" not in said
    assert "AN KHAI" not in said


def test_the_best_come_first_and_no_more_than_the_rule_shows() -> None:
    lines = [line(line_id=number, booked_on=DAY + timedelta(days=number % 7)) for number in range(20)]
    found = suggest([(payment(), one) for one in reversed(lines)], RULE)
    assert [one.line.line_id for one in found] == [0, 7, 14, 1, 8]


pairs = st.tuples(
    st.builds(payment, payment_id=st.integers(1, 9), told=st.text(max_size=40), reference=st.text(max_size=20)),
    st.builds(
        line,
        line_id=st.integers(1, 9),
        booked_on=st.integers(-20, 20).map(lambda days: DAY + timedelta(days=days)),
        counterparty=st.text(max_size=20),
        narrative=st.text(max_size=40),
    ),
)


@given(given_pairs=st.lists(pairs, max_size=8, unique_by=lambda pair: (pair[0].payment_id, pair[1].line_id)))
def test_whatever_is_written_scores_are_bounded_and_the_order_of_facts_changes_nothing(
    given_pairs: list[tuple[OpenPayment, OpenLine]],
) -> None:
    found = suggest(given_pairs, RULE)
    assert found == suggest(given_pairs[::-1], RULE)
    assert all(RULE.least_score <= one.score <= 100 for one in found)
    assert len(found) <= RULE.most
