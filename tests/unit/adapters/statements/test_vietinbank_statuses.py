"""What VietinBank is answered to a record, case by case."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from adapters.fields import HANOI
from adapters.statements.vietinbank_record import read_record
from adapters.statements.vietinbank_verdicts import Status, Told, day_told, judge, told_by
from paygate.domain.payment import Received
from tests.vietinbank_files import KEY, record

DAY: Final = date(2024, 5, 8)
YESTERDAY: Final = DAY - timedelta(days=1)
AT: Final = datetime(2024, 5, 8, 14, 6, 34, tzinfo=HANOI)
ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")


def told(**changes: str) -> Told:
    text = record(**changes).encode().decode("latin-1")
    return told_by(read_record(1, text, KEY))


def payment(number: int = 1, **changes: Any) -> Received:
    held = Received(number, "2NDVNDV24012358711", "501690869", 875_800, "VND", AT, DAY)
    return held._replace(**changes)


def statuses(records: list[Told], payments: list[Received]) -> list[str]:
    verdicts = judge(records, payments, DAY)
    return [*(str(status) for status, _ in verdicts.each), *("02" for _ in verdicts.only_ours)]


def test_what_is_the_same_on_both_sides_matches() -> None:
    assert statuses([told()], [payment()]) == ["00"]


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "975800"},
        {"amount": "875800.5"},
        {"currencyCode": "USD"},
        {"transTime": "20240508140635"},
        {"transTime": "20241308140634"},
        {"transTime": "00010101000000"},
        {"custCode": "2NDVNDV24012358712"},
        {"status": "01"},
        {"recordType": "003"},
    ],
)
def test_what_is_of_one_transaction_and_differs_is_said_to_differ_and_is_not_told_twice(change: dict[str, str]) -> None:
    assert statuses([told(**change)], [payment()]) == ["03"]


def test_an_account_the_bank_does_not_name_is_no_difference() -> None:
    assert statuses([told(custCode="")], [payment()]) == ["00"]


def test_what_only_one_side_has_is_said_to_be_its_own() -> None:
    assert statuses([told(transId="1")], [payment()]) == ["01", "02"]


def test_the_same_sum_in_the_same_second_is_not_the_same_transaction() -> None:
    assert statuses([told(transId="1")], [payment(transaction_id="2")]) == ["01", "02"]


def test_a_late_record_is_matched_with_the_day_before() -> None:
    yesterday = payment(business_date=YESTERDAY, occurred_at=AT - timedelta(days=1))
    assert statuses([told(recordType="003", transTime="20240507140634")], [yesterday]) == ["00"]


def test_what_the_bank_left_out_yesterday_is_not_told_today() -> None:
    assert statuses([], [payment(business_date=YESTERDAY), payment(2, business_date=DAY + timedelta(days=1))]) == []


def test_a_transaction_that_the_bank_names_twice_matches_once() -> None:
    assert statuses([told(), told()], [payment()]) == ["00", "01"]
    assert statuses([told(amount="1"), told()], [payment()]) == ["01", "00"]


def test_what_differs_is_held_against_the_files_own_day_first() -> None:
    yesterdays = payment(1, reference="B", business_date=YESTERDAY)
    assert statuses([told(amount="1")], [yesterdays, payment(2)]) == ["03"]


def test_two_payments_of_one_transaction_are_told_apart_by_what_they_say() -> None:
    records = [told(custCode=""), told(custCode="B")]
    assert statuses(records, [payment(1, reference="B"), payment(2, reference="A")]) == ["00", "00"]


@pytest.mark.parametrize(
    ("times", "cut_off", "day"),
    [
        (["20240508140634"], time(0), DAY),
        (["20240507235959", "20240508000000", "20240508235959"], time(0), DAY),
        (["20240507220000"], time(22), DAY),
        (["20240507235959", "20240508000000"], time(0), DAY),
        (["20241308140634", "00010101000000", "99991231235959"], time(22), None),
        ([], time(0), None),
    ],
)
def test_the_day_of_a_file_is_that_of_most_of_its_records(times: list[str], cut_off: time, day: date | None) -> None:
    late = [told(recordType="003", transTime="20240507120000")] * 5
    assert day_told([*late, *(told(transTime=text) for text in times)], ZONE, cut_off) == day


def test_every_status_is_counted_also_where_there_is_none() -> None:
    counts = judge([told(transId="1")], [payment()], DAY).counts()
    assert counts == {Status.MATCHED: 0, Status.ONLY_THEIRS: 1, Status.ONLY_OURS: 1, Status.DIFFERS: 0}
