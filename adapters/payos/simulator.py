"""payOS's side: webhooks shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.fields import HANOI
from adapters.payos import PayosOptions
from adapters.payos.payloads import SIGNED_EMPTY
from adapters.payos.signature import sign, string_to_sign
from adapters.payos.translate import PAID_CODE
from adapters.shaping import MONEY_IN, number, whole_second
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

_NOT_LISTED: Final = "01"
_HEADERS: Final[Mapping[str, str]] = {"content-type": "application/json"}


class PayosSimulator:
    """Sends for one payment channel. It knows money that came; of an attempt that failed it sends nothing."""

    def __init__(self, secret: bytes, options: PayosOptions) -> None:  # noqa: ARG002 -- no keys
        self._secret = secret

    def shape(self, facts: NoticeFacts) -> NoticeFacts | None:
        if (said := MONEY_IN.get(facts.state)) is None:
            return None
        state, outcome = said
        description = _sayable(facts.description)
        return facts._replace(
            reference=number(facts.reference),
            transaction_id=_sayable(facts.transaction_id) or number(facts.reference),
            state=state,
            outcome=outcome,
            occurred_at=whole_second(facts.occurred_at),
            dossier_code=dossier_code_in(description),
            description=description,
        )

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


def _sayable(text: str) -> str:
    # What could begin another pair would not be authenticated, and some texts are signed as empty ones.
    return "" if text in SIGNED_EMPTY else text.replace("=", "-")
