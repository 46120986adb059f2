"""Verdicts and the closed list of reasons: each with its severity, the unit that must act, and its sentences."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Verdict(StrEnum):
    """What a case comes to. The officers' words: khớp, lệch, thiếu, thừa, trùng, treo, phải hoàn."""

    MATCHED = "matched"
    MISMATCHED = "mismatched"
    MISSING = "missing"
    EXTRA = "extra"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    REFUND_DUE = "refund_due"
    UNPAID = "unpaid"


COUNTED: Final = tuple(verdict for verdict in Verdict if verdict is not Verdict.UNPAID)
"""The classes of a day: an unpaid dossier has no payment and no line, hence no day."""


class Reason(StrEnum):
    """Why a case does not agree, the weightiest first: a case with several is classed by the first."""

    RECORD_CLOSED = "record_closed"
    OBLIGATION_EXPIRED = "obligation_expired"
    DUPLICATE_PAYMENT = "duplicate_payment"
    CURRENCY_DIFFERS = "currency_differs"
    NOTICES_CONFLICT = "notices_conflict"
    REVERSED = "reversed"
    OVERPAID = "overpaid"
    UNDERPAID = "underpaid"
    AMOUNT_DIFFERS = "amount_differs"
    WRONG_ACCOUNT = "wrong_account"
    REFUND_UNMATCHED = "refund_unmatched"
    NET_DIFFERS = "net_differs"
    FEE_DIFFERS = "fee_differs"
    PAID_NOT_RECORDED = "paid_not_recorded"
    FLAG_NOT_SYNCED = "flag_not_synced"
    RECORD_MISSING = "record_missing"
    BANK_MISSING = "bank_missing"
    SETTLEMENT_MISSING = "settlement_missing"
    TREASURY_NOT_SENT = "treasury_not_sent"
    RECEIPT_MISSING = "receipt_missing"
    BANK_UNEXPECTED = "bank_unexpected"
    SETTLEMENT_UNEXPECTED = "settlement_unexpected"
    TREASURY_UNEXPECTED = "treasury_unexpected"
    RECEIPT_UNEXPECTED = "receipt_unexpected"
    AMBIGUOUS = "ambiguous"
    NEVER_CONFIRMED = "never_confirmed"
    STATEMENT_GAP = "statement_gap"
    STATEMENT_UNBALANCED = "statement_unbalanced"
    LATE = "late"


HANGING: Final = frozenset(
    {
        Reason.BANK_MISSING,
        Reason.SETTLEMENT_MISSING,
        Reason.TREASURY_NOT_SENT,
        Reason.RECEIPT_MISSING,
        Reason.RECORD_MISSING,
        Reason.NEVER_CONFIRMED,
    }
)
"""Reasons that hold only from the day something was due, and leave the case pending until then."""
WAITING: Final = HANGING | {Reason.PAID_NOT_RECORDED, Reason.FLAG_NOT_SYNCED}
"""All that hold only from a day on; a dossier that has yet to move on, or to be flagged, leaves its case as it is."""

FATES: Final = ("new", "persisting", "resolved_by_itself", "resolved_by_person")
"""What became of a discrepancy since the run before."""

Unit = Literal["portal", "gateway", "bank", "one_stop", "treasury", "payer", "ours"]
Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """What a reason means. `due_days`: business days the unit has from the day the reason holds."""

    verdict: Verdict
    severity: Severity
    responsible: Unit
    due_days: int
    vi: str
    en: str


