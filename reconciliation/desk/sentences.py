"""What is wrong, in one sentence with its figures, in both languages.

Each reason has its ways of saying it, the fullest first: one is said where everything it names is known. Where none can
be, the reason's general sentence stands with the amount.
"""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Final

from paygate.domain.money import dong
from paygate.domain.worklist import Said
from reconciliation.desk.facts import VALUES, Facts
from reconciliation.model import REASONS, Reason


def say_what_is_wrong(facts: Facts) -> Said:
    """Say what does not agree, with the figures."""
    known = {name: value for name, tell in VALUES.items() if (value := tell(facts)) is not None}
    for way in WAYS[facts.reason]:
        if _names(way.vi) <= known.keys():
            return Said(
                way.vi.format_map({name: value.vi for name, value in known.items()}),
                way.en.format_map({name: value.en for name, value in known.items()}),
            )
    rule = REASONS[facts.reason]
    return Said(f"{_begun(rule.vi)}: {dong(facts.amount)}", f"{_begun(rule.en)}: {dong(facts.amount)}")


def _begun(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _names(way: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(way) if name}


WAYS: Final[Mapping[Reason, Sequence[Said]]] = {
    Reason.RECORD_CLOSED: (
        Said(
            "đã thu {kept} ngày {last_day} mà hồ sơ {closed}, phải hoàn {stake}",
            "{kept} was paid on {last_day} but the dossier is {closed}: refund {stake}",
        ),
    ),
    Reason.OBLIGATION_EXPIRED: (
        Said(
            "nộp {stake} ngày {last_day} khi khoản phải thu đã hết hạn {expires}, phải hoàn",
            "{stake} was paid on {last_day} though the obligation had expired on {expires}: refund it",
        ),
    ),
    Reason.DUPLICATE_PAYMENT: (
        Said(
            "phải thu {due} nhưng đã nộp {times} lần, cộng {kept}: thừa {stake}",
            "{due} is due but {times} payments came to {kept}: {stake} too much",
        ),
    ),
    Reason.CURRENCY_DIFFERS: (
        Said("nộp {payment} ngày {payment_day}, không phải đồng", "{payment} was paid on {payment_day}, not in dong"),
    ),
    Reason.NOTICES_CONFLICT: (
        Said(
            "các thông báo của giao dịch {reference} mâu thuẫn nhau, đang ghi {payment}",
            "the notices of {reference} contradict each other; {payment} is recorded",
        ),
    ),
    Reason.REVERSED: (
        Said(
            "{payment} nộp ngày {payment_day} đã về rồi bị thu hồi",
            "{payment} paid on {payment_day} arrived and was taken back",
        ),
    ),
    Reason.OVERPAID: (
        Said("thu {paid}, phải thu {due}: thừa {stake}", "{paid} was paid, {due} is due: {stake} too much"),
        Said("phải thu {due}, thu thừa {stake}", "{due} is due, {stake} too much was paid"),
    ),
    Reason.UNDERPAID: (
        Said("thu {paid}, phải thu {due}: thiếu {stake}", "{paid} was paid, {due} is due: {stake} too little"),
        Said("phải thu {due}, thu thiếu {stake}", "{due} is due, {stake} too little was paid"),
    ),
    Reason.AMOUNT_DIFFERS: (
        Said("{handed_over} nhiều hơn số đã thu {stake}", "{handed_over} {stake} more than was paid"),
        Said(
            "thanh toán {payment}, {says} {booked}: lệch {stake}", "{payment} was paid, {says} {booked}: {stake} apart"
        ),
        Said("thanh toán {payment}, {says} khác đi {stake}", "{payment} was paid, {says} {stake} more or less"),
    ),
    Reason.WRONG_ACCOUNT: (
        Said(
            "{payment} về tài khoản {line_account}, đúng ra phải về {account}",
            "{payment} arrived on account {line_account}, it belongs on {account}",
        ),
    ),
    Reason.REFUND_UNMATCHED: (
        Said(
            "hoàn {debit} ngày {line_day} từ {line_account}, không gắn với khoản nộp nào",
            "{debit} was refunded on {line_day} from {line_account} and belongs to no payment",
        ),
    ),
    Reason.NET_DIFFERS: (
        Said(
            "lô {batch} thực nhận phải là {batch_net}, ngân hàng báo có {paid_out}: lệch {stake}",
            "batch {batch} should pay out {batch_net}, the bank says {paid_out}: {stake} apart",
        ),
        Said(
            "lô {batch} thực nhận phải là {batch_net}, tiền về lệch {stake}",
            "batch {batch} should pay out {batch_net}, what arrived is {stake} apart",
        ),
        Said(
            "dòng quyết toán {gross}, phí {fee}, thực nhận {net}: lệch {stake}",
            "settled {gross}, fee {fee}, net {net}: {stake} apart",
        ),
    ),
    Reason.FEE_DIFFERS: (
        Said(
            "phí đã giữ {fee} trên {gross}, lệch biểu phí {stake}",
            "the gateway kept {fee} of {gross}, {stake} off its schedule",
        ),
    ),
    Reason.PAID_NOT_RECORDED: (
        Said(
            "đã thu {stake} ngày {last_day}, hồ sơ vẫn chờ nộp tiền",
            "{stake} was paid on {last_day}, the dossier still asks for it",
        ),
    ),
    Reason.FLAG_NOT_SYNCED: (
        Said(
            "đã nộp trực tuyến {stake} ngày {last_day}, cờ báo cáo vẫn là 0",
            "{stake} was paid online on {last_day}, the report flag is still 0",
        ),
    ),
    Reason.RECORD_MISSING: (
        Said(
            "đã thu {stake} ngày {last_day} qua {source}, hồ sơ chưa được gửi đến",
            "{stake} was paid on {last_day} through {source}, the dossier's record never came",
        ),
        Said(
            "đã thu {stake} ngày {payment_day} qua {source}, không nói cho hồ sơ nào",
            "{stake} was paid on {payment_day} through {source} and names no dossier",
        ),
    ),
    Reason.BANK_MISSING: (
        Said(
            "đã thu {payment} ngày {payment_day} qua {source}, tiền chưa về tài khoản {account}",
            "{payment} was paid on {payment_day} through {source}, the money has not arrived on {account}",
        ),
    ),
    Reason.SETTLEMENT_MISSING: (
        Said(
            "đã thu {payment} ngày {payment_day}, {source} chưa quyết toán",
            "{payment} was paid on {payment_day}, {source} has not settled it",
        ),
    ),
    Reason.TREASURY_NOT_SENT: (
        Said(
            "còn {stake} trong {kept} đã thu chưa nộp kho bạc",
            "{stake} of the {kept} paid was not handed over to the treasury",
        ),
    ),
    Reason.RECEIPT_MISSING: (
        Said("chưa có biên lai cho {stake} trong {kept} đã thu", "no receipt yet for {stake} of the {kept} paid"),
    ),
    Reason.BANK_UNEXPECTED: (
        Said(
            "tài khoản {line_account} báo có {credit} ngày {line_day}, không thuộc khoản nộp nào",
            "{credit} arrived on {line_account} on {line_day} and belongs to no payment",
        ),
        Said(
            "tài khoản {line_account} báo nợ {debit} ngày {line_day}, không thuộc khoản nộp nào",
            "{debit} left {line_account} on {line_day} and belongs to no payment",
        ),
    ),
    Reason.SETTLEMENT_UNEXPECTED: (
        Said(
            "{source} quyết toán {gross} ngày {line_day}, không thuộc khoản nộp nào",
            "{source} settled {gross} on {line_day}, which belongs to no payment",
        ),
    ),
    Reason.TREASURY_UNEXPECTED: (
        Said(
            "kho bạc nhận {credit} ngày {line_day}, không thuộc khoản nộp nào",
            "the treasury received {credit} on {line_day}, which belongs to no payment",
        ),
    ),
    Reason.RECEIPT_UNEXPECTED: (
        Said(
            "biên lai {credit} ngày {line_day} không thuộc khoản nộp nào",
            "a receipt of {credit} on {line_day} belongs to no payment",
        ),
    ),
    Reason.AMBIGUOUS: (
        Said(
            "{stake} đụng {stopped} khoản liên quan, quá nhiều để tự ghép",
            "{stake} touches {stopped} facts, too many to be matched without a person",
        ),
        Said(
            "{stake} có {answers} cách ghép ngang nhau, cần người quyết định",
            "{stake} has {answers} equally good answers; a person must decide",
        ),
        Said(
            "tài khoản {line_account} báo có {credit} ngày {line_day}, có dòng khác cũng hợp như vậy",
            "{credit} arrived on {line_account} on {line_day}, another line fits as well",
        ),
    ),
    Reason.NEVER_CONFIRMED: (
        Said(
            "{source} chưa xác nhận khoản nộp {payment} ngày {payment_day}, đã hết hạn hỏi",
            "{source} never confirmed {payment} of {payment_day}, and the time for it is over",
        ),
    ),
    Reason.STATEMENT_GAP: (
        Said(
            "sao kê {feed} ngày {feed_day} thiếu hoặc không nối kỳ trước, {unaccounted} chưa rõ",
            "the statement of {feed} for {feed_day} is missing or does not join the one before: {unaccounted} open",
        ),
        Said(
            "sao kê {feed} ngày {feed_day} thiếu hoặc không nối kỳ trước",
            "the statement of {feed} for {feed_day} is missing or does not join the one before",
        ),
    ),
    Reason.STATEMENT_UNBALANCED: (
        Said(
            "sao kê {feed} ngày {feed_day} không cân: lệch {unaccounted}",
            "the statement of {feed} for {feed_day} does not balance: {unaccounted} apart",
        ),
        Said(
            "sao kê {feed} ngày {feed_day} không cân hoặc nói khác nhau",
            "the statements of {feed} for {feed_day} do not balance, or disagree",
        ),
    ),
    Reason.LATE: (
        Said("{payment} nộp ngày {payment_day} về sau hạn", "{payment} paid on {payment_day} arrived after it was due"),
    ),
}
