"""The instant payment notification, version 2, field by field as it is signed."""

from operator import itemgetter
from typing import Final, NamedTuple

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError


class Ipn(NamedTuple):
    """The signed fields as the literal text that is signed, in the order in which it is, and the signature last.

    Fields beyond these (storeId, partnerUserId …) are outside the signature: they are not believed and not read.
    """

    amount: str
    extra_data: str
    message: str
    order_id: str
    order_info: str
    order_type: str
    partner_code: str
    pay_type: str
    request_id: str
    response_time: str
    result_code: str
    transaction_id: str
    signature: str


SIGNED_FIELDS: Final = (
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    "partnerCode",
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
)
SIGNATURE_FIELD: Final = "signature"

_fields = itemgetter(*SIGNED_FIELDS, SIGNATURE_FIELD)


def read_ipn(body: bytes) -> Ipn:
    """Read a notification as far as it is signed.

    Raises:
        InvalidInputError: not strict JSON, or a signed field is missing or neither text nor an integer.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    try:
        values = _fields(message)
    except KeyError as error:
        raise InvalidInputError(f"{error.args[0]} is missing") from None
    return Ipn._make(value if type(value) is str else _integer_text(value) for value in values)


def _integer_text(value: object) -> str:
    # bool is an int to Python, and null, numbers with decimals and objects have no one text that could be signed.
    if type(value) is not int:
        raise InvalidInputError("a signed field is neither text nor an integer")
    return str(value)
