"""VNPay's side: notifications and answers to querydr, shaped and signed as it does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.fields import HANOI
from adapters.shaping import GATEWAY_FAULT, attempt, whole_second
from adapters.vnpay import VnpayOptions
from adapters.vnpay.payloads import SIGNATURE_FIELD
from adapters.vnpay.query import (
    ANSWERED_FIELDS,
    ASKED_FIELDS,
    COMMAND,
    DELIMITER,
    FAILED,
    NOT_COMPLETED,
    NOT_FOUND,
    PAYMENT_TYPE,
)
from adapters.vnpay.signature import encode, sign
from adapters.vnpay.translate import MINOR_UNITS_SENT, SUCCESS
from paygate.domain.adapter import Known
from paygate.domain.inquiry import Query
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NO_HEADERS, NoticeFacts, Reply
from paygate.domain.text import dossier_code_in

_CODES: Final[Mapping[PaymentState, tuple[str, str]]] = {
    PaymentState.INITIATED: ("07", "07"),
    PaymentState.PENDING: ("07", "07"),
    PaymentState.ABANDONED: ("24", "02"),
    PaymentState.EXPIRED: ("11", "02"),
    PaymentState.FAILED: ("51", "02"),
} | dict.fromkeys(MONEY_CAME, ("00", "00"))
"""vnp_ResponseCode and vnp_TransactionStatus; of what becomes of the money later no notification tells."""


class VnpaySimulator:
    """Signs for one terminal."""

    def __init__(self, secret: bytes, options: VnpayOptions) -> None:
        self._secret = secret
        self._terminal_code = options.terminal_code

    def shape(self, facts: NoticeFacts) -> NoticeFacts:
        state, outcome = attempt(facts)
        return facts._replace(
            transaction_id="" if facts.transaction_id == "0" else facts.transaction_id,
            state=state,
            outcome=outcome,
            currency=DONG,
            occurred_at=whole_second(facts.occurred_at),
            dossier_code=dossier_code_in(facts.description),
        )

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        response, status = ("75", "02") if (facts.state, facts.outcome) == GATEWAY_FAULT else _CODES[facts.state]
        moment = (facts.occurred_at or now).astimezone(HANOI)
        query = encode(
            {
                "vnp_Amount": str(facts.amount * MINOR_UNITS_SENT),
                "vnp_BankCode": "NCB",
                "vnp_CardType": "ATM",
                "vnp_OrderInfo": facts.description,
                "vnp_PayDate": moment.strftime("%Y%m%d%H%M%S"),
                "vnp_ResponseCode": response,
                "vnp_TmnCode": self._terminal_code,
                "vnp_TransactionNo": facts.transaction_id or "0",
                "vnp_TransactionStatus": status,
                "vnp_TxnRef": facts.reference,
            }
        )
        return "GET", f"{query}&{SIGNATURE_FIELD}={sign(query, self._secret)}".encode(), NO_HEADERS

    def answer(self, question: Query, known: Known, now: datetime) -> Reply:
        message = json.loads(question.body)
        signed = sign(DELIMITER.join(message[name] for name in ASKED_FIELDS), self._secret)
        facts = known(message["vnp_TxnRef"])
        code = "97" if message[SIGNATURE_FIELD] != signed else NOT_FOUND if facts is None else SUCCESS
        values = dict.fromkeys(ANSWERED_FIELDS, "") | {
            "vnp_ResponseId": message["vnp_RequestId"][::-1],
            "vnp_Command": COMMAND,
            "vnp_ResponseCode": code,
            "vnp_TmnCode": self._terminal_code,
            "vnp_TxnRef": message["vnp_TxnRef"],
        }
        if facts is not None and code == SUCCESS:
            values |= _told(facts, now)
        values[SIGNATURE_FIELD] = sign(DELIMITER.join(values.values()), self._secret)
        return Reply(200, json.dumps(values, ensure_ascii=False).encode())


def _told(facts: NoticeFacts, now: datetime) -> Mapping[str, str]:
    moment = (facts.occurred_at or now).astimezone(HANOI)
    unsettled = facts.state in {PaymentState.INITIATED, PaymentState.PENDING}
    return {
        "vnp_Message": "Success",
        "vnp_Amount": str(facts.amount * MINOR_UNITS_SENT),
        "vnp_BankCode": "NCB",
        "vnp_PayDate": moment.strftime("%Y%m%d%H%M%S"),
        "vnp_TransactionNo": facts.transaction_id or "0",
        "vnp_TransactionType": PAYMENT_TYPE,
        "vnp_TransactionStatus": SUCCESS if facts.state in MONEY_CAME else NOT_COMPLETED if unsettled else FAILED,
        "vnp_OrderInfo": facts.description,
    }
