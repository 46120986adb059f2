"""What a citizen who paid is told, case by case."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from paygate.web.desk.answers import WORDS, Answer, Kind, answer

NOW = datetime(2024, 5, 9, 3, 0, tzinfo=UTC)


def a_payment(**changes: Any) -> dict[str, Any]:
    paid = {"amount": 150_000, "currency": "VND", "status": "paid", "source": "vnpay"}
    return {**paid, "paid_at": "2024-05-08T07:02:00+00:00", "payment_id": 1, **changes}


def a_discrepancy(reason: str, **changes: Any) -> dict[str, Any]:
    found = {"reason": reason, "amount": 50_000, "vi": "Lệch.", "en": "It differs.", "assignee": None}
    return {**found, "responsible": "one_stop", "due": "2024-05-10", **changes}


def a_case(**changes: Any) -> dict[str, Any]:
    record = {"dossier_code": "H23-240508-0001", "status": "processing", "exempt": False}
    facts = {"obligations": [{"amount": 150_000}], "payments": [], "discrepancies": [], "outlook": []}
    return {**record, **facts, "verdict": "matched", "expected_by": date(2024, 5, 9), **changes}


def told(**changes: Any) -> Answer:
    return answer(a_case(**changes), NOW)


def test_a_payment_that_is_recorded_needs_nobody() -> None:
    said = told(payments=[a_payment()])
    assert (said.kind, said.person, said.unit, said.until) == (Kind.RECORDED, None, None, None)
    assert said.values["at"] == datetime(2024, 5, 8, 7, 2, tzinfo=UTC)


def test_a_payment_not_recorded_names_the_unit_and_its_day_before_anyone_is_late() -> None:
    said = told(payments=[a_payment()], status="payment_requested")
    assert (said.kind, said.unit, said.until) == (Kind.NOT_RECORDED, "one_stop", "2024-05-09")


def test_a_payment_not_recorded_names_the_person_who_has_the_task() -> None:
    late = a_discrepancy("paid_not_recorded", assignee="anh")
    said = told(payments=[a_payment()], status="payment_requested", discrepancies=[late])
    assert (said.kind, said.person, said.until) == (Kind.NOT_RECORDED, "anh", "2024-05-10")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("duplicate_payment", Kind.PAID_TWICE),
        ("record_closed", Kind.CLOSED),
        ("obligation_expired", Kind.EXPIRED),
        ("underpaid", Kind.UNDERPAID),
        ("overpaid", Kind.OVERPAID),
        ("record_missing", Kind.NO_RECORD),
        ("bank_missing", Kind.NOT_BOOKED),
        ("wrong_account", Kind.LOOKED_INTO),
        ("receipt_missing", Kind.AMONG_OFFICES),
        ("flag_not_synced", Kind.AMONG_OFFICES),
    ],
)
def test_what_does_not_agree_decides_what_is_said(reason: str, kind: Kind) -> None:
    said = told(payments=[a_payment()], discrepancies=[a_discrepancy(reason)])
    assert said.kind is kind
    assert said.values["at_stake"] == 50_000


def test_of_several_reasons_the_one_a_citizen_asks_after_is_told() -> None:
    found = [a_discrepancy("flag_not_synced"), a_discrepancy("bank_missing"), a_discrepancy("duplicate_payment")]
    assert told(payments=[a_payment()], discrepancies=found).kind is Kind.PAID_TWICE


def test_what_concerns_the_payer_too_is_not_left_to_the_offices() -> None:
    found = [a_discrepancy("flag_not_synced"), a_discrepancy("amount_differs")]
    assert told(payments=[a_payment()], discrepancies=found).kind is Kind.LOOKED_INTO


def test_money_of_no_record_and_of_no_dossier_has_arrived() -> None:
    bare = a_case(payments=[a_payment()])
    del bare["status"], bare["exempt"]
    assert answer(bare, NOW).kind is Kind.NO_RECORD
    assert answer({**bare, "dossier_code": None}, NOW).kind is Kind.NO_DOSSIER


def test_money_that_went_back_is_said_to_have_gone_back() -> None:
    assert told(payments=[a_payment(status="refunded")]).kind is Kind.REFUNDED
    assert told(payments=[a_payment(status="reversed")]).kind is Kind.TAKEN_BACK


def test_one_of_two_that_was_refunded_leaves_the_other_recorded() -> None:
    said = told(payments=[a_payment(status="refunded"), a_payment()])
    assert (said.kind, said.values["count"]) == (Kind.RECORDED, 1)


def test_an_attempt_without_a_result_is_not_to_be_repeated() -> None:
    assert told(payments=[a_payment(status="failed"), a_payment(status="pending")]).kind is Kind.UNCONFIRMED


def test_an_attempt_that_failed_is_told_as_one() -> None:
    assert told(payments=[a_payment(status="failed")]).kind is Kind.DECLINED


def test_nobody_is_told_that_nothing_came_while_a_feed_is_late() -> None:
    feeds = [
        {"account": "0011001234567", "late": timedelta(minutes=70), "due": NOW - timedelta(minutes=70)},
        {"source": "vnpay", "late": timedelta(minutes=5), "due": None},
    ]
    said = told(outlook=feeds)
    assert said.kind is Kind.UNKNOWN
    assert said.values == {"feed": "…4567", "since": NOW - timedelta(minutes=70)}


def test_before_the_next_statement_nothing_is_final() -> None:
    due = NOW + timedelta(hours=3)
    said = told(outlook=[{"account": "001", "late": None, "due": due}])
    assert (said.kind, said.values) == (Kind.NOT_YET, {"until": due})


def test_when_every_feed_is_here_what_is_not_known_was_not_received() -> None:
    assert told().kind is Kind.NOT_RECEIVED


@pytest.mark.parametrize("changes", [{"exempt": True}, {"obligations": []}])
def test_where_nothing_is_due_nothing_is_missing(changes: dict[str, Any]) -> None:
    assert told(**changes).kind is Kind.NOTHING_DUE


def test_money_in_another_currency_is_not_added_to_the_dong() -> None:
    said = told(payments=[a_payment(), a_payment(currency="USD", amount=500)])
    assert (said.values["amount"], said.values["currency"]) == (500, "USD")


def test_every_answer_has_its_words() -> None:
    assert WORDS.keys() == set(Kind)
