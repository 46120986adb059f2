"""payOS's side: webhooks shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.fields import HANOI
from adapters.payos import PayosOptions
from adapters.payos.signature import sign, string_to_sign
from adapters.payos.translate import PAID_CODE
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.notice import NoticeFacts

_NOT_LISTED: Final = "01"
_HEADERS: Final[Mapping[str, str]] = {"content-type": "application/json"}


class PayosSimulator:
    """Sends for one payment channel. It knows money that came; an attempt that brought none it would not tell."""

    def __init__(self, secret: bytes, options: PayosOptions) -> None:  # noqa: ARG002 -- no keys
        self._secret = secret

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        code = PAID_CODE if facts.state in MONEY_CAME else _NOT_LISTED
        data: dict[str, str | int | None] = {
            "orderCode": int(facts.reference),
            "amount": facts.amount,
            "description": facts.description,
            "accountNumber": "0011007654321",
            "reference": facts.transaction_id,
            "transactionDateTime": (facts.occurred_at or now).astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S"),
            "currency": facts.currency,
            "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18",
            "code": code,
            "desc": "success",
            "counterAccountBankId": None,
            "counterAccountBankName": None,
            "counterAccountName": None,
            "counterAccountNumber": None,
            "virtualAccountName": None,
            "virtualAccountNumber": "",
        }
        text = string_to_sign({name: "" if value is None else str(value) for name, value in data.items()})
        message = {
            "code": code,
            "desc": "success",
            "success": True,
            "data": data,
            "signature": sign(text, self._secret),
        }
        return "POST", json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(), _HEADERS
