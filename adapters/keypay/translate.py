"""A callback in our words. Only status 0 is attested; every other is asked about."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from adapters.fields import name, whole_amount
from adapters.keypay.payloads import Callback
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

STATES: Final[Mapping[str, tuple[PaymentState, Outcome]]] = {
    "0": (PaymentState.PAID, Outcome.PAID),
}
"""status. No table of the others is public."""

_STATUS = re.compile(r"-?[A-Za-z0-9_]{1,20}")


def translate(callback: Callback, signed: Collection[str], unsigned: Sequence[str]) -> NoticeFacts:
    """Say what an authentic callback says, as far as the fields that are signed say it.

    `unsigned` names what would have to be signed for a payment to be paid.

    Raises:
        UnreadableNoticeError: a field is missing or not in its format.
    """
    # Another currency would be another amount, and KeyPay settles in the dong alone.
    if callback.currency_code not in {DONG, ""}:
        raise UnreadableNoticeError(f"currency_code is not {DONG}")
    state, outcome, alarm = _result(callback, unsigned)
    transaction_id = name("transaction_code", callback.transaction_code, least=0)
    # Only signed text can name the dossier: whoever can alter the description could pay for another's.
    description = callback.description if "description" in signed else ""
    return NoticeFacts(
        reference=name("transaction_id", callback.transaction_id),
        # Where a callback can be paid, another code outside the signature would make a second payment of the first.
        transaction_id=transaction_id if unsigned or "transaction_code" in signed else "",
        state=state,
        outcome=outcome,
        amount=whole_amount("trans_amount", callback.trans_amount),
        currency=DONG,
        occurred_at=None,
        dossier_code=dossier_code_in(description) or dossier_code_in(callback.transaction_id),
        description=description,
        alarm=alarm,
    )


def _result(callback: Callback, unsigned: Sequence[str]) -> tuple[PaymentState, Outcome, str | None]:
    status = callback.status
    if not _STATUS.fullmatch(status):
        raise UnreadableNoticeError("status is missing or not a code")
    if status not in STATES:
        return PaymentState.PENDING, Outcome.PENDING, f"status {status} is not listed"
    state, outcome = STATES[status]
    if unsigned and state is PaymentState.PAID:
        alarm = f"status {status}, but the signature leaves out {' and '.join(unsigned)}"
        return PaymentState.PENDING, Outcome.PENDING, alarm
    return state, outcome, None
