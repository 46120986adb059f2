"""The bank's side: notices shaped and signed as it does, with its private key in PEM for a secret."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.fields import HANOI
from adapters.shaping import MONEY_IN, code, whole_second
from adapters.vietinbank import VietinbankOptions
from adapters.vietinbank.payloads import FIELDS, SIGNED
from adapters.vietinbank.signature import sign
from paygate.domain.errors import ConfigurationError
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

MOST: Final = 10**15 - 1
"""The largest amount the bank writes."""

_ANY: Final = re.compile(".*")


class VietinbankSimulator:
    """Signs for one provider. The bank tells of money that came; of an attempt that failed it sends nothing."""

    def __init__(self, secret: bytes, options: VietinbankOptions) -> None:
        try:
            key = load_pem_private_key(secret, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ConfigurationError("the bank signs with a private key in PEM, without a password") from None
        if not isinstance(key, RSAPrivateKey):
            raise ConfigurationError("the bank signs by RSA")
        self._key = key
        self._options = options

    def shape(self, facts: NoticeFacts) -> NoticeFacts | None:
        if (said := MONEY_IN.get(facts.state)) is None:
            return None
        state, outcome = said
        options = self._options
        return facts._replace(
            reference=code(facts.reference, options.customer_code_pattern),
            transaction_id=code(facts.transaction_id or facts.reference, options.transaction_id_pattern),
            state=state,
            outcome=outcome,
            amount=max(1, min(facts.amount, MOST)),
            currency=DONG,
            occurred_at=whole_second(facts.occurred_at),
            dossier_code=dossier_code_in(facts.description),
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        moment = (facts.occurred_at or now).astimezone(HANOI)
        digest = sha256(facts.transaction_id.encode()).hexdigest()
        movement = f"164T{moment:%y%j}{digest[:7].upper()}"
        values = (
            facts.transaction_id,
            moment.strftime("%Y%m%d%H%M%S"),
            facts.reference,
            str(facts.amount),
            code(movement, self._options.bank_transaction_pattern or _ANY),
            facts.description,
            self._options.provider_id,
            "3" if facts.state in MONEY_CAME else "O",
            facts.currency,
        )
        signature = sign(values[:SIGNED], self._key, self._options.hash, self._options.encoding)
        message = {"msgId": digest[:32], **dict(zip(FIELDS, (*values, signature), strict=True))}
        message["recvVirtualAcctId"] = facts.reference
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return "POST", body, {"content-type": "application/json"}
