"""What a status says of whether something was sent or issued."""

import unicodedata

import pytest

from paygate.domain.handover_status import DENIALS, NOT_COME_ABOUT, came_about


@pytest.mark.parametrize(
    "status",
    [
        *("NOT_SENT", "SENT_FAIL", "FAILED", "Cancelled", "notSent", "not-sent", "SENT FAIL (timeout)", "VOID"),
        *("chưa gửi", "Chưa phát hành", "CHƯA", "chưa", "gửi thất bại", "Đã hủy", "Đã huỷ", "Hủy bỏ", "bị từ chối"),
        *("Chờ gửi KBNN", "Lỗi: mất kết nối", "không thành công", "Đã thu hồi", "chua gui", "Không gửi được"),
    ],
)
def test_what_was_not_sent_or_issued_is_no_evidence(status: str) -> None:
    assert not came_about(status)
    assert not came_about(unicodedata.normalize("NFD", status))
    assert not came_about(f"  {status.upper()} ")


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
    assert came_about(status)


def test_every_phrase_of_the_lists_does_what_it_is_there_for() -> None:
    assert not any(map(came_about, NOT_COME_ABOUT))
    assert all(map(came_about, DENIALS))
    assert not any(came_about(phrase.replace(" ", "_")) for phrase in NOT_COME_ABOUT)
