"""KeyPay's side: callbacks shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime

from adapters.keypay import PAID_NEEDS, KeypayOptions
from adapters.keypay.signature import DELIMITER, sign
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in


class KeypaySimulator:
    """Signs for one client."""

    def __init__(self, secret: bytes, options: KeypayOptions) -> None:
        self._secret = secret
        self._options = options

    def shape(self, facts: NoticeFacts) -> NoticeFacts:
        paid, signed = facts.state in MONEY_CAME, self._options.signed_fields
        reference = _undelimited(facts.reference)
        description = _undelimited(facts.description) if "description" in signed else ""
        told = "transaction_code" in signed or not all(field in signed for field in PAID_NEEDS)
        return facts._replace(
            reference=reference,
            transaction_id=_undelimited(facts.transaction_id) if told else "",
            state=PaymentState.PAID if paid else PaymentState.PENDING,
            outcome=Outcome.PAID if paid else Outcome.PENDING,
            currency=DONG,
            occurred_at=None,
            dossier_code=dossier_code_in(description) or dossier_code_in(reference),
            description=description,
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:  # noqa: ARG002 -- a callback holds no time
        message = {
            "client_id": self._options.client_id,
            "transaction_id": facts.reference,
            "transaction_code": facts.transaction_id,
            "trans_amount": facts.amount,
            "payment_fee": 0,
            "command": "PAY",
            "addition_fee": 0,
            "version": "1.0",
            "description": facts.description,
            "locale": "vn",
            "country_code": "VN",
            "currency_code": facts.currency,
            "environment": "WEB",
            "status": 0 if facts.state in MONEY_CAME else 1,
        }
        message["check_sum"] = sign([str(message[field]) for field in self._options.signed_fields], self._secret)
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return "POST", body, {"content-type": "application/json"}


def _undelimited(text: str) -> str:
    return text.replace(DELIMITER, "/")
