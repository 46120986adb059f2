"""What is wrong is said in one sentence with its figures, for every reason."""

from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Any, Final

import pytest

from reconciliation.desk.facts import VALUES, Facts, label_of
from reconciliation.desk.sentences import WAYS, say_what_is_wrong
from reconciliation.model import REASONS, Reason

DAY: Final = date(2024, 5, 8)
DOSSIER: Final = {
    "subject": "dossier:D1",
    "dossier_code": "D1",
    "obligation": 100_000,
    "last_day": DAY,
    "source": "gate",
}
PAYMENT: Final = {
    "subject": "payment:1",
    "reference": "R1",
    "payment": 150_000,
    "currency": "VND",
    "payment_day": DAY,
    "account": "0011",
    "source": "gate",
}
LINE: Final = {"subject": "line:1", "line": 150_000, "line_day": DAY, "line_account": "0022", "leg": "bank"}

SAID: Final[Mapping[Reason, tuple[dict[str, Any], str]]] = {
    Reason.RECORD_CLOSED: (
        {**DOSSIER, "amount": 150_000, "kept": 150_000, "times": 1, "status": "withdrawn"},
        "đã thu 150.000 ₫ ngày 08/05/2024 mà hồ sơ đã rút, phải hoàn 150.000 ₫",
    ),
    Reason.OBLIGATION_EXPIRED: (
        {**DOSSIER, "amount": 150_000, "kept": 150_000, "expires_on": date(2024, 5, 1)},
        "nộp 150.000 ₫ ngày 08/05/2024 khi khoản phải thu đã hết hạn 01/05/2024, phải hoàn",
    ),
    Reason.DUPLICATE_PAYMENT: (
        {**DOSSIER, "amount": 100_000, "kept": 200_000, "times": 2},
        "phải thu 100.000 ₫ nhưng đã nộp 2 lần, cộng 200.000 ₫: thừa 100.000 ₫",
    ),
    Reason.CURRENCY_DIFFERS: (
        {**PAYMENT, "amount": 600, "payment": 600, "currency": "USD"},
        "nộp 6,00\N{NO-BREAK SPACE}USD ngày 08/05/2024, không phải đồng",
    ),
    Reason.NOTICES_CONFLICT: (
        {**PAYMENT, "amount": 150_000},
        "các thông báo của giao dịch R1 mâu thuẫn nhau, đang ghi 150.000 ₫",
    ),
    Reason.REVERSED: (
        {**PAYMENT, "amount": 150_000},
        "150.000 ₫ nộp ngày 08/05/2024 đã về rồi bị thu hồi",
    ),
    Reason.OVERPAID: (
        {**DOSSIER, "amount": 50_000, "kept": 150_000},
        "thu 150.000 ₫, phải thu 100.000 ₫: thừa 50.000 ₫",
    ),
    Reason.UNDERPAID: (
        {**DOSSIER, "amount": 60_000, "kept": 40_000},
        "thu 40.000 ₫, phải thu 100.000 ₫: thiếu 60.000 ₫",
    ),
    Reason.AMOUNT_DIFFERS: (
        {**PAYMENT, **LINE, "amount": 1_000, "line": 149_000},
        "thanh toán 150.000 ₫, ngân hàng báo 149.000 ₫: lệch 1.000 ₫",
    ),
    Reason.WRONG_ACCOUNT: (
        {**PAYMENT, **LINE, "amount": 150_000},
        "150.000 ₫ về tài khoản 0022, đúng ra phải về 0011",
    ),
    Reason.REFUND_UNMATCHED: (
        {**LINE, "amount": 150_000, "line": -150_000},
        "hoàn 150.000 ₫ ngày 08/05/2024 từ 0022, không gắn với khoản nộp nào",
    ),
    Reason.NET_DIFFERS: (
        {
            **LINE,
            "subject": "batch:1",
            "amount": 5_000,
            "line": 95_000,
            "batch": "B1",
            "batch_net": 100_000,
            "evidence": {"lines": 7},
        },
        "lô B1 thực nhận phải là 100.000 ₫, ngân hàng báo có 95.000 ₫: lệch 5.000 ₫",
    ),
    Reason.FEE_DIFFERS: (
        {**LINE, "amount": 725, "leg": "settlement", "fee": 2_000, "net": 148_000},
        "phí đã giữ 2.000 ₫ trên 150.000 ₫, lệch biểu phí 725 ₫",
    ),
    Reason.PAID_NOT_RECORDED: (
        {**DOSSIER, "amount": 100_000},
        "đã thu 100.000 ₫ ngày 08/05/2024, hồ sơ vẫn chờ nộp tiền",
    ),
    Reason.FLAG_NOT_SYNCED: (
        {**DOSSIER, "amount": 100_000},
        "đã nộp trực tuyến 100.000 ₫ ngày 08/05/2024, cờ báo cáo vẫn là 0",
    ),
    Reason.RECORD_MISSING: (
        {**DOSSIER, "amount": 100_000},
        "đã thu 100.000 ₫ ngày 08/05/2024 qua gate, hồ sơ chưa được gửi đến",
    ),
    Reason.BANK_MISSING: (
        {**PAYMENT, "amount": 150_000},
        "đã thu 150.000 ₫ ngày 08/05/2024 qua gate, tiền chưa về tài khoản 0011",
    ),
    Reason.SETTLEMENT_MISSING: (
        {**PAYMENT, "amount": 150_000},
        "đã thu 150.000 ₫ ngày 08/05/2024, gate chưa quyết toán",
    ),
    Reason.TREASURY_NOT_SENT: (
        {**DOSSIER, "amount": 40_000, "kept": 100_000},
        "còn 40.000 ₫ trong 100.000 ₫ đã thu chưa nộp kho bạc",
    ),
    Reason.RECEIPT_MISSING: (
        {**DOSSIER, "amount": 40_000, "kept": 100_000},
        "chưa có biên lai cho 40.000 ₫ trong 100.000 ₫ đã thu",
    ),
    Reason.BANK_UNEXPECTED: (
        {**LINE, "amount": 150_000},
        "tài khoản 0022 báo có 150.000 ₫ ngày 08/05/2024, không thuộc khoản nộp nào",
    ),
    Reason.SETTLEMENT_UNEXPECTED: (
        {**LINE, "amount": 150_000, "leg": "settlement", "source": "gate"},
        "gate quyết toán 150.000 ₫ ngày 08/05/2024, không thuộc khoản nộp nào",
    ),
    Reason.TREASURY_UNEXPECTED: (
        {**LINE, "amount": 150_000, "leg": "treasury"},
        "kho bạc nhận 150.000 ₫ ngày 08/05/2024, không thuộc khoản nộp nào",
    ),
    Reason.RECEIPT_UNEXPECTED: (
        {**LINE, "amount": 150_000, "leg": "receipt"},
        "biên lai 150.000 ₫ ngày 08/05/2024 không thuộc khoản nộp nào",
    ),
    Reason.AMBIGUOUS: (
        {**LINE, "amount": 150_000, "evidence": {"payments": [1, 2, 3]}},
        "150.000 ₫ có 3 cách ghép ngang nhau, cần người quyết định",
    ),
    Reason.NEVER_CONFIRMED: (
        {**PAYMENT, "amount": 150_000},
        "gate chưa xác nhận khoản nộp 150.000 ₫ ngày 08/05/2024, đã hết hạn hỏi",
    ),
    Reason.STATEMENT_GAP: (
        {"subject": "feed:0011:2024-05-08", "amount": 0},
        "sao kê 0011 ngày 08/05/2024 thiếu hoặc không nối kỳ trước",
    ),
    Reason.STATEMENT_UNBALANCED: (
        {"subject": "feed:0011:2024-05-08", "amount": 1_000},
        "sao kê 0011 ngày 08/05/2024 không cân: lệch 1.000 ₫",
    ),
    Reason.LATE: (
        {**PAYMENT, "amount": 150_000},
        "150.000 ₫ nộp ngày 08/05/2024 về sau hạn",
    ),
}


