"""The query of a transaction, version 2: what became of a payment, asked of MoMo.

MoMo signs the question and not the answer. An answer is believed because it came over the connection we opened to
MoMo's own host, and because it names this very question: partner, order and request id are all compared.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.fields import digits, milliseconds, name, whole_amount
from adapters.momo import MomoOptions
from adapters.momo.payloads import SIGNATURE_FIELD
from adapters.momo.signature import sign, string_to_sign
from adapters.momo.translate import MOST_DIGITS, result
from adapters.strict_json import parse
from paygate.domain.errors import (
    InvalidInputError,
    NotAPaymentError,
    NotAuthenticError,
    UnansweredError,
    UnreadableNoticeError,
)
from paygate.domain.inquiry import Asked, Query
from paygate.domain.money import DONG
from paygate.domain.notice import UNSIGNED, NoticeFacts, Verified

ASKED_FIELDS: Final = ("orderId", "partnerCode", "requestId")
"""In their signed order, behind the access key."""

UNKNOWN_ORDER: Final = "42"
NOT_OF_THE_PAYMENT: Final = frozenset({"10", "11", "13", "20", "40", "41"})
"""resultCode that tells how the question fared: maintenance, no access, not authentic, badly formed, used before."""

Answer = Mapping[str, Any]


class MomoInquirer:
    """Asks for one partner."""

    def __init__(self, secrets: Sequence[bytes], options: MomoOptions) -> None:
        self._secret = secrets[0]
        self._options = options

    def question(self, asked: Asked, now: datetime) -> Query:  # noqa: ARG002 -- MoMo asks for no time
        values = (asked.reference, self._options.partner_code, asked.question_id)
        if "&" in asked.reference or "=" in asked.reference:
            raise InvalidInputError("orderId holds the delimiter of the signature")
        message = dict(zip(ASKED_FIELDS, values, strict=True))
        text = string_to_sign(self._options.access_key, message.items())
        message |= {"lang": "vi", SIGNATURE_FIELD: sign(text, self._secret)}
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return Query(body, {"Content-Type": "application/json; charset=UTF-8"})

    def verify(self, asked: Asked, body: bytes) -> Verified:
        try:
            answer = _read(body)
            said = tuple(_text(answer, field) for field in ASKED_FIELDS)
            code = _text(answer, "resultCode")
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        if said != (asked.reference, self._options.partner_code, asked.question_id):
            raise NotAuthenticError("the answer is of another order, partner or question")
        if code == UNKNOWN_ORDER:
            raise NotAPaymentError("MoMo knows no order of this number")
        if code in NOT_OF_THE_PAYMENT:
            raise UnansweredError(f"MoMo would not answer: resultCode {code}")
        return Verified(UNSIGNED, answer)

    def read(self, asked: Asked, body: bytes) -> Answer:  # noqa: ARG002 -- the answer names its order itself
        try:
            return _read(body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, asked: Asked, payload: object) -> NoticeFacts:
        if not isinstance(payload, dict):
            raise TypeError(f"{type(payload).__name__} is no answer to this inquirer")
        return translate(asked, payload)


def translate(asked: Asked, answer: Answer) -> NoticeFacts:
    """Say what an answer says.

    Raises:
        UnreadableNoticeError: a field is missing or not in its format.
    """
    try:
        texts = {field: _text(answer, field) for field in ("resultCode", "transId", "amount")}
        # responseTime is of this answer where MoMo also says when the transaction last changed.
        moment = next((_text(answer, field) for field in ("lastUpdated", "responseTime") if field in answer), "")
    except InvalidInputError as error:
        raise UnreadableNoticeError(str(error)) from None
    state, outcome, alarm = result(texts["resultCode"])
    transaction = str(digits("transId", texts["transId"], MOST_DIGITS))
    return NoticeFacts(
        reference=name("orderId", asked.reference),
        transaction_id="" if transaction == "0" else transaction,
        state=state,
        outcome=outcome,
        amount=whole_amount("amount", texts["amount"]),
        currency=DONG,
        occurred_at=milliseconds("responseTime", moment),
        alarm=alarm,
    )


def _read(body: bytes) -> Answer:
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    return message


def _text(answer: Answer, field: str) -> str:
    value = answer.get(field)
    if type(value) not in {str, int}:
        raise InvalidInputError(f"{field} is missing or neither text nor an integer")
    return str(value)
