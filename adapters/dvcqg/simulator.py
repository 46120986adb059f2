"""The platform's side: CONFIRM messages shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime

from adapters.dvcqg import DvcqgOptions
from adapters.dvcqg.payloads import SIGNATURE_FIELD, SIGNED_FIELDS
from adapters.dvcqg.signature import sign
from adapters.dvcqg.translate import EVERY_OTHER, PAID_CODE
from adapters.fields import HANOI
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from paygate.domain.notice import NoticeFacts


class DvcqgSimulator:
    """Signs for one partner."""

    def __init__(self, secret: bytes, options: DvcqgOptions) -> None:
        self._secret = secret
        self._options = options

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
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
        message = dict(zip(SIGNED_FIELDS, values, strict=True))
        message[SIGNATURE_FIELD] = sign([str(value) for value in values], self._secret)
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return "POST", body, {"content-type": "application/json"}

    def question(self, dossier_code: str, **more: str) -> bytes:
        """Return a signed payable look-up; `more` are further fields that the source's options may have signed."""
        message: dict[str, str] = {"MaDoiTac": self._options.partner_code, "MaHoSo": dossier_code, **more}
        signed = [message[name] for name in self._options.lookup_signed_fields]
        message[SIGNATURE_FIELD] = sign(signed, self._secret)
        return json.dumps(message, ensure_ascii=False).encode()

    def _code(self, state: PaymentState) -> str:
        if state in MONEY_CAME:
            return PAID_CODE
        listed = [code for code in self._options.failed_codes if code != EVERY_OTHER]
        if state in {PaymentState.INITIATED, PaymentState.PENDING}:
            return next(code for number in range(1, 99) if (code := f"{number:02}") not in listed)
        return listed[0] if listed else "99"
