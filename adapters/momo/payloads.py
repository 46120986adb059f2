"""The instant payment notification, version 2, field by field as it is signed."""

from operator import itemgetter
from typing import Final, NamedTuple

from adapters.strict_json import literal_fields, parse


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
    return Ipn._make(literal_fields(parse(body), _fields))
