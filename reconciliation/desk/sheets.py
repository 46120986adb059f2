"""Which facts a report's sheets show, and what they are called: one sheet a leg, one of what does not agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from reconciliation.rendering import Language

Kind = Literal["text", "day", "moment", "money", "foreign", "verdict", "reasons", "reason"]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is in characters, as spreadsheets count them."""

    name: str
    kind: Kind
    width: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The facts behind one total of a report. `query` and `leg` say how they are read; they add up to their total."""

    name: str
    query: str
    columns: Sequence[Column]
    leg: str | None = None


_DAY: Final = Column("day", "day", 12)
_DOSSIER: Final = Column("dossier", "text", 28)
_SOURCE: Final = Column("source", "text", 14)
_AGENCY: Final = Column("agency_code", "text", 18)
_PROCEDURE: Final = Column("procedure_code", "text", 14)
_AMOUNT: Final = Column("amount", "money", 16)
_OUTCOME: Final = (Column("verdict", "verdict", 12), Column("reasons", "reasons", 48))
_OF_RECORD: Final = (
    _DAY,
    _DOSSIER,
    _AGENCY,
    Column("agency_name", "text", 32),
    _PROCEDURE,
    Column("procedure_name", "text", 40),
    _SOURCE,
)
_OF_LINE: Final = (_DAY, Column("account", "text", 18), Column("reference", "text", 24), Column("document", "text", 20))
_JOINED: Final = (Column("payment", "text", 24), Column("rule", "text", 20), *_OUTCOME)

SHEETS: Final[Mapping[str, Sheet]] = {
    one.name: one
    for one in (
        Sheet("obligation", "detail_obligations", (*_OF_RECORD, _AMOUNT, Column("paid", "money", 16), *_OUTCOME)),
        Sheet(
            "payments",
            "detail_payments",
            (
                _DAY,
                Column("paid_at", "moment", 18),
                _SOURCE,
                Column("reference", "text", 24),
                Column("transaction", "text", 20),
                _DOSSIER,
                _AGENCY,
                _PROCEDURE,
                _AMOUNT,
                Column("state", "text", 14),
                Column("settlement_rule", "text", 20),
                Column("bank_rule", "text", 20),
                *_OUTCOME,
            ),
        ),
        Sheet(
            "settlement",
            "detail_lines",
            (
                _DAY,
                _SOURCE,
                Column("reference", "text", 24),
                Column("batch", "text", 18),
                _DOSSIER,
                _AMOUNT,
                Column("fee", "money", 14),
                Column("net", "money", 16),
                *_JOINED,
            ),
            leg="settlement",
        ),
        Sheet(
            "bank",
            "detail_lines",
            (*_OF_LINE, Column("narrative", "text", 60), Column("batch", "text", 18), _DOSSIER, _AMOUNT, *_JOINED),
            leg="bank",
        ),
        Sheet("treasury", "detail_lines", (*_OF_LINE, _DOSSIER, _AMOUNT, *_JOINED), leg="treasury"),
        Sheet("receipt", "detail_lines", (*_OF_LINE, _DOSSIER, _AMOUNT, *_JOINED), leg="receipt"),
        Sheet("report", "detail_flags", (*_OF_RECORD, _AMOUNT, *_OUTCOME)),
        Sheet(
            "discrepancies",
            "detail_discrepancies",
            (
                _DAY,
                Column("number", "text", 10),
                Column("reason", "reason", 48),
                _AMOUNT,
                Column("other_amount", "foreign", 16),
                Column("responsible", "text", 20),
                Column("since", "day", 12),
                Column("due", "day", 12),
                _DOSSIER,
                _AGENCY,
                _SOURCE,
                Column("reference", "text", 24),
                Column("account", "text", 18),
                Column("state", "text", 12),
                Column("assignee", "text", 20),
            ),
        ),
    )
}
"""In the order of the legs; what is open comes last."""

HEADS: Final[Mapping[str, tuple[str, str]]] = {
    "day": ("Ngày", "Day"),
    "dossier": ("Mã hồ sơ", "Dossier"),
    "agency_code": ("Mã đơn vị", "Agency code"),
    "agency_name": ("Đơn vị", "Agency"),
    "procedure_code": ("Mã thủ tục", "Procedure code"),
    "procedure_name": ("Thủ tục", "Procedure"),
    "source": ("Nguồn", "Source"),
    "amount": ("Số tiền (₫)", "Amount (₫)"),
    "other_amount": ("Ngoại tệ", "Other currency"),
    "paid": ("Đã nộp (₫)", "Paid (₫)"),
    "verdict": ("Kết quả", "Verdict"),
    "reasons": ("Lý do", "Reasons"),
    "paid_at": ("Nộp lúc", "Paid at"),
    "reference": ("Mã tham chiếu", "Reference"),
    "transaction": ("Mã giao dịch", "Transaction"),
    "state": ("Trạng thái", "State"),
    "settlement_rule": ("Quy tắc quyết toán", "Settlement rule"),
    "bank_rule": ("Quy tắc ngân hàng", "Bank rule"),
    "account": ("Tài khoản", "Account"),
    "document": ("Số chứng từ", "Document"),
    "batch": ("Lô", "Batch"),
    "narrative": ("Nội dung", "Narrative"),
    "fee": ("Phí (₫)", "Fee (₫)"),
    "net": ("Thực nhận (₫)", "Net (₫)"),
    "payment": ("Khoản nộp", "Payment"),
    "rule": ("Quy tắc", "Rule"),
    "number": ("Số", "Number"),
    "reason": ("Lý do", "Reason"),
    "responsible": ("Trách nhiệm", "Responsible"),
    "since": ("Từ ngày", "Since"),
    "due": ("Hạn", "Due"),
    "assignee": ("Người xử lý", "Assignee"),
}

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "paid": ("Đã nộp", "Paid"),
    "refund_pending": ("Chờ hoàn", "Refund pending"),
    "partly_refunded": ("Hoàn một phần", "Partly refunded"),
    "refunded": ("Đã hoàn", "Refunded"),
    "reversed": ("Bị thu hồi", "Reversed"),
    "open": ("Mới mở", "Open"),
    "assigned": ("Đã giao", "Assigned"),
    "proposed": ("Chờ duyệt", "Waiting for approval"),
}
"""Of payments that came, and of discrepancies that are live."""


def head(column: str, language: Language) -> str:
    """Return what a column is called."""
    return HEADS[column][language == "en"]


def state_word(state: str, language: Language) -> str:
    """Return what a state of a payment or of a discrepancy is called."""
    return STATES[state][language == "en"] if state in STATES else state


def read_rows(sheet: Sheet, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield a sheet's fields in the order of its columns, from a table whose first row names them.

    Who must act on a discrepancy is no field of its own: it goes with the reason.
    """
    names = {name: place for place, name in enumerate(next(rows))}
    places = [names["reason" if one.name == "responsible" else one.name] for one in sheet.columns]
    for row in rows:
        yield [row[place] for place in places]
