"""QUERY: what became of a payment, asked of the platform.

The reply has the fields of a CONFIRM, signed in a CONFIRM's order, and beside them TrangThaiGD (1 paid, 3 not known,
4 failed), which no signature covers. So TrangThaiGD is never a reason to believe in money: paid takes the signed MaLoi
00 and TrangThaiGD 1 both. Whoever changes it on its way can only weaken an answer, and what is weakened is asked again.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from adapters.dvcqg import DvcqgOptions
from adapters.dvcqg.payloads import SIGNATURE_FIELD, Confirm, confirm_in
from adapters.dvcqg.signature import DELIMITER, key_that_signed, sign
from adapters.dvcqg.translate import PAID_CODE, translate
from adapters.fields import HANOI
from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError, NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.inquiry import Asked, Query
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, Verified

QUERY_TYPE: Final = "QUERY"
STATUS_FIELD: Final = "TrangThaiGD"
ASKED_FIELDS: Final = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
"""In their signed order."""

PAID_STATUS: Final = "1"
PENDING_STATUS: Final = "3"
FAILED_STATUS: Final = "4"


class Answer(NamedTuple):
    """What is signed, and what is not."""

    confirm: Confirm
    status: str


class DvcqgInquirer:
    """Asks for one partner."""

    def __init__(self, secrets: Sequence[bytes], options: DvcqgOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options
        self._failed_codes = frozenset(options.failed_codes)

    def question(self, asked: Asked, now: datetime) -> Query:  # noqa: ARG002 -- a QUERY carries the payment's time alone
        """Word a QUERY. ThoiGianGD should be the INIT's; `begun_at` is the nearest we may know to it."""
        moment = asked.begun_at.astimezone(HANOI).strftime("%Y%m%d%H%M%S")
        values = (QUERY_TYPE, self._options.version, self._options.partner_code, asked.reference, moment)
        if any(DELIMITER in value for value in values):
            raise InvalidInputError("a signed field holds the delimiter of the signature")
        message = dict(zip(ASKED_FIELDS, values, strict=True)) | {SIGNATURE_FIELD: sign(values, self._secrets[0])}
        headers = {"Content-Type": "application/json"}
        if token := self._options.query_token:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        return Query(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(), headers)

    def verify(self, asked: Asked, body: bytes) -> Verified:
        try:
            message = parse(body)
            _refuse_empty(message)
            answer = _answer_in(message)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(answer.confirm, self._secrets)
        if (answer.confirm.partner_code, answer.confirm.reference) != (self._options.partner_code, asked.reference):
            raise NotAuthenticError("signed for another partner or another reference than was asked for")
        return Verified(key_id, answer)

    def read(self, asked: Asked, body: bytes) -> Answer:  # noqa: ARG002 -- the answer names its reference itself
        try:
            return _answer_in(parse(body))
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, asked: Asked, payload: object) -> NoticeFacts:  # noqa: ARG002 -- as above
        if not isinstance(payload, Answer):
            raise TypeError(f"{type(payload).__name__} is no answer to this inquirer")
        confirm, status = payload
        own_type = confirm.message_type in {QUERY_TYPE, self._options.confirm_type}
        kind = confirm.message_type if own_type else self._options.confirm_type
        return _weakened(translate(confirm, kind, self._failed_codes), status)


def _answer_in(message: object) -> Answer:
    confirm = confirm_in(message)
    return Answer(confirm, _text(message.get(STATUS_FIELD, "")) if isinstance(message, dict) else "")


def _text(value: Any) -> str:
    return str(value) if type(value) in {int, str} else ""


def _refuse_empty(message: object) -> None:
    # A platform that knows no such payment has nothing to sign. Nothing is believed of it but that nothing is known.
    if isinstance(message, dict) and not message.get(SIGNATURE_FIELD):
        code = message.get("MaLoi")
        if isinstance(code, str) and code != PAID_CODE:
            raise NotAPaymentError("the platform names no payment under this reference")


def _weakened(facts: NoticeFacts, status: str) -> NoticeFacts:
    if status == PAID_STATUS:
        return facts
    if status == FAILED_STATUS:
        return facts._replace(state=PaymentState.FAILED, outcome=Outcome.DECLINED, alarm=None)
    alarm = None if status == PENDING_STATUS else f"{STATUS_FIELD} is no listed state"
    return facts._replace(state=PaymentState.PENDING, outcome=Outcome.PENDING, alarm=alarm)
