"""The platform's side: CONFIRM messages and answers to a QUERY, shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime

from adapters.dvcqg import DvcqgOptions
from adapters.dvcqg.payloads import SIGNATURE_FIELD, SIGNED_FIELDS
from adapters.dvcqg.query import ASKED_FIELDS, FAILED_STATUS, PAID_STATUS, PENDING_STATUS, STATUS_FIELD
from adapters.dvcqg.signature import DELIMITER, sign
from adapters.dvcqg.translate import EVERY_OTHER, PAID_CODE
from adapters.fields import HANOI
from adapters.shaping import whole_second
from paygate.domain.adapter import Known
from paygate.domain.inquiry import Query
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, Reply
from paygate.domain.text import dossier_code_in


class DvcqgSimulator:
    """Signs for one partner."""

    def __init__(self, secret: bytes, options: DvcqgOptions) -> None:
        self._secret = secret
        self._options = options

    def shape(self, facts: NoticeFacts) -> NoticeFacts:
        state, outcome = self._said(facts.state)
        description = _undelimited(facts.description)
        return facts._replace(
            reference=_undelimited(facts.reference),
            transaction_id=_undelimited(facts.transaction_id),
            state=state,
            outcome=outcome,
            occurred_at=whole_second(facts.occurred_at),
            dossier_code=dossier_code_in(description),
            description=description,
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        return "POST", _body(self._message(facts, now)), {"content-type": "application/json"}

    def answer(self, question: Query, known: Known, now: datetime) -> Reply:
        message = json.loads(question.body)
        if message[SIGNATURE_FIELD] != sign([message[name] for name in ASKED_FIELDS], self._secret):
            return Reply(200, _body({"MaLoi": "99", "MoTaLoi": "Sai mã xác thực"}))
        facts = known(message["MaThamChieu"])
        if facts is None:
            return Reply(200, _body({"MaLoi": "01", "MoTaLoi": "Không tìm thấy giao dịch"}))
        return Reply(200, _body(self._message(facts, now) | {"MoTaLoi": "", STATUS_FIELD: _status(facts.state)}))

    def _message(self, facts: NoticeFacts, now: datetime) -> dict[str, str | int]:
        moment = (facts.occurred_at or now).astimezone(HANOI)
        values = (
            self._options.confirm_type,
            self._code(facts.state),
            self._options.partner_code,
            facts.reference,
            facts.amount,
            facts.currency,
            facts.transaction_id,
            "970415",
            moment.strftime("%Y%m%d%H%M%S"),
            facts.description,
        )
        message: dict[str, str | int] = dict(zip(SIGNED_FIELDS, values, strict=True))
        return message | {SIGNATURE_FIELD: sign([str(value) for value in values], self._secret)}

    def question(self, dossier_code: str, **more: str) -> bytes:
        """Return a signed payable look-up; `more` are further fields that the source's options may have signed."""
        message: dict[str, str] = {"MaDoiTac": self._options.partner_code, "MaHoSo": dossier_code, **more}
        signed = [message[name] for name in self._options.lookup_signed_fields]
        message[SIGNATURE_FIELD] = sign(signed, self._secret)
        return json.dumps(message, ensure_ascii=False).encode()

    def _said(self, state: PaymentState) -> tuple[PaymentState, Outcome]:
        failed = self._options.failed_codes
        if state in MONEY_CAME:
            return PaymentState.PAID, Outcome.PAID
        if not failed or (state in {PaymentState.INITIATED, PaymentState.PENDING} and EVERY_OTHER not in failed):
            return PaymentState.PENDING, Outcome.PENDING
        return PaymentState.FAILED, Outcome.DECLINED

    def _code(self, state: PaymentState) -> str:
        if state in MONEY_CAME:
            return PAID_CODE
        listed = [code for code in self._options.failed_codes if code != EVERY_OTHER]
        if state in {PaymentState.INITIATED, PaymentState.PENDING}:
            return next(code for number in range(1, 99) if (code := f"{number:02}") not in listed)
        return listed[0] if listed else "99"


def _undelimited(text: str) -> str:
    return text.replace(DELIMITER, "/")


def _body(message: Mapping[str, str | int]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _status(state: PaymentState) -> int:
    if state in {PaymentState.INITIATED, PaymentState.PENDING}:
        return int(PENDING_STATUS)
    return int(PAID_STATUS if state in MONEY_CAME else FAILED_STATUS)
