"""A callback in our words. There is one for a payment that succeeded, and none for any other."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.fields import digits, milliseconds, name, whole_amount
from adapters.zalopay.payloads import Callback
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

_MOST_DIGITS: Final = 20


def translate(callback: Callback) -> NoticeFacts:
    """Say what an authentic callback says.

    Amounts are in dong; no other currency is written anywhere. An order's description does not come back, so the
    dossier is looked for in what the agency gave along with the order: `embed_data` and `item`, both signed.

    Raises:
        UnreadableNoticeError: `data` cannot be read, or a field of it is missing or not in its format.
    """
    if callback.problem:
        raise UnreadableNoticeError(callback.problem)
    order = callback.order
    given_along = f"{_text(order, 'embed_data', '')}\n{_text(order, 'item', '')}"
    return NoticeFacts(
        reference=name("app_trans_id", _text(order, "app_trans_id")),
        transaction_id=str(digits("zp_trans_id", _text(order, "zp_trans_id"), _MOST_DIGITS)),
        state=PaymentState.PAID,
        outcome=Outcome.PAID,
        amount=whole_amount("amount", _text(order, "amount")),
        currency=DONG,
        occurred_at=milliseconds("server_time", _text(order, "server_time")),
        dossier_code=dossier_code_in(given_along),
    )


def _text(order: Mapping[str, Any], field: str, default: str | None = None) -> str:
    value = order.get(field, default)
    # bool is an int to Python, and a number with decimals is no amount of dong.
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise UnreadableNoticeError(f"{field} is missing or neither text nor an integer")
    return value
