"""MoMo's side: notifications shaped and signed as it does, and answers to a query."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.fields import milliseconds_of
from adapters.momo import MomoOptions
from adapters.momo.payloads import SIGNATURE_FIELD, SIGNED_FIELDS
from adapters.momo.query import ASKED_FIELDS, UNKNOWN_ORDER
from adapters.momo.signature import sign, string_to_sign
from adapters.momo.translate import MOST_DIGITS
from adapters.shaping import GATEWAY_FAULT, attempt, number, whole_millisecond
from paygate.domain.adapter import Known
from paygate.domain.inquiry import Query
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts, Reply
from paygate.domain.text import dossier_code_in

_CODES: Final[Mapping[PaymentState, int]] = {
    PaymentState.INITIATED: 1000,
    PaymentState.PENDING: 7000,
    PaymentState.ABANDONED: 1006,
    PaymentState.EXPIRED: 1005,
    PaymentState.FAILED: 1001,
} | dict.fromkeys(MONEY_CAME, 0)
"""resultCode; of what becomes of the money later no notification tells."""

_MAINTENANCE: Final = 10
_NOT_AUTHENTICATED: Final = 13


class MomoSimulator:
    """Signs for one partner."""

    def __init__(self, secret: bytes, options: MomoOptions) -> None:
        self._secret = secret
        self._options = options

    def shape(self, facts: NoticeFacts) -> NoticeFacts:
        state, outcome = attempt(facts)
        description = _without_pairs(facts.description)
        return facts._replace(
            reference=_without_pairs(facts.reference),
            transaction_id=number(facts.transaction_id, MOST_DIGITS - 2) if facts.transaction_id else "",
            state=state,
            outcome=outcome,
            currency=DONG,
            occurred_at=whole_millisecond(facts.occurred_at),
            dossier_code=dossier_code_in(description),
            description=description,
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        code = _MAINTENANCE if (facts.state, facts.outcome) == GATEWAY_FAULT else _CODES[facts.state]
        values = (
            facts.amount,
            "",
            "Successful." if code == 0 else "Failed.",
            facts.reference,
            facts.description,
            "momo_wallet",
            self._options.partner_code,
            "qr",
            facts.reference,
            milliseconds_of(facts.occurred_at or now),
            code,
            int(facts.transaction_id or 0),
        )
        message: dict[str, str | int] = dict(zip(SIGNED_FIELDS, values, strict=True))
        text = string_to_sign(self._options.access_key, ((name, str(value)) for name, value in message.items()))
        message[SIGNATURE_FIELD] = sign(text, self._secret)
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return "POST", body, {"content-type": "application/json; charset=UTF-8"}

    def answer(self, question: Query, known: Known, now: datetime) -> Reply:
        message = json.loads(question.body)
        asked = {name: message[name] for name in ASKED_FIELDS}
        text = string_to_sign(self._options.access_key, asked.items())
        facts = known(message["orderId"])
        told: dict[str, str | int] = {"resultCode": int(UNKNOWN_ORDER), "amount": 0, "transId": 0}
        if message[SIGNATURE_FIELD] != sign(text, self._secret):
            told["resultCode"] = _NOT_AUTHENTICATED
        elif facts is not None:
            told = {
                "resultCode": _CODES[facts.state],
                "amount": facts.amount,
                "transId": int(facts.transaction_id or 0),
                "responseTime": milliseconds_of(facts.occurred_at or now),
            }
        reply = {**asked, "extraData": "", "payType": "qr", "refundTrans": [], "message": "", **told}
        return Reply(200, json.dumps(reply, ensure_ascii=False).encode())


def _without_pairs(text: str) -> str:
    # What could begin another pair would not be authenticated.
    return text.replace("=", "-")
