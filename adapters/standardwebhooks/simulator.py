"""A sender's side: the neutral body, signed."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from adapters.standardwebhooks import StandardWebhooksOptions, signing_key_of
from adapters.standardwebhooks.signature import signed_headers
from adapters.standardwebhooks.translate import OUTCOMES
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in


class StandardWebhooksSimulator:
    """Signs for one sender. The same facts always have the same body and id; sent again, only the time is new."""

    def __init__(self, secret: bytes, options: StandardWebhooksOptions) -> None:  # noqa: ARG002 -- no keys
        self._key = signing_key_of(secret)

    def shape(self, facts: NoticeFacts) -> NoticeFacts:
        code = facts.dossier_code or dossier_code_in(facts.description)
        return facts._replace(outcome=OUTCOMES[facts.state], dossier_code=code)

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        body = _body(facts, facts.occurred_at or now)
        message_id = f"msg_{sha256(body).hexdigest()[:27]}"
        sent_at = str(int(now.timestamp()))
        signed = signed_headers(message_id, sent_at, body, [self._key])
        return "POST", body, {"content-type": "application/json", **signed}


def _body(facts: NoticeFacts, moment: datetime) -> bytes:
    message = {
        "type": f"payment.{facts.state}",
        "timestamp": moment.isoformat(),
        "data": {
            "reference": facts.reference,
            "dossier_code": facts.dossier_code,
            "transaction_id": facts.transaction_id,
            "amount": facts.amount,
            "currency": facts.currency,
            "status": facts.state,
            "paid_at": facts.occurred_at.isoformat() if facts.occurred_at else None,
            "description": facts.description,
        },
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
