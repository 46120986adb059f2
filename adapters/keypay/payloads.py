"""The callback, field by field, as the literal text that is signed."""

from typing import NamedTuple

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError


class Callback(NamedTuple):
    """The fields under their own names; one that did not come is empty. The agency gave out `transaction_id`."""

    client_id: str
    transaction_id: str
    transaction_code: str
    trans_amount: str
    payment_fee: str
    command: str
    addition_fee: str
    version: str
    description: str
    locale: str
    country_code: str
    currency_code: str
    environment: str
    status: str
    check_sum: str


def read_callback(body: bytes) -> Callback:
    """Read a callback.

    Raises:
        InvalidInputError: not strict JSON, a field is neither text nor an integer, or it is without client_id,
            transaction_id or check_sum.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    callback = Callback._make(_text(field, message.get(field)) for field in Callback._fields)
    for field in ("client_id", "transaction_id", "check_sum"):
        if not getattr(callback, field):
            raise InvalidInputError(f"{field} is missing")
    return callback


def _text(field: str, value: object) -> str:
    if value is None:
        return ""
    # bool is an int to Python, and numbers with decimals and objects have no one text that could be signed.
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise InvalidInputError(f"{field} is neither text nor an integer")
    return value
