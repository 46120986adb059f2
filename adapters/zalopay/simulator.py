"""ZaloPay's side: callbacks shaped and signed as it does, and answers to a query."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from adapters.fields import milliseconds_of
from adapters.shaping import number, whole_millisecond
from adapters.zalopay import ZalopayOptions
from adapters.zalopay.query import EXPIRED_ORDER, FAILED, PAID, PROCESSING, UNKNOWN_ORDER, mac_of
from adapters.zalopay.signature import sign
from paygate.domain.adapter import Known
from paygate.domain.errors import InvalidInputError
from paygate.domain.inquiry import Query
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts, Reply
from paygate.domain.text import dossier_code_in

_ORDER: Final = 1
_NOT_AUTHENTIC: Final = -402


class ZalopaySimulator:
    """Signs for one application."""

    def __init__(self, secret: bytes, options: ZalopayOptions) -> None:
        self._key = secret
        self._app_id = options.app_id
        self._key1 = options.key1.get_secret_value() if options.key1 else ""

    def shape(self, facts: NoticeFacts) -> NoticeFacts | None:
        if facts.state not in MONEY_CAME:
            return None
        return facts._replace(
            transaction_id=number(facts.transaction_id or facts.reference),
            state=PaymentState.PAID,
            outcome=Outcome.PAID,
            currency=DONG,
            occurred_at=whole_millisecond(facts.occurred_at),
            dossier_code=dossier_code_in(_given_along(facts)),
            description="",
        )

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
                "embed_data": _given_along(facts),
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

    def answer(self, question: Query, known: Known, now: datetime) -> Reply:
        asked = {name: values[0] for name, values in parse_qs(question.body.decode()).items()}
        facts = known(asked["app_trans_id"])
        if asked["mac"] != mac_of(asked["app_id"], asked["app_trans_id"], self._key1):
            return Reply(200, _json({"return_code": FAILED, "sub_return_code": _NOT_AUTHENTIC}).encode())
        if facts is None:
            return Reply(200, _json({"return_code": FAILED, "sub_return_code": UNKNOWN_ORDER}).encode())
        return Reply(200, _json(_told(facts, now)).encode())


def _given_along(facts: NoticeFacts) -> str:
    return _json({"dossier_code": facts.dossier_code} if facts.dossier_code else {})


def _told(facts: NoticeFacts, now: datetime) -> Mapping[str, Any]:
    unsettled = facts.state in {PaymentState.INITIATED, PaymentState.PENDING}
    return {
        "return_code": PAID if facts.state in MONEY_CAME else PROCESSING if unsettled else FAILED,
        "sub_return_code": EXPIRED_ORDER if facts.state is PaymentState.EXPIRED else 0,
        "is_processing": unsettled,
        "amount": facts.amount if facts.state in MONEY_CAME else 0,
        "zp_trans_id": int(facts.transaction_id or 0),
        "server_time": milliseconds_of(facts.occurred_at or now),
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
