"""VietinBank's settlement file of the day after: records of the day, late ones, and their checksums."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.statements.registry import open_statement
from adapters.statements.vietinbank import read_vietinbank
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned
from paygate.domain.statement_import import StatementImport, preview
from paygate.domain.statement_reading import identify
from tests.vietinbank_files import KEY, footer, record, settlement


def parts(data: bytes, key: bytes | None = KEY) -> list[StatementPart]:
    return list(read_vietinbank(BytesIO(data), key))


def lines(data: bytes) -> list[StatementLine]:
    return [part for part in parts(data) if isinstance(part, StatementLine)]


def look(data: bytes, key: bytes | None = KEY) -> StatementImport:
    return preview(read_vietinbank(BytesIO(data), key), format="vietinbank")


def test_a_record_is_a_line_under_the_customers_code() -> None:
    day = date(2024, 5, 8)
    assert parts(settlement(record(addField2="HO SO 0001"))) == [
        StatementHead(None, "9111 20240508", None, day, day),
        StatementLine(
            row=2,
            booked_on=day,
            value_on=day,
            amount=875_800,
            currency="VND",
            bank_reference="501690869",
            reference="2NDVNDV24012358711",
            narrative=(
                "bankTransId 164T24200GKAJ7BY billCycle 202405 billId B1 payRefNo PR1 merchantAcctNo M1 "
                "recvVirtualAcctId 2NDVNDV24012358711 transTime 20240508140634 HO SO 0001"
            ),
            counterparty="NGUYỄN VĂN A",
        ),
        StatementEnd(trailer_agrees=True),
    ]


@pytest.mark.parametrize("time", ["20240507235959", "20240508000001", "20240505120000"])
def test_a_late_record_belongs_to_the_day_before_the_files(time: str) -> None:
    late, of_the_day = lines(settlement(record(recordType="003", transId="1", transTime=time), record()))
    assert (late.booked_on, of_the_day.booked_on) == (date(2024, 5, 7), date(2024, 5, 8))
    assert late.value_on is not None
    assert late.value_on.strftime("%Y%m%d") == time[:8]


def test_late_records_alone_belong_to_their_own_day() -> None:
    [line] = lines(settlement(record(recordType="003", transTime="20240507235959")))
    assert line.booked_on == date(2024, 5, 7)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record().replace("875800", "975800"), "its checksum does not hold"),
        (record(key=b"another"), "its checksum does not hold"),
        (record()[:-1] + "ế", "its checksum does not hold"),
        (record(status="01"), "its status is '01', not 00"),
        (record(recordType="005"), "its type is '005'"),
        (record() + "|", "it has 27 columns, not 26"),
        (record(custName="A|B"), "it has 27 columns, not 26"),
        ("002|x", "it has 2 columns"),
        (record(amount="0"), "not more than zero"),
        (record(amount="-5"), "not more than zero"),
        (record(amount="1.5"), "more decimals"),
        (record(amount="1e5"), "not an amount"),
        (record(currencyCode="dong"), "its currency"),
        (record(transTime="20240532140634"), "its transTime"),
        (record(transTime="2024-05-08"), "its transTime"),
        (record(transId=""), "it has no transId"),
    ],
)
def test_a_bad_record_is_named_and_the_rest_loads(bad: str, reason: str) -> None:
    found = look(settlement(record(transId="1"), bad, record(transId="2")))
    assert (found.lines, [row.row for row in found.refused], found.balanced) == (2, [3], None)
    assert reason in found.refused[0].reason


def test_without_a_key_the_checksums_are_kept_unverified_and_that_is_said() -> None:
    found = look(settlement(record().replace("875800", "975800")), None)
    assert (found.lines, found.warnings) == (1, ["its checksums were not verified: its account has no file_key"])


def test_a_footer_that_counts_otherwise_is_said_and_nothing_balances() -> None:
    found = look(settlement(record(), count=2))
    assert (found.lines, found.balanced, found.warnings) == (1, False, ["its footer tells of 2 records, there are 1"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (settlement(record(), key=b"another"), "footer's checksum does not hold"),
        (settlement(record()).replace(b"|9111|bank|1|", b"|9111|bank|2|"), "footer's checksum does not hold"),
        (settlement(record()).replace(b"|9111|bank|1|", b"|9111|bank|x|"), "cannot be read"),
        (settlement(record()) + record().encode(), "stands behind the footer"),
        (settlement(record()) + footer(1).encode(), "stands behind the footer"),
        (settlement(record())[: -len(footer(1)) - 2], "no footer"),
        (settlement(record())[:-40], "cannot be read|does not hold"),
        (b"", "no footer"),
        (settlement(record()).decode("utf-8-sig").encode("utf-16"), "no footer"),
    ],
)
def test_a_file_without_an_authentic_footer_at_its_end_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableStatementError, match=reason):
        parts(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.removeprefix(b"\xef\xbb\xbf"),
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: data.rstrip(),
        lambda data: data + b"\r\n\r\n",
        lambda _data: settlement(record(), header=None),
    ],
)
def test_the_frame_changes_no_line(change: Callable[[bytes], bytes]) -> None:
    data = settlement(record())
    assert [identify(line) for line in lines(change(data))] == [identify(line) for line in lines(data)]


@pytest.mark.parametrize("data", [settlement(record()), settlement(), settlement(record(), header=None)])
def test_it_is_known_by_its_first_bytes(data: bytes) -> None:
    assert open_statement(BytesIO(data))[0] == "vietinbank"


def test_a_day_on_which_nothing_came_is_a_statement_too() -> None:
    assert parts(settlement()) == [StatementHead(None, "9111", None), StatementEnd(trailer_agrees=True)]


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(data: bytes) -> None:
    ends = f"\r\n{footer(1)}".encode()
    for sample in (data, data + ends, b"002|" + data.replace(b",", b"|") + ends):
        try:
            found = parts(sample, None)
        except UnreadableStatementError:
            continue
        assert {type(part) for part in found} <= {StatementHead, StatementLine, StatementEnd, RefusedRow, Warned}
