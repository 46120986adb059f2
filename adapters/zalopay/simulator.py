"""ZaloPay's side: callbacks shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from adapters.fields import milliseconds_of
from adapters.zalopay import ZalopayOptions
from adapters.zalopay.signature import sign
from paygate.domain.errors import InvalidInputError
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.notice import NoticeFacts

_ORDER: Final = 1


class ZalopaySimulator:
    """Signs for one application."""

    def __init__(self, secret: bytes, options: ZalopayOptions) -> None:
        self._key = secret
        self._app_id = options.app_id

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        """Return one signed callback.

        Raises:
            InvalidInputError: of a payment that did not succeed ZaloPay says nothing.
        """
        if facts.state not in MONEY_CAME:
            raise InvalidInputError(f"ZaloPay sends nothing of a payment that is {facts.state}")
        moment = milliseconds_of(facts.occurred_at or now)
        data = _json(
            {
                "app_id": self._app_id,
                "app_trans_id": facts.reference,
                "app_time": moment,
                "app_user": "paygate",
                "amount": facts.amount,
                "embed_data": _json({"dossier_code": facts.dossier_code} if facts.dossier_code else {}),
                "item": "[]",
                "zp_trans_id": int(facts.transaction_id),
                "server_time": moment,
                "channel": 38,
                "merchant_user_id": "7ZMSl3nEg5sOUJzOLSoUFT8xKNQVaLOLXHB--8Eytqc",
                "user_fee_amount": 0,
                "discount_amount": 0,
            }
        )
        body = _json({"data": data, "mac": sign(data, self._key), "type": _ORDER}).encode()
        return "POST", body, {"content-type": "application/json"}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
