"""ViettelPay's side: results shaped and signed as it does."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from adapters.viettelpay import ViettelpayOptions
from adapters.viettelpay.payloads import Result
from adapters.viettelpay.signature import ACCESS_CODE, sign
from paygate.domain.lifecycle import MONEY_CAME
from paygate.domain.notice import NoticeFacts


class ViettelpaySimulator:
    """Signs for one merchant."""

    def __init__(self, secret: bytes, options: ViettelpayOptions) -> None:
        self._secret = secret
        self._options = options

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
            vt_transaction_id=facts.transaction_id,
            check_sum="",
        )
        known = {ACCESS_CODE: self._options.access_code, **result._asdict()}
        signature = sign([known[field] for field in self._options.signed_fields], self._secret)
        body = urlencode(result._replace(check_sum=signature.hex())._asdict()).encode()
        return "POST", body, {"content-type": "application/x-www-form-urlencoded"}
