from datetime import UTC, datetime

import pytest

from adapters.fields import (
    currency_code,
    local_time,
    milliseconds,
    milliseconds_of,
    name,
    spaced_local_time,
    whole_amount,
)
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.money import MAX_AMOUNT


def test_a_local_time_is_seven_hours_ahead_of_utc() -> None:
    assert local_time("ThoiGianGD", "20240508140712") == datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024050814071",
        "202405081407120",
        "20240508T40712",
        "2024-5-8 14:07",
        "20240231000000",
        "20230229120000",
        "20240508240000",
        "20240508146000",
        "20240508140760",
        "00000508140712",
        "00010101000000",
        "99991231235959",
        "٢٠٢٤٠٥٠٨١٤٠٧١٢",
        "²⁰²⁴⁰⁵⁰⁸140712",
    ],
)
def test_a_time_that_never_was_is_refused(text: str) -> None:
    with pytest.raises(UnreadableNoticeError, match="ThoiGianGD"):
        local_time("ThoiGianGD", text)


def test_a_spaced_local_time_is_seven_hours_ahead_of_utc() -> None:
    assert spaced_local_time("when", "2024-05-08 14:07:12") == datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-05-08",
        "2024-05-08T14:07:12",
        "2024-05-08 14:07:12\n",
        "2024-05-08 14:07:12.5",
        "2024-5-8 14:07:12",
        "08-05-2024 14:07:12",
        "2024-02-30 14:07:12",
        "2024-05-08 24:00:00",
        "0000-05-08 14:07:12",
        "٢٠٢٤-05-08 14:07:12",
    ],
)
def test_a_spaced_time_that_never_was_is_refused(text: str) -> None:
    with pytest.raises(UnreadableNoticeError, match="when"):
        spaced_local_time("when", text)


def test_milliseconds_are_read_as_they_were_written() -> None:
    moment = datetime(2024, 5, 8, 7, 7, 12, 345_000, tzinfo=UTC)
    assert milliseconds("responseTime", "1715152032345") == moment
    assert milliseconds_of(moment) == 1715152032345


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "1715152032", "99999999999999", "171515203234500", "١٧"])
def test_milliseconds_outside_the_years_of_payments_are_refused(text: str) -> None:
    with pytest.raises(UnreadableNoticeError, match="responseTime"):
        milliseconds("responseTime", text)


@pytest.mark.parametrize(("text", "amount"), [("0", 0), ("150000", 150_000), ("1000000000000000", MAX_AMOUNT)])
def test_an_amount_has_64_bits(text: str, amount: int) -> None:
    assert whole_amount("SoTien", text) == amount


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.5", "1e3", " 1", "1 ", "9223372036854775808", "9" * 20, "١٢", "150,000", "0x10"]
)
def test_an_amount_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UnreadableNoticeError, match="SoTien"):
        whole_amount("SoTien", text)


def test_a_name_is_one_printable_line_of_bounded_length() -> None:
    assert name("MaThamChieu", "x" * 255) == "x" * 255
    assert name("MaGiaoDich", "", least=0) == ""
    for text in ("", "x" * 256, "a\nb", "a\x00b", "a\u202eb", "a\u200bb"):
        with pytest.raises(UnreadableNoticeError, match="MaThamChieu"):
            name("MaThamChieu", text)


@pytest.mark.parametrize("text", ["", "VN", "VNDD", "vnd", "V1D", "ĐVN"])
def test_a_currency_is_three_capital_letters(text: str) -> None:
    assert currency_code("MaTienTe", "VND") == "VND"
    with pytest.raises(UnreadableNoticeError, match="MaTienTe"):
        currency_code("MaTienTe", text)
