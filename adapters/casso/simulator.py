"""Casso's side: webhooks shaped and signed as it does, or of version 1 where a static token is configured."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from adapters.casso import CassoOptions
from adapters.casso.signature import SIGNATURE_HEADER, TOKEN_HEADER, sign, string_to_sign
from adapters.fields import HANOI, milliseconds_of
from adapters.shaping import number, whole_second
from paygate.domain.errors import InvalidInputError
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

MOST: Final = 2**53 - 1
"""The largest amount Casso can write: its numbers are JavaScript's."""


class CassoSimulator:
    """Sends for one webhook. It knows money that came, and nothing of an attempt that brought none."""

    def __init__(self, secret: bytes, options: CassoOptions) -> None:
        self._secret = secret
        self._token = options.static_token

    def shape(self, facts: NoticeFacts) -> NoticeFacts | None:
        if facts.state not in MONEY_CAME:
            return None
        return facts._replace(
            transaction_id=number(facts.transaction_id or facts.reference),
            state=PaymentState.PAID,
            outcome=Outcome.PAID,
            amount=max(1, min(facts.amount, MOST)),
            currency=DONG,
            occurred_at=whole_second(facts.occurred_at),
            dossier_code=dossier_code_in(facts.description),
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        """Return one webhook.

        Raises:
            InvalidInputError: of a payment that brought no money Casso says nothing.
        """
        if facts.state not in MONEY_CAME:
            raise InvalidInputError(f"Casso sends nothing of a payment that is {facts.state}")
        at = (facts.occurred_at or now).astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S")
        if self._token is not None:
            return self._sent({"error": 0, "data": [_version_1(facts, at)]}, self._token.get_secret_value())
        return self._signed({"error": 0, "data": _version_2(facts, at)}, str(milliseconds_of(now)))

    @staticmethod
    def _sent(message: Mapping[str, Any], token: str) -> tuple[str, bytes, Mapping[str, str]]:
        return "POST", _body(message), {"content-type": "application/json", TOKEN_HEADER: token}

    def _signed(self, message: Mapping[str, Any], sent_at: str) -> tuple[str, bytes, Mapping[str, str]]:
        signature = f"t={sent_at},v1={sign(string_to_sign(sent_at, message), self._secret)}"
        return "POST", _body(message), {"content-type": "application/json", SIGNATURE_HEADER: signature}


def _version_2(facts: NoticeFacts, at: str) -> Mapping[str, Any]:
    return {
        "id": int(facts.transaction_id),
        "reference": facts.reference,
        "description": facts.description,
        "amount": facts.amount,
        "runningBalance": 25_000_000,
        "transactionDateTime": at,
        "accountNumber": "88888888",
        "bankName": "VPBank",
        "bankAbbreviation": "VPB",
        "virtualAccountNumber": "",
        "virtualAccountName": "",
        "counterAccountName": "",
        "counterAccountNumber": "",
        "counterAccountBankId": "",
        "counterAccountBankName": "",
    }


def _version_1(facts: NoticeFacts, at: str) -> Mapping[str, Any]:
    return {
        "id": int(facts.transaction_id),
        "tid": facts.reference,
        "description": facts.description,
        "amount": facts.amount,
        "cusum_balance": 25_000_000,
        "when": at,
        "bank_sub_acc_id": "88888888",
    }


def _body(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