REASONS: Final[dict[Reason, ReasonRule]] = {
    Reason.RECORD_CLOSED: ReasonRule(
        Verdict.REFUND_DUE,
        "high",
        "one_stop",
        3,
        "Đã thu tiền của hồ sơ đã rút hoặc bị từ chối: phải hoàn.",
        "Money was taken for a dossier that is withdrawn or refused: refund it.",
    ),
    Reason.OBLIGATION_EXPIRED: ReasonRule(
        Verdict.REFUND_DUE,
        "high",
        "one_stop",
        3,
        "Nộp sau khi khoản phải thu đã hết hạn: phải hoàn.",
        "Paid after the obligation had expired: refund it.",
    ),
    Reason.DUPLICATE_PAYMENT: ReasonRule(
        Verdict.DUPLICATE,
        "high",
        "one_stop",
        3,
        "Cùng một khoản phải thu được nộp hai lần.",
        "The same obligation was paid twice.",
    ),
    Reason.CURRENCY_DIFFERS: ReasonRule(
        Verdict.MISMATCHED, "high", "gateway", 2, "Khoản nộp không bằng đồng Việt Nam.", "The currency is not the dong."
    ),
    Reason.NOTICES_CONFLICT: ReasonRule(
        Verdict.MISMATCHED,
        "high",
        "gateway",
        1,
        "Hai thông báo của cùng một giao dịch mâu thuẫn nhau.",
        "Two notices of one transaction contradict each other.",
    ),
    Reason.OVERPAID: ReasonRule(
        Verdict.MISMATCHED, "medium", "one_stop", 3, "Thu thừa so với số phải thu.", "More was paid than is due."
    ),
    Reason.UNDERPAID: ReasonRule(
        Verdict.MISMATCHED, "medium", "payer", 3, "Thu thiếu so với số phải thu.", "Less was paid than is due."
    ),
    Reason.AMOUNT_DIFFERS: ReasonRule(
        Verdict.MISMATCHED,
        "high",
        "bank",
        2,
        "Số tiền của cùng một khoản nộp khác nhau giữa các chặng.",
        "The legs do not say the same amount of one payment.",
    ),
    Reason.WRONG_ACCOUNT: ReasonRule(
        Verdict.MISMATCHED,
        "high",
        "gateway",
        2,
        "Tiền về sai tài khoản.",
        "The money arrived on another account.",
    ),
    Reason.PAID_NOT_RECORDED: ReasonRule(
        Verdict.MISMATCHED,
        "high",
        "one_stop",
        1,
        "Đã thu tiền nhưng hồ sơ chưa được ghi nhận.",
        "Money was taken but the dossier has not moved on.",
    ),
    Reason.RECORD_MISSING: ReasonRule(
        Verdict.EXTRA,
        "medium",
        "one_stop",
        2,
        "Đã thu tiền nhưng không có hồ sơ.",
        "Money was taken but its dossier's record never came.",
    ),
    Reason.BANK_MISSING: ReasonRule(
        Verdict.MISSING,
        "high",
        "bank",
        2,
        "Quá hạn mà tiền chưa về tài khoản.",
        "No bank line arrived in time.",
    ),
    Reason.BANK_UNEXPECTED: ReasonRule(
        Verdict.EXTRA,
        "medium",
        "bank",
        3,
        "Có dòng sao kê không thuộc khoản nộp nào.",
        "A bank line belongs to no payment.",
    ),
    Reason.AMBIGUOUS: ReasonRule(
        Verdict.PENDING,
        "medium",
        "ours",
        2,
        "Có nhiều cách ghép ngang nhau, cần người quyết định.",
        "Several answers are equally good; a person must decide.",
    ),
    Reason.NEVER_CONFIRMED: ReasonRule(
        Verdict.PENDING,
        "medium",
        "gateway",
        2,
        "Đã hết hạn mà cổng chưa xác nhận kết quả giao dịch.",
        "The gateway has not confirmed what became of the payment, and the time for it is over.",
    ),
    Reason.REVERSED: ReasonRule(
        Verdict.MISSING,
        "high",
        "bank",
        2,
        "Tiền đã về rồi bị thu hồi (đảo giao dịch).",
        "The money came and was taken back.",
    ),
    Reason.REFUND_UNMATCHED: ReasonRule(
        Verdict.MISMATCHED,
        "high",
        "one_stop",
        2,
        "Có khoản hoàn tiền không gắn với khoản nộp nào.",
        "Money was refunded that belongs to no payment.",
    ),
    Reason.NET_DIFFERS: ReasonRule(
        Verdict.MISMATCHED,
        "high",
        "gateway",
        2,
        "Tiền quyết toán về tài khoản khác tổng thực nhận của lô.",
        "What was paid out differs from the net sum it should be.",
    ),
    Reason.FEE_DIFFERS: ReasonRule(
        Verdict.MISMATCHED,
        "medium",
        "gateway",
        5,
        "Phí cổng thanh toán đã thu khác biểu phí hợp đồng.",
        "The gateway kept another fee than its contract says.",
    ),
    Reason.FLAG_NOT_SYNCED: ReasonRule(
        Verdict.MISMATCHED,
        "medium",
        "one_stop",
        2,
        "Đã nộp trực tuyến nhưng cờ báo cáo DuocThanhToanTrucTuyen vẫn là 0.",
        "Paid online, but the report flag synced to the nation still says it was not.",
    ),
    Reason.SETTLEMENT_MISSING: ReasonRule(
        Verdict.MISSING,
        "high",
        "gateway",
        2,
        "Quá hạn mà cổng thanh toán chưa quyết toán.",
        "No settlement line arrived in time.",
    ),
    Reason.TREASURY_NOT_SENT: ReasonRule(
        Verdict.MISSING,
        "high",
        "one_stop",
        2,
        "Quá hạn mà chưa nộp đủ vào kho bạc.",
        "The money was not handed over to the treasury in time, or not all of it.",
    ),
    Reason.RECEIPT_MISSING: ReasonRule(
        Verdict.MISSING,
        "medium",
        "one_stop",
        1,
        "Quá hạn mà chưa có đủ biên lai.",
        "No receipt was issued in time, or not for all of the money.",
    ),
    Reason.SETTLEMENT_UNEXPECTED: ReasonRule(
        Verdict.EXTRA,
        "medium",
        "gateway",
        3,
        "Có dòng quyết toán không thuộc khoản nộp nào.",
        "A settlement line belongs to no payment.",
    ),
    Reason.TREASURY_UNEXPECTED: ReasonRule(
        Verdict.EXTRA,
        "medium",
        "treasury",
        3,
        "Có khoản vào kho bạc không thuộc khoản nộp nào.",
        "Money was handed over to the treasury that belongs to no payment.",
    ),
    Reason.RECEIPT_UNEXPECTED: ReasonRule(
        Verdict.EXTRA,
        "medium",
        "one_stop",
        3,
        "Có biên lai không thuộc khoản nộp nào.",
        "A receipt belongs to no payment.",
    ),
    Reason.STATEMENT_GAP: ReasonRule(
        Verdict.PENDING,
        "high",
        "bank",
        1,
        "Thiếu sao kê, hoặc số dư đầu kỳ không nối với kỳ trước.",
        "A statement is missing, or does not begin where the one before ended.",
    ),
    Reason.STATEMENT_UNBALANCED: ReasonRule(
        Verdict.PENDING,
        "high",
        "bank",
        1,
        "Số dư đầu kỳ cộng phát sinh khác số dư cuối kỳ.",
        "Opening balance and lines do not make the closing balance.",
    ),
    Reason.LATE: ReasonRule(
        Verdict.MATCHED,
        "low",
        "bank",
        5,
        "Tiền đã về, nhưng sau hạn.",
        "The money arrived, but after it was due.",
    ),
}

RULES: Final = {
    "by_hand": "a person has joined them, whatever they say",
    "exact": "same reference, account and amount",
    "sum_reference": "same reference and account, several facts whose sums agree",
    "reference": "same reference and account, another amount",
    "tolerance": "same reference and account, another amount within the tolerance",
    "reference_other_account": "same reference and amount, another account",
    "narrative_reference": "the payment's reference stands in the line's narrative, same account and amount",
    "narrative_dossier": "the dossier code stands in the line's narrative, same account and amount",
    "narrative_cut": "a reference or dossier code cut short in the line, same account and amount",
    "sum_narrative": "lines name payments in full, same account, and their sums agree",
    "settlement_batch": "a bank line of a batch's account: of its net, or named by its code, or the only one near it",
    "promotion": "same reference and source, more settled than was paid, where the source grants promotions",
}
"""The rules of passes 1 and 2, by the name every match carries."""

CONTENDERS: Final = 20
"""How many of several equally good answers a discrepancy names."""
REFUND_WORDS: Final = ("HOAN TRA", "HOAN TIEN", "HOAN PHI", "HOAN LE PHI", "REFUND")
"""What says of a debit without a reference that it is a refund: whole words of its narrative."""
