"""A webhook in our words. payOS watches a bank account and tells of money that came for one of its payment links."""

from collections.abc import Mapping
from typing import Final

from adapters.fields import currency_code, digits, name, spaced_local_time, whole_amount
from paygate.domain.errors import NotAPaymentError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

PAID_CODE: Final = "00"

TRIAL: Final = {
    "orderCode": "123",
    "reference": "TF230204212323",
    "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18",
}
"""What payOS sends when the address of a webhook is registered. No payer can choose a link's id."""

_MOST_DIGITS: Final = 20
_MAX_CODE: Final = 20


def translate(values: Mapping[str, str]) -> NoticeFacts:
    """Say what the fields of an authentic webhook say.

    Raises:
        UnreadableNoticeError: a field is missing or not in its format.
        NotAPaymentError: the trial that registers an address.
    """
    if TRIAL.items() <= values.items():
        raise NotAPaymentError("payOS tried the connection")
    state, outcome, alarm = _result(name("code", _value(values, "code"), most=_MAX_CODE))
    description = values.get("description", "")
    return NoticeFacts(
        reference=str(digits("orderCode", _value(values, "orderCode"), _MOST_DIGITS)),
        transaction_id=name("reference", _value(values, "reference")),
        state=state,
        outcome=outcome,
        amount=whole_amount("amount", _value(values, "amount")),
        currency=currency_code("currency", _value(values, "currency")),
        occurred_at=spaced_local_time("transactionDateTime", _value(values, "transactionDateTime")),
        dossier_code=dossier_code_in(description),
        description=description,
        alarm=alarm,
    )


def _value(values: Mapping[str, str], field: str) -> str:
    if field not in values:
        raise UnreadableNoticeError(f"{field} is missing")
    return values[field]


def _result(code: str) -> tuple[PaymentState, Outcome, str | None]:
    if code == PAID_CODE:
        return PaymentState.PAID, Outcome.PAID, None
    return PaymentState.PENDING, Outcome.PENDING, f"code {code} is not a listed code"
