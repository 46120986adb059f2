"""The notice, field by field. All of them are texts."""

from typing import Any, Final, NamedTuple

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError


class Notice(NamedTuple):
    """The signed fields in the order in which they are signed, then the ones beside the signature that are looked at.

    `customer_code`, `bank_transaction_id` and `remark` may be absent and are empty then. Names, accounts and bank of
    the payer, and the account that received, are outside the signature: they are neither believed nor read.
    """

    transaction_id: str
    time: str
    customer_code: str
    amount: str
    bank_transaction_id: str
    remark: str
    provider_id: str
    transaction_type: str
    currency: str
    signature: str


REQUIRED: Final = ("transId", "transTime", "amount", "providerId", "transType", "currencyCode", "signature")
FIELDS: Final = (
    "transId",
    "transTime",
    "custCode",
    "amount",
    "bankTransId",
    "remark",
    "providerId",
    "transType",
    "currencyCode",
    "signature",
)

SIGNED: Final = 6
"""So many of the first fields are signed."""


def read_notice(body: bytes) -> Notice:
    """Read a notice.

    Raises:
        InvalidInputError: not strict JSON, a field is not a text, or one is missing without which there is no notice.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    missing = [field for field in REQUIRED if not message.get(field)]
    if missing:
        raise InvalidInputError(f"{missing[0]} is missing")
    return Notice._make(_text(message, field) for field in FIELDS)


def _text(message: dict[str, Any], field: str) -> str:
    value = message.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"{field} is not a text")
    return value
