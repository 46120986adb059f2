"""The answer to VietinBank's settlement file, byte by byte, and the files that get none."""

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest

from adapters.statements.vietinbank_answer import Settlement, read_settlement, write_answer
from adapters.statements.vietinbank_verdicts import judge, told_by
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.payment import Received
from tests.answered import ORDER, Answered, read_as_the_bank
from tests.vietinbank_files import KEY, RECORD, footer, record, settlement

DAY = date(2024, 5, 8)


def held(**changes: Any) -> Received:
    at = datetime(2024, 5, 8, 7, 6, 34, tzinfo=UTC)
    return Received(1, "2NDVNDV24012358711", "501690869", 875_800, "VND", at, DAY)._replace(**changes)


def read(data: bytes) -> Settlement:
    return read_settlement(BytesIO(data), KEY)


def written(data: bytes, *payments: Received) -> bytes:
    theirs = read(data)
    return write_answer(theirs, judge([told_by(one) for one in theirs.records], payments, DAY), KEY)


def answered(data: bytes, *payments: Received) -> Answered:
    return read_as_the_bank(written(data, *payments), KEY)


def test_the_same_list_comes_back_in_the_answers_order_with_a_status_each() -> None:
    answer = answered(settlement(record(), record(transId="2", recordType="003")), held())
    assert answer.header == ORDER
    first, second = answer.records
    assert {name: first[name] for name in RECORD} == RECORD
    assert {name: second[name] for name in RECORD} == {**RECORD, "transId": "2", "recordType": "003"}
    assert answer.statuses() == [("501690869", "00"), ("2", "01")]
    assert answer.footer[:-1] == ["009", "9111", "bank", "2", "20240509050000"]


def test_what_we_alone_hold_stands_behind_theirs_with_what_we_know_of_it() -> None:
    answer = answered(settlement(record()), held(), held(payment_id=2, transaction_id="7", amount=50_000))
    ours = {name: value for name, value in answer.records[1].items() if value and name != "recordChecksum"}
    assert ours == {
        "recordType": "002",
        "transId": "7",
        "providerId": "9111",
        "custCode": "2NDVNDV24012358711",
        "amount": "50000",
        "currencyCode": "VND",
        "transTime": "20240508140634",
        "status": "00",
        "reconcileStatus": "02",
    }
    assert answer.footer[3] == "2"


def test_an_amount_that_grew_by_a_digit_of_its_neighbour_keeps_its_checksum_and_is_said_to_differ() -> None:
    honest = record(custName="NGUYEN VAN A 1")
    grown = honest.replace("NGUYEN VAN A 1|875800", "NGUYEN VAN A |1875800")
    assert answered(settlement(honest), held()).statuses() == [("501690869", "00")]
    assert answered(settlement(grown), held()).statuses() == [("501690869", "03")]


def test_a_day_on_which_nothing_came_is_answered_too() -> None:
    assert answered(settlement(), held()).statuses() == [("501690869", "02")]
    assert answered(settlement()).footer[3] == "0"


def test_values_come_back_byte_by_byte_however_odd() -> None:
    odd = record(custName="  NGUYỄN  VĂN A ", custCode=" x ", amount="0875800", addField5="Ă\t")
    [one] = answered(settlement(odd)).records
    assert (one["custName"], one["custCode"], one["amount"], one["addField5"]) == (
        "  NGUYỄN  VĂN A ",
        " x ",
        "0875800",
        "Ă\t",
    )


def test_the_frame_is_theirs() -> None:
    plain = settlement(record()).replace(b"\r\n", b"\n")
    assert read_as_the_bank(written(plain, held()), KEY, b"\n").statuses() == [("501690869", "00")]
    assert answered(settlement(record(), header=None)).header == []
    assert answered(settlement(record(), header="DANH SACH|20240508")).header == ["DANH SACH", "20240508"]


def test_the_same_file_and_ledger_give_the_same_answer() -> None:
    assert written(settlement(record()), held()) == written(settlement(record()), held())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (settlement(record(), record().replace("875800", "975800")), "line 3: its checksum does not hold"),
        (settlement(record(key=b"another")), "line 2: its checksum does not hold"),
        (settlement(record(), key=b"another"), "footer's checksum does not hold"),
        (settlement(record(custName="A|B")), "line 2: it has 27 columns"),
        (settlement(record(recordType="005")), "line 2: its type is '005'"),
        (settlement(record(), count=2), "tells of 2 records, there are 1"),
        (settlement(record(), record(transId="2"), count=1), "tells of 1 records, there are 2"),
        (settlement(record())[:-60], "no footer|cannot be read|does not hold"),
        (b"", "no footer"),
        (settlement(record(), count=999_999_999), "more than 200000 records"),
    ],
)
def test_a_file_that_is_not_wholly_the_banks_gets_no_answer(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableStatementError, match=reason):
        read(data)


@pytest.mark.parametrize("change", [{"reference": "A|B"}, {"transaction_id": "1\n2"}])
def test_a_reference_that_would_break_the_columns_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError, match="of payment 1 cannot stand in a column"):
        written(settlement(), held(**change))


def test_a_footer_after_the_answer_is_signed_anew() -> None:
    assert footer(2).encode() in written(settlement(record()), held(), held(payment_id=2, transaction_id="7"))
