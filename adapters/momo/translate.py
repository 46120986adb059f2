"""A notification in our words."""

import re
from collections.abc import Mapping
from typing import Final

from adapters.fields import digits, milliseconds, name, whole_amount
from adapters.momo.payloads import Ipn
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

RESULTS: Final[Mapping[str, tuple[PaymentState, Outcome]]] = {
    "0": (PaymentState.PAID, Outcome.PAID),
    "1000": (PaymentState.PENDING, Outcome.PENDING),  # begun, waits for the payer
    "7000": (PaymentState.PENDING, Outcome.PENDING),  # being processed
    "7002": (PaymentState.PENDING, Outcome.PENDING),  # being processed by the payer's bank
    "8000": (PaymentState.PENDING, Outcome.PENDING),  # waits for the payer to confirm once more
    "9000": (PaymentState.PENDING, Outcome.PENDING),  # authorised, and not yet captured
    "10": (PaymentState.FAILED, Outcome.GATEWAY_FAULT),  # under maintenance
    "11": (PaymentState.FAILED, Outcome.OUR_FAULT),  # access denied
    "13": (PaymentState.FAILED, Outcome.OUR_FAULT),  # the merchant was not authenticated
    "20": (PaymentState.FAILED, Outcome.OUR_FAULT),  # badly formed request
    "21": (PaymentState.FAILED, Outcome.OUR_FAULT),  # impossible amount
    "22": (PaymentState.FAILED, Outcome.OUR_FAULT),  # amount out of range
    "40": (PaymentState.FAILED, Outcome.OUR_FAULT),  # request id used before
    "41": (PaymentState.FAILED, Outcome.OUR_FAULT),  # order id used before
    "42": (PaymentState.FAILED, Outcome.OUR_FAULT),  # unknown order id
    "1001": (PaymentState.FAILED, Outcome.DECLINED),  # balance too low
    "1002": (PaymentState.FAILED, Outcome.DECLINED),  # declined by the issuer
    "1003": (PaymentState.ABANDONED, Outcome.PAYER_LEFT),  # cancelled
    "1004": (PaymentState.FAILED, Outcome.DECLINED),  # over the payer's limit
    "1005": (PaymentState.EXPIRED, Outcome.PAYER_LEFT),  # time to pay ran out
    "1006": (PaymentState.ABANDONED, Outcome.PAYER_LEFT),  # refused by the payer
    "1007": (PaymentState.FAILED, Outcome.DECLINED),  # the payer's account is not active
    "1017": (PaymentState.FAILED, Outcome.OUR_FAULT),  # cancelled by the merchant
}
"""resultCode. Not listed, so pending with an alarm: 1080 and 1081, which tell of a refund and leave the payment as it
is, and 98 and 99, whose meaning could not be verified."""

_CODE = re.compile(r"[0-9]{1,6}\Z")
MOST_DIGITS: Final = 20


def translate(ipn: Ipn) -> NoticeFacts:
    """Say what an authentic notification says.

    Amounts are in dong; no other currency is written anywhere. `message` is a sentence for the payer in the payer's
    language, and not read.

    Raises:
        UnreadableNoticeError: a field is not in its format.
    """
    state, outcome, alarm = result(ipn.result_code)
    transaction = str(digits("transId", ipn.transaction_id, MOST_DIGITS))
    return NoticeFacts(
        reference=name("orderId", ipn.order_id),
        transaction_id="" if transaction == "0" else transaction,
        state=state,
        outcome=outcome,
        amount=whole_amount("amount", ipn.amount),
        currency=DONG,
        occurred_at=milliseconds("responseTime", ipn.response_time),
        dossier_code=dossier_code_in(ipn.order_info),
        description=ipn.order_info,
        alarm=alarm,
    )


def result(code: str) -> tuple[PaymentState, Outcome, str | None]:
    """Return what a resultCode means; what the table does not hold is pending, with an alarm."""
    if code in RESULTS:
        return *RESULTS[code], None
    if not _CODE.match(code):
        raise UnreadableNoticeError("resultCode is not a code")
    return PaymentState.PENDING, Outcome.PENDING, f"resultCode {code} is not a listed code"