def test_every_reason_is_tried() -> None:
    assert set(SAID) == set(WAYS) == set(Reason)


@pytest.mark.parametrize("reason", SAID)
def test_a_reason_is_said_with_its_figures(reason: Reason) -> None:
    told, vi = SAID[reason]
    said = say_what_is_wrong(Facts(reason=reason, **told))
    assert said.vi == vi.replace(" ₫", "\N{NO-BREAK SPACE}₫")
    assert said.en
    assert "{" not in said.en


@pytest.mark.parametrize("reason", SAID)
def test_where_no_figure_is_known_the_general_sentence_stands_with_the_amount(reason: Reason) -> None:
    said = say_what_is_wrong(Facts("odd:1", reason, 1_000))
    for told, general in zip(said, (REASONS[reason].vi, REASONS[reason].en), strict=True):
        assert told.lower() == f"{general.rstrip('.').lower()}: 1.000\N{NO-BREAK SPACE}₫"


@pytest.mark.parametrize("reason", WAYS)
def test_both_languages_name_the_same_and_only_what_there_is(reason: Reason) -> None:
    for way in WAYS[reason]:
        vi, en = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in way)
        assert vi == en
        assert vi <= VALUES.keys()


def test_figures_that_do_not_make_the_difference_are_not_said() -> None:
    promoted = Facts("dossier:D1", Reason.OVERPAID, 10_000, kept=100_000, obligation=100_000)
    assert say_what_is_wrong(promoted).en.startswith("100.000\N{NO-BREAK SPACE}₫ is due, 10.000")


def test_where_one_answer_has_several_lines_each_says_that_others_fit_as_well() -> None:
    said = say_what_is_wrong(Facts(reason=Reason.AMBIGUOUS, amount=1, evidence={"payments": [7]}, **LINE))
    assert said.en.endswith("another line fits as well")


def test_braces_in_what_others_wrote_are_text() -> None:
    told = {**PAYMENT, "amount": 1, "reference": "{amount}{0.__class__}"}
    assert "{0.__class__}" in say_what_is_wrong(Facts(reason=Reason.NOTICES_CONFLICT, **told)).en


def test_a_discrepancy_is_called_by_what_people_know_it_by() -> None:
    assert label_of(Facts(reason=Reason.OVERPAID, amount=1, **DOSSIER)) == "D1"
    assert label_of(Facts(reason=Reason.BANK_MISSING, amount=1, **PAYMENT)) == "R1"
    assert label_of(Facts("feed:0011:2024-05-08", Reason.STATEMENT_GAP, 0)) == "0011"
    assert label_of(Facts("line:7", Reason.BANK_UNEXPECTED, 1)) == "line:7"
