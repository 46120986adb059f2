"""What a status says of whether something was sent or issued."""

import unicodedata

import pytest

from paygate.domain.handover_status import DENIALS, NOT_COME_ABOUT, TAKEN_BACK, Standing, standing_of


@pytest.mark.parametrize(
    "status",
    [
        *("NOT_SENT", "SENT_FAIL", "FAILED", "notSent", "not-sent", "SENT FAIL (timeout)", "Hủy thất bại"),
        *("chưa gửi", "Chưa phát hành", "CHƯA", "chưa", "gửi thất bại", "bị từ chối"),
        *("Chờ gửi KBNN", "Lỗi: mất kết nối", "không thành công", "chua gui", "Không gửi được"),
    ],
)
def test_what_was_not_sent_or_issued_is_no_evidence(status: str) -> None:
    ways = (status, unicodedata.normalize("NFD", status), f"  {status.upper()} ")
    assert {standing_of(way) for way in ways} == {Standing.NOT_COME_ABOUT}


@pytest.mark.parametrize("status", ["Cancelled", "VOID", "Đã hủy", "Đã huỷ", "Hủy bỏ", "Đã thu hồi", "hủy", "da huy"])
def test_what_was_cancelled_was_taken_back(status: str) -> None:
    ways = (status, unicodedata.normalize("NFD", status), f"  {status.upper()} ")
    assert {standing_of(way) for way in ways} == {Standing.TAKEN_BACK}


@pytest.mark.parametrize(
    "status",
    [
        *(
            "",
            " ",
            "SENT_SUCCESS",
            "SENT",
            "ISSUED",
            "00",
            "1",
            "Đã gửi",
            "Đã gửi cho kho bạc",
            "Thành công",
            "Đã phát hành",
        ),
        *("Chưa hủy", "Không lỗi", "Không có lỗi", "No error", "Đã nhập kho bạc", "Huyện Thanh Hà đã nộp", "avoided"),
    ],
)
def test_whatever_else_a_status_says_is_evidence(status: str) -> None:
    assert standing_of(status) is Standing.CAME_ABOUT


def test_every_phrase_of_the_lists_does_what_it_is_there_for() -> None:
    listed = {
        Standing.NOT_COME_ABOUT: NOT_COME_ABOUT,
        Standing.TAKEN_BACK: TAKEN_BACK,
        Standing.CAME_ABOUT: DENIALS,
    }
    for standing, phrases in listed.items():
        assert {standing_of(phrase) for phrase in phrases} == {standing}
        assert {standing_of(phrase.replace(" ", "_")) for phrase in phrases} == {standing}
