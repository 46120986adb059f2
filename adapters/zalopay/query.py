"""The query of an order's status, version 2, signed with key1: what became of a payment, asked of ZaloPay.

ZaloPay signs no answer, and an answer names no order. It is believed because it came over the connection we opened to
ZaloPay's own host, in reply to this question. Of an order that was not paid in time it answers -54, and so it does of
any order after 48 hours: `query_expiry_hours` should not be longer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from adapters.fields import digits, milliseconds, name, whole_amount
from adapters.strict_json import parse
from adapters.zalopay import ZalopayOptions
from adapters.zalopay.signature import sign
from paygate.domain.errors import (
    ConfigurationError,
    InvalidInputError,
    NotAPaymentError,
    NotAuthenticError,
    UnansweredError,
    UnreadableNoticeError,
)
from paygate.domain.inquiry import Asked, Query
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import UNSIGNED, NoticeFacts, Verified

DELIMITER: Final = "|"
PAID: Final = 1
FAILED: Final = 2
PROCESSING: Final = 3
EXPIRED_ORDER: Final = -54
UNKNOWN_ORDER: Final = -101
NOT_OF_THE_PAYMENT: Final = frozenset({-401, -402, -429, -500, -503, -999})
"""sub_return_code that tells how the question fared: badly formed, not authentic, too many, at fault, maintenance."""

_MOST_DIGITS: Final = 20

Answer = Mapping[str, Any]


class ZalopayInquirer:
    """Asks for one application."""

    def __init__(self, secrets: Sequence[bytes], options: ZalopayOptions) -> None:  # noqa: ARG002 -- key2 signs no question
        if options.key1 is None:
            raise ConfigurationError("the adapter zalopay needs key1 to ask: it signs the questions")
        self._key = options.key1.get_secret_value()
        self._app_id = str(options.app_id)

    def question(self, asked: Asked, now: datetime) -> Query:  # noqa: ARG002 -- ZaloPay asks for no time
        if DELIMITER in asked.reference:
            raise InvalidInputError("app_trans_id holds the delimiter of the signature")
        mac = mac_of(self._app_id, asked.reference, self._key)
        fields = {"app_id": self._app_id, "app_trans_id": asked.reference, "mac": mac}
        return Query(urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def verify(self, asked: Asked, body: bytes) -> Verified:  # noqa: ARG002 -- the answer names no order
        try:
            answer = _read(body)
            code, detail = _integer(answer, "return_code"), _integer(answer, "sub_return_code", 0)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        if code == FAILED and detail == UNKNOWN_ORDER:
            raise NotAPaymentError("ZaloPay knows no order of this number")
        if code == FAILED and detail in NOT_OF_THE_PAYMENT:
            raise UnansweredError(f"ZaloPay would not answer: sub_return_code {detail}")
        return Verified(UNSIGNED, answer)

    def read(self, asked: Asked, body: bytes) -> Answer:  # noqa: ARG002 -- as above
        try:
            return _read(body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, asked: Asked, payload: object) -> NoticeFacts:
        if not isinstance(payload, dict):
            raise TypeError(f"{type(payload).__name__} is no answer to this inquirer")
        try:
            return translate(asked, payload)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None


def translate(asked: Asked, answer: Answer) -> NoticeFacts:
    """Say what an answer says.

    Raises:
        InvalidInputError, UnreadableNoticeError: a field is missing or not in its format.
    """
    state, outcome, alarm = _result(answer)
    transaction = str(digits("zp_trans_id", str(_integer(answer, "zp_trans_id", 0)), _MOST_DIGITS))
    moment = _integer(answer, "server_time", 0)
    return NoticeFacts(
        reference=name("app_trans_id", asked.reference),
        transaction_id="" if transaction == "0" else transaction,
        state=state,
        outcome=outcome,
        amount=whole_amount("amount", str(_integer(answer, "amount", None if state is PaymentState.PAID else 0))),
        currency=DONG,
        occurred_at=milliseconds("server_time", str(moment)) if moment else None,
        alarm=alarm,
    )


def mac_of(app_id: str, reference: str, key: str) -> str:
    """Return the mac of a question."""
    return sign(DELIMITER.join((app_id, reference, key)), key.encode())


def _result(answer: Answer) -> tuple[PaymentState, Outcome, str | None]:
    code = _integer(answer, "return_code")
    if code == PROCESSING or answer.get("is_processing") is True:
        return PaymentState.PENDING, Outcome.PENDING, None
    if code == PAID:
        return PaymentState.PAID, Outcome.PAID, None
    if code == FAILED and _integer(answer, "sub_return_code", 0) == EXPIRED_ORDER:
        return PaymentState.EXPIRED, Outcome.PAYER_LEFT, None
    if code == FAILED:
        return PaymentState.FAILED, Outcome.DECLINED, None
    return PaymentState.PENDING, Outcome.PENDING, "return_code is not listed"


def _read(body: bytes) -> Answer:
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    return message


def _integer(answer: Answer, field: str, default: int | None = None) -> int:
    value = answer.get(field, default)
    # ZaloPay writes its long numbers now as numbers, now as text.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    if type(value) is not int:
        raise InvalidInputError(f"{field} is missing or no integer")
    return value
