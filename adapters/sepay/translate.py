"""A movement in our words. Money that came is a payment, money that went is none, another word is asked about."""

from collections.abc import Mapping
from typing import Final

from adapters.fields import name, spaced_local_time, whole_amount
from adapters.sepay.payloads import Transfer
from paygate.domain.errors import NotAPaymentError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

CAME: Final[Mapping[str, tuple[PaymentState, Outcome]]] = {
    "in": (PaymentState.PAID, Outcome.PAID),  # webhook
    "credit": (PaymentState.PAID, Outcome.PAID),  # BankHub
}
WENT: Final = frozenset({"out", "debit"})

_DIRECTION_LENGTH: Final = 20


def translate(transfer: Transfer) -> NoticeFacts:
    """Say what an authentic movement says.

    The reference is the payment code SePay found in the narrative; where it found none, the bank's own reference,
    else SePay's number, so that every movement has one.

    Raises:
        UnreadableNoticeError: a field is not in its format.
        NotAPaymentError: money that went out.
    """
    names = transfer.names
    direction = name(names.direction, transfer.direction, most=_DIRECTION_LENGTH)
    if direction in WENT:
        raise NotAPaymentError(f"{names.direction} {direction}: money that went out")
    state, outcome = CAME.get(direction, (PaymentState.PENDING, Outcome.PENDING))
    number = name(names.number, transfer.number)
    reference = (
        name(names.payment_code, transfer.payment_code, least=0)
        or name(names.bank_reference, transfer.bank_reference, least=0)
        or number
    )
    return NoticeFacts(
        reference=reference,
        transaction_id=number,
        state=state,
        outcome=outcome,
        amount=whole_amount(names.amount, str(transfer.amount)),
        currency=DONG,
        occurred_at=spaced_local_time(names.time, transfer.time),
        dossier_code=dossier_code_in(transfer.content),
        description=transfer.content,
        alarm=None if direction in CAME else f"{names.direction} {direction} is not listed",
    )
