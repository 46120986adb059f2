"""MoMo's side: notifications shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.fields import milliseconds_of
from adapters.momo import MomoOptions
from adapters.momo.payloads import SIGNATURE_FIELD, SIGNED_FIELDS
from adapters.momo.signature import sign, string_to_sign
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

_CODES: Final[Mapping[PaymentState, int]] = {
    PaymentState.INITIATED: 1000,
    PaymentState.PENDING: 7000,
    PaymentState.ABANDONED: 1006,
    PaymentState.EXPIRED: 1005,
    PaymentState.FAILED: 1001,
} | dict.fromkeys(MONEY_CAME, 0)
"""resultCode; of what becomes of the money later no notification tells."""

_MAINTENANCE: Final = 10


class MomoSimulator:
    """Signs for one partner."""

    def __init__(self, secret: bytes, options: MomoOptions) -> None:
        self._secret = secret
        self._options = options

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        code = _MAINTENANCE if facts.outcome is Outcome.GATEWAY_FAULT else _CODES[facts.state]
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
