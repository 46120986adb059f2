"""SePay's side: webhooks shaped and signed as it does, or sent with the API key where one is configured."""

import json
from collections.abc import Mapping
from datetime import datetime

from adapters.fields import HANOI
from adapters.sepay import SepayOptions
from adapters.sepay.signature import API_KEY_HEADER, API_KEY_SCHEME, SIGNATURE_HEADER, TIME_HEADER, sign
from adapters.shaping import MONEY_IN, number, whole_second
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in


class SepaySimulator:
    """Sends for one webhook. It knows money that came; of an attempt that failed it sends nothing."""

    def __init__(self, secret: bytes, options: SepayOptions) -> None:
        self._secret = secret
        self._api_key = options.api_key

    def shape(self, facts: NoticeFacts) -> NoticeFacts | None:
        if (said := MONEY_IN.get(facts.state)) is None:
            return None
        state, outcome = said
        return facts._replace(
            transaction_id=number(facts.transaction_id or facts.reference),
            state=state,
            outcome=outcome,
            currency=DONG,
            occurred_at=whole_second(facts.occurred_at),
            dossier_code=dossier_code_in(facts.description),
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        body = _body(facts, facts.occurred_at or now)
        return "POST", body, {"content-type": "application/json", **self._credentials(body, now)}

    def _credentials(self, body: bytes, now: datetime) -> Mapping[str, str]:
        if self._api_key is not None:
            return {API_KEY_HEADER: API_KEY_SCHEME + self._api_key.get_secret_value()}
        sent_at = str(int(now.timestamp()))
        return {TIME_HEADER: sent_at, SIGNATURE_HEADER: sign(sent_at, body, self._secret)}


def _body(facts: NoticeFacts, moment: datetime) -> bytes:
    told = facts.transaction_id
    message = {
        "id": int(told) if told.isascii() and told.isdigit() else told,
        "gateway": "VietinBank",
        "transactionDate": moment.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S"),
        "accountNumber": "0011007654321",
        "subAccount": None,
        "code": facts.reference,
        "content": facts.description,
        "transferType": "in" if facts.state in MONEY_CAME else "hold",
        "transferAmount": facts.amount,
        "accumulated": 0,
        "referenceCode": f"FT{told}",
        "description": facts.description,
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
