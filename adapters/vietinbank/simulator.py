"""The bank's side: notices shaped and signed as it does, with its private key in PEM for a secret."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.fields import HANOI
from adapters.vietinbank import VietinbankOptions
from adapters.vietinbank.payloads import FIELDS, SIGNED
from adapters.vietinbank.signature import sign
from paygate.domain.errors import ConfigurationError
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.notice import NoticeFacts


class VietinbankSimulator:
    """Signs for one provider. The bank tells of money that came; of an attempt that brought none it sends nothing."""

    def __init__(self, secret: bytes, options: VietinbankOptions) -> None:
        key = load_pem_private_key(secret, password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ConfigurationError("the bank signs by RSA")
        self._key = key
        self._options = options

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        moment = (facts.occurred_at or now).astimezone(HANOI)
        number = facts.transaction_id or "0"
        digest = sha256(number.encode()).hexdigest()
        values = (
            number,
            moment.strftime("%Y%m%d%H%M%S"),
            facts.reference,
            str(facts.amount),
            f"164T{moment:%y%j}{digest[:7].upper()}",
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
