"""A notice in our words, each field in the narrow format that keeps it apart from its neighbours."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from adapters.fields import local_time, name
from adapters.vietinbank.payloads import Notice
from paygate.domain.errors import NotAPaymentError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

TYPES: Final[Mapping[str, tuple[PaymentState, Outcome]]] = {
    "1": (PaymentState.PAID, Outcome.PAID),  # ordinary
    "3": (PaymentState.PAID, Outcome.PAID),  # to a virtual account
    "C": (PaymentState.PAID, Outcome.PAID),  # credit
    "COLLECTION": (PaymentState.PAID, Outcome.PAID),
}
"""transType of money that came."""

WENT: Final = frozenset({"D"})
"""transType of money that went out: debit."""

_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_BANK_TRANSACTION = re.compile(r"[!-~]{0,30}")
_TYPE_LENGTH: Final = 20


class Formats(NamedTuple):
    """What the bank's own codes look like; without a pattern of its own, bankTransId may be absent."""

    transaction_id: re.Pattern[str]
    customer_code: re.Pattern[str]
    bank_transaction: re.Pattern[str] | None


def translate(notice: Notice, formats: Formats) -> NoticeFacts:
    """Say what an authentic notice says. custCode, the virtual account of one payer or dossier, is the reference.

    Raises:
        UnreadableNoticeError: a field is not in its format, which is also how most doubles of a notice betray
            themselves.
        NotAPaymentError: money that went out.
    """
    # Outside the signature: another currency would be another amount, so none but the platform's own is believed.
    if notice.currency != DONG:
        raise UnreadableNoticeError(f"currencyCode is not signed, and only {DONG} is believed")
    if notice.transaction_type in WENT:
        raise NotAPaymentError(f"transType {notice.transaction_type}: money that went out")
    moment = local_time("transTime", notice.time)
    _check("bankTransId", formats.bank_transaction or _BANK_TRANSACTION, notice.bank_transaction_id, optional=True)
    state, outcome, alarm = _result(notice, pinned=formats.bank_transaction is not None)
    return NoticeFacts(
        reference=_check("custCode", formats.customer_code, notice.customer_code),
        transaction_id=_check("transId", formats.transaction_id, notice.transaction_id),
        state=state,
        outcome=outcome,
        amount=int(_check("amount", _AMOUNT, notice.amount)),
        currency=DONG,
        occurred_at=moment,
        dossier_code=dossier_code_in(notice.remark),
        description=notice.remark,
        alarm=alarm,
    )


def _result(notice: Notice, *, pinned: bool) -> tuple[PaymentState, Outcome, str | None]:
    transaction_type = name("transType", notice.transaction_type, most=_TYPE_LENGTH)
    if transaction_type not in TYPES:
        return PaymentState.PENDING, Outcome.PENDING, f"transType {transaction_type} is not listed"
    # With its pattern configured, bankTransId shows where the amount ends; who leaves it out could lengthen the amount.
    if pinned and not notice.bank_transaction_id:
        return PaymentState.PENDING, Outcome.PENDING, "without bankTransId the signature does not say where amount ends"
    return *TYPES[transaction_type], None


def _check(field: str, pattern: re.Pattern[str], text: str, *, optional: bool = False) -> str:
    if not (pattern.fullmatch(text) or (optional and not text)):
        raise UnreadableNoticeError(f"{field} is missing or not in its format")
    return text
