"""VNPay's side: notifications shaped and signed as it does."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.fields import HANOI
from adapters.vnpay import VnpayOptions
from adapters.vnpay.payloads import SIGNATURE_FIELD
from adapters.vnpay.signature import encode, sign
from adapters.vnpay.translate import MINOR_UNITS_SENT
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NO_HEADERS, NoticeFacts

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

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        response, status = ("75", "02") if facts.outcome is Outcome.GATEWAY_FAULT else _CODES[facts.state]
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
