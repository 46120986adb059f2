"""ViettelPay's side: results shaped and signed as it does."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from adapters.shaping import code
from adapters.viettelpay import PAID_NEEDS, ViettelpayOptions
from adapters.viettelpay.payloads import Result
from adapters.viettelpay.signature import ACCESS_CODE, sign
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in


class ViettelpaySimulator:
    """Signs for one merchant."""

    def __init__(self, secret: bytes, options: ViettelpayOptions) -> None:
        self._secret = secret
        self._options = options

    def shape(self, facts: NoticeFacts) -> NoticeFacts:
        paid, signed = facts.state in MONEY_CAME, self._options.signed_fields
        reference = code(facts.reference, self._options.order_id_pattern)
        description = facts.description if "billcode" in signed else ""
        return facts._replace(
            reference=reference,
            transaction_id=self._transaction_id(facts),
            state=PaymentState.PAID if paid else PaymentState.PENDING,
            outcome=Outcome.PAID if paid else Outcome.PENDING,
            currency=DONG,
            occurred_at=None,
            dossier_code=dossier_code_in(reference) or dossier_code_in(description),
            description=description,
        )

    def _transaction_id(self, facts: NoticeFacts) -> str:
        """Return the transaction as a result tells it: where a payment can be paid, only if it is signed."""
        signed = self._options.signed_fields
        told = "vt_transaction_id" in signed or not all(field in signed for field in PAID_NEEDS)
        return code(facts.transaction_id, self._options.transaction_id_pattern) if told else ""

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:  # noqa: ARG002 -- a result holds no time
        paid = facts.state in MONEY_CAME
        result = Result(
            billcode=facts.description,
            cust_msisdn="84900000000",
            error_code="00",
            merchant_code=self._options.merchant_code,
            order_id=facts.reference,
            payment_status="1" if paid else "0",
            trans_amount=str(facts.amount),
            vt_transaction_id=code(facts.transaction_id, self._options.transaction_id_pattern),
            check_sum="",
        )
        known = {ACCESS_CODE: self._options.access_code, **result._asdict()}
        signature = sign([known[field] for field in self._options.signed_fields], self._secret)
        body = urlencode(result._replace(check_sum=signature.hex())._asdict()).encode()
        return "POST", body, {"content-type": "application/x-www-form-urlencoded"}
