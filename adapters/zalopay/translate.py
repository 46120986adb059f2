"""A callback in our words. There is one for a payment that succeeded, and none for any other."""

from typing import Final

from adapters.fields import digits, literal, milliseconds, name, whole_amount
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
    literal("app_id", order.get("app_id"))  # another's is not authentic; none at all says nothing of whose it is
    given_along = [literal(field, order.get(field, "")) for field in ("embed_data", "item")]
    return NoticeFacts(
        reference=name("app_trans_id", literal("app_trans_id", order.get("app_trans_id"))),
        transaction_id=str(digits("zp_trans_id", literal("zp_trans_id", order.get("zp_trans_id")), _MOST_DIGITS)),
        state=PaymentState.PAID,
        outcome=Outcome.PAID,
        amount=whole_amount("amount", literal("amount", order.get("amount"))),
        currency=DONG,
        occurred_at=milliseconds("server_time", literal("server_time", order.get("server_time"))),
        dossier_code=dossier_code_in("\n".join(given_along)),
    )
