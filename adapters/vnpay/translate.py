"""A notification in our words. Success needs both codes; whatever the tables do not hold is pending with an alarm."""

import re
from collections.abc import Mapping
from typing import Final

from adapters.fields import digits, local_time, name
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG, MAX_AMOUNT
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

SUCCESS: Final = "00"

FAILURES: Final[Mapping[str, tuple[PaymentState, Outcome]]] = {
    "05": (PaymentState.FAILED, Outcome.DECLINED),  # wrong password
    "06": (PaymentState.FAILED, Outcome.DECLINED),  # wrong one-time code
    "08": (PaymentState.FAILED, Outcome.GATEWAY_FAULT),  # bank under maintenance
    "09": (PaymentState.FAILED, Outcome.DECLINED),  # not registered for e-banking
    "10": (PaymentState.FAILED, Outcome.DECLINED),  # wrong card data more than three times
    "11": (PaymentState.EXPIRED, Outcome.PAYER_LEFT),  # time to pay ran out
    "12": (PaymentState.FAILED, Outcome.DECLINED),  # card locked
    "13": (PaymentState.FAILED, Outcome.DECLINED),  # wrong one-time code
    "24": (PaymentState.ABANDONED, Outcome.PAYER_LEFT),  # cancelled by the payer
    "51": (PaymentState.FAILED, Outcome.DECLINED),  # balance too low
    "65": (PaymentState.FAILED, Outcome.DECLINED),  # over the day's limit
    "75": (PaymentState.FAILED, Outcome.GATEWAY_FAULT),  # bank under maintenance
    "79": (PaymentState.FAILED, Outcome.DECLINED),  # wrong payment password too often
    "99": (PaymentState.FAILED, Outcome.GATEWAY_FAULT),  # other errors, by VNPay's word none of the payer's
}
"""vnp_ResponseCode of a payment that did not come about."""

NOT_PAID: Final = frozenset({"01", "02"})
"""vnp_TransactionStatus that bears a failure out: not completed, and error."""

SUSPICIOUS_RESPONSES: Final = frozenset({"07"})
SUSPICIOUS_STATUSES: Final = frozenset({"04", "07"})
"""Debited at the bank, but reversed or suspected of fraud: the merchant must look, nothing is believed till then."""

MINOR_UNITS_SENT: Final = 100
"""vnp_Amount counts hundredths of a dong, which do not exist."""

_CODE = re.compile(r"[A-Za-z0-9]{1,20}\Z")
_AMOUNT_LENGTH: Final = len(str(MAX_AMOUNT * MINOR_UNITS_SENT))


def translate(values: Mapping[str, str]) -> NoticeFacts:
    """Say what the decoded values of an authentic notification say.

    Raises:
        UnreadableNoticeError: a field is missing or not in its format.
    """
    description = values.get("vnp_OrderInfo", "")
    if "\0" in description:
        raise UnreadableNoticeError("vnp_OrderInfo holds U+0000")
    paid_at = values.get("vnp_PayDate")
    transaction_id = name("vnp_TransactionNo", values.get("vnp_TransactionNo", ""), least=0)
    state, outcome, alarm = _result(_code(values, "vnp_ResponseCode"), _code(values, "vnp_TransactionStatus"))
    return NoticeFacts(
        reference=name("vnp_TxnRef", values.get("vnp_TxnRef", "")),
        transaction_id="" if transaction_id == "0" else transaction_id,
        state=state,
        outcome=outcome,
        amount=hundredths(values.get("vnp_Amount", "")),
        currency=DONG,
        occurred_at=local_time("vnp_PayDate", paid_at) if paid_at else None,
        dossier_code=dossier_code_in(description),
        description=description,
        alarm=alarm,
    )


def hundredths(text: str) -> int:
    """Read a vnp_Amount as dong."""
    amount, rest = divmod(digits("vnp_Amount", text, _AMOUNT_LENGTH), MINOR_UNITS_SENT)
    if rest:
        raise UnreadableNoticeError("vnp_Amount is not a whole number of dong")
    if amount > MAX_AMOUNT:
        raise UnreadableNoticeError("vnp_Amount is larger than any amount that is kept")
    return amount


def _code(values: Mapping[str, str], field: str) -> str:
    code = values.get(field, "")
    if not _CODE.match(code):
        raise UnreadableNoticeError(f"{field} is not a code")
    return code


def _result(response: str, status: str) -> tuple[PaymentState, Outcome, str | None]:
    if response == status == SUCCESS:
        return PaymentState.PAID, Outcome.PAID, None
    said = f"vnp_ResponseCode {response} with vnp_TransactionStatus {status}"
    if response in SUSPICIOUS_RESPONSES or status in SUSPICIOUS_STATUSES:
        return PaymentState.PENDING, Outcome.PENDING, f"{said}: debited, but suspicious"
    if response in FAILURES and status in NOT_PAID:
        return *FAILURES[response], None
    if SUCCESS in {response, status}:
        return PaymentState.PENDING, Outcome.PENDING, f"{said}: the codes contradict each other"
    return PaymentState.PENDING, Outcome.PENDING, f"{said}: not listed"
