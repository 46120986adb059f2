"""A result in our words. Only paid is attested; every other pair of codes is asked about."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from adapters.fields import whole_amount
from adapters.viettelpay.payloads import Result
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

STORED_CODE: Final = "00"

RESULTS: Final[Mapping[tuple[str, str], tuple[PaymentState, Outcome]]] = {
    ("00", "1"): (PaymentState.PAID, Outcome.PAID),
}
"""error_code and payment_status. No table of the others is public."""

_CODE = re.compile(r"[A-Za-z0-9_]{1,20}")
_STATUS = re.compile(r"-?[0-9]{1,3}")
_AMOUNT = re.compile(r"0|[1-9][0-9]*")


class Formats(NamedTuple):
    """What the agency's own orders and the gateway's transactions look like."""

    order_id: re.Pattern[str]
    transaction_id: re.Pattern[str]


def translate(result: Result, signed: Collection[str], unsigned: Sequence[str], formats: Formats) -> NoticeFacts:
    """Say what an authentic result says, as far as the fields that are signed say it.

    `unsigned` names what would have to be signed for a payment to be paid.

    Raises:
        UnreadableNoticeError: a field is missing or not in its format.
    """
    state, outcome, alarm = _result(result, unsigned)
    transaction_id = _check("vt_transaction_id", formats.transaction_id, result.vt_transaction_id)
    order_id = _check("order_id", formats.order_id, result.order_id)
    # Only signed text can name the dossier: whoever can alter billcode could pay for another's.
    description = result.billcode if "billcode" in signed else ""
    return NoticeFacts(
        reference=order_id,
        # Where a result can be paid, another number outside the signature would make a second payment of the first.
        transaction_id=transaction_id if unsigned or "vt_transaction_id" in signed else "",
        state=state,
        outcome=outcome,
        amount=whole_amount("trans_amount", _check("trans_amount", _AMOUNT, result.trans_amount)),
        currency=DONG,
        occurred_at=None,
        dossier_code=dossier_code_in(order_id) or dossier_code_in(description),
        description=description,
        alarm=alarm,
    )


def _result(result: Result, unsigned: Sequence[str]) -> tuple[PaymentState, Outcome, str | None]:
    error_code = _check("error_code", _CODE, result.error_code)
    payment_status = _check("payment_status", _STATUS, result.payment_status)
    said = f"error_code {error_code} with payment_status {payment_status}"
    if (error_code, payment_status) not in RESULTS:
        return PaymentState.PENDING, Outcome.PENDING, f"{said} is not listed"
    state, outcome = RESULTS[error_code, payment_status]
    if unsigned and state is PaymentState.PAID:
        return PaymentState.PENDING, Outcome.PENDING, f"{said}, but the signature leaves out {' and '.join(unsigned)}"
    return state, outcome, None


def _check(field: str, pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise UnreadableNoticeError(f"{field} is missing or not in its format")
    return text
