"""The form of a result, field by field."""

from typing import NamedTuple

from adapters.strict_form import parse_form
from paygate.domain.errors import InvalidInputError


class Result(NamedTuple):
    """The fields under their own names; one that did not come is empty. `cust_msisdn` is the payer's telephone."""

    billcode: str
    cust_msisdn: str
    error_code: str
    merchant_code: str
    order_id: str
    payment_status: str
    trans_amount: str
    vt_transaction_id: str
    check_sum: str


def read_result(body: bytes) -> Result:
    """Read a result.

    Raises:
        InvalidInputError: no strict form, or without merchant_code, order_id or check_sum.
    """
    form = parse_form(body)
    for field in ("merchant_code", "order_id", "check_sum"):
        if not form.get(field):
            raise InvalidInputError(f"{field} is missing")
    return Result._make(form.get(field, "") for field in Result._fields)
