"""querydr: what became of a payment, asked of VNPay. Query and answer are `|`-joined in a fixed order and signed.

vnp_ResponseCode tells here how the question fared, not the payment: of that, vnp_TransactionStatus tells.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from adapters.fields import HANOI, local_time, name
from adapters.signing import signing_key
from adapters.strict_json import parse
from adapters.vnpay import VnpayOptions
from adapters.vnpay.payloads import SIGNATURE_FIELD
from adapters.vnpay.signature import sign
from adapters.vnpay.translate import SUCCESS, SUSPICIOUS_STATUSES, hundredths
from paygate.domain.errors import (
    InvalidInputError,
    NotAPaymentError,
    NotAuthenticError,
    UnansweredError,
    UnreadableNoticeError,
)
from paygate.domain.inquiry import Asked, Query
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts, Verified
from paygate.domain.text import dossier_code_in

COMMAND: Final = "querydr"
VERSION: Final = "2.1.0"
DELIMITER: Final = "|"
ASKED_FIELDS: Final = (
    "vnp_RequestId",
    "vnp_Version",
    "vnp_Command",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_TransactionDate",
    "vnp_CreateDate",
    "vnp_IpAddr",
    "vnp_OrderInfo",
)
ANSWERED_FIELDS: Final = (
    "vnp_ResponseId",
    "vnp_Command",
    "vnp_ResponseCode",
    "vnp_Message",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_BankCode",
    "vnp_PayDate",
    "vnp_TransactionNo",
    "vnp_TransactionType",
    "vnp_TransactionStatus",
    "vnp_OrderInfo",
    "vnp_PromotionCode",
    "vnp_PromotionAmount",
)
"""Both in their signed order; what an answer leaves out is signed as empty."""

NOT_FOUND: Final = "91"
PAYMENT_TYPE: Final = "01"
NOT_COMPLETED: Final = "01"
FAILED: Final = "02"

Answer = Mapping[str, str]


class VnpayInquirer:
    """Asks for one terminal."""

    def __init__(self, secrets: Sequence[bytes], options: VnpayOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options

    def question(self, asked: Asked, now: datetime) -> Query:
        values = (
            asked.question_id,
            VERSION,
            COMMAND,
            self._options.terminal_code,
            asked.reference,
            _time(asked.begun_at),
            _time(now),
            self._options.query_ip,
            "Tra cuu giao dich",
        )
        if any(DELIMITER in value for value in values):
            raise InvalidInputError("a signed field holds the delimiter of the signature")
        message = dict(zip(ASKED_FIELDS, values, strict=True))
        message[SIGNATURE_FIELD] = sign(DELIMITER.join(values), self._secrets[0])
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return Query(body, {"Content-Type": "application/json"})

    def verify(self, asked: Asked, body: bytes) -> Verified:
        try:
            answer, signature = _read(body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        code = answer["vnp_ResponseCode"]
        if code == NOT_FOUND:  # signed or not: all that is believed is that nothing is known yet
            raise NotAPaymentError("VNPay names no payment under this reference")
        if code != SUCCESS:
            raise UnansweredError("VNPay would not answer: vnp_ResponseCode is not 00")
        key_id = _key_that_signed(answer, signature, self._secrets)
        if (answer["vnp_TmnCode"], answer["vnp_TxnRef"]) != (self._options.terminal_code, asked.reference):
            raise NotAuthenticError("signed for another terminal or another reference than was asked for")
        return Verified(key_id, answer)

    def read(self, asked: Asked, body: bytes) -> Answer:  # noqa: ARG002 -- the answer names its reference itself
        try:
            return _read(body)[0]
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, asked: Asked, payload: object) -> NoticeFacts:
        if not isinstance(payload, dict):
            raise TypeError(f"{type(payload).__name__} is no answer to this inquirer")
        return translate(asked, payload)


def translate(asked: Asked, answer: Answer) -> NoticeFacts:
    """Say what an authentic answer says.

    Raises:
        UnreadableNoticeError: a field is not in its format.
    """
    state, outcome, alarm = _result(answer["vnp_TransactionType"], answer["vnp_TransactionStatus"])
    transaction_id = name("vnp_TransactionNo", answer["vnp_TransactionNo"], least=0)
    paid_at = answer["vnp_PayDate"]
    return NoticeFacts(
        reference=name("vnp_TxnRef", asked.reference),
        transaction_id="" if transaction_id == "0" else transaction_id,
        state=state,
        outcome=outcome,
        amount=hundredths(answer["vnp_Amount"]),
        currency=DONG,
        occurred_at=local_time("vnp_PayDate", paid_at) if paid_at else None,
        dossier_code=dossier_code_in(answer["vnp_OrderInfo"]),
        description=answer["vnp_OrderInfo"],
        alarm=alarm,
    )


def _result(kind: str, status: str) -> tuple[PaymentState, Outcome, str | None]:
    if kind != PAYMENT_TYPE:  # the latest of the reference is a refund, which leaves the payment as it is
        return PaymentState.PENDING, Outcome.PENDING, "vnp_TransactionType is not 01: it tells of a refund"
    if status == SUCCESS:
        return PaymentState.PAID, Outcome.PAID, None
    if status == NOT_COMPLETED:
        return PaymentState.PENDING, Outcome.PENDING, None
    if status == FAILED:
        return PaymentState.FAILED, Outcome.DECLINED, None
    if status in SUSPICIOUS_STATUSES:
        return PaymentState.PENDING, Outcome.PENDING, f"vnp_TransactionStatus {status}: debited, but suspicious"
    return PaymentState.PENDING, Outcome.PENDING, "vnp_TransactionStatus is not listed"


def _read(body: bytes) -> tuple[Answer, str]:
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    answer = {field: _text(field, message.get(field)) for field in ANSWERED_FIELDS}
    return answer, _text(SIGNATURE_FIELD, message.get(SIGNATURE_FIELD))


def _text(field: str, value: object) -> str:
    if value is None:
        return ""
    if type(value) not in {str, int}:
        raise InvalidInputError(f"{field} is neither text nor an integer")
    return str(value)


def _key_that_signed(answer: Answer, signature: str, secrets: Sequence[bytes]) -> int:
    text = DELIMITER.join(answer[field] for field in ANSWERED_FIELDS)
    if text.count(DELIMITER) != len(ANSWERED_FIELDS) - 1:
        raise NotAuthenticError("a signed field holds the delimiter of the signature")
    return signing_key([sign(text, secret).encode() for secret in secrets], (signature.lower().encode(),))


def _time(moment: datetime) -> str:
    return moment.astimezone(HANOI).strftime("%Y%m%d%H%M%S")
