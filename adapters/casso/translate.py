"""A movement in our words: money that came is a payment, money that went is none. Casso reads what the bank booked."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.casso.payloads import Movement
from adapters.fields import digits, literal, name, spaced_local_time, whole_amount
from paygate.domain.errors import NotAPaymentError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

TRIAL_NUMBER: Final = "0"
"""The `id` of the made-up movement that tries a webhook's address."""

_MOST_DIGITS: Final = 20


def translate(movement: Movement) -> NoticeFacts:
    """Say what a believed movement says.

    The reference is the bank's, else Casso's number, so that every movement has one. Casso gives no currency: it
    connects accounts in dong.

    Raises:
        UnreadableNoticeError: a field is missing or not in its format.
        NotAPaymentError: a trial of the connection, or money that went out.
    """
    names, fields = movement.names, movement.fields
    number = _number(fields)
    amount = _amount(fields)
    description = _given(fields, "description")
    return NoticeFacts(
        reference=name(names.reference, _given(fields, names.reference), least=0) or number,
        transaction_id=number,
        state=PaymentState.PAID,
        outcome=Outcome.PAID,
        amount=amount,
        currency=DONG,
        occurred_at=spaced_local_time(names.time, literal(names.time, fields.get(names.time))),
        dossier_code=dossier_code_in(description),
        description=description,
    )


def _number(fields: Mapping[str, Any]) -> str:
    number = str(digits("id", literal("id", fields.get("id")), _MOST_DIGITS))
    if number == TRIAL_NUMBER:
        raise NotAPaymentError("Casso tried the connection")
    return number


def _amount(fields: Mapping[str, Any]) -> int:
    text = literal("amount", fields.get("amount"))
    amount = whole_amount("amount", text.removeprefix("-"))
    if amount == 0 or text.startswith("-"):
        raise NotAPaymentError("no money came: amount is not above 0")
    return amount


def _given(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field)
    return "" if value is None else literal(field, value)
