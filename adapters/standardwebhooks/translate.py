"""The neutral body in our words."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from adapters.fields import currency_code, name, plausible
from adapters.standardwebhooks.payloads import Message
from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError, UnreadableNoticeError
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

OUTCOMES: Final[Mapping[PaymentState, Outcome]] = {
    PaymentState.INITIATED: Outcome.PENDING,
    PaymentState.PENDING: Outcome.PENDING,
    PaymentState.ABANDONED: Outcome.PAYER_LEFT,
    PaymentState.EXPIRED: Outcome.PAYER_LEFT,
    PaymentState.FAILED: Outcome.DECLINED,
} | dict.fromkeys(MONEY_CAME, Outcome.PAID)
"""What an attempt came to; money that was given back was paid all the same."""

_MAX_DOSSIER_CODE: Final = 100


def translate(body: bytes) -> NoticeFacts:
    """Say what an authentic body says.

    Raises:
        UnreadableNoticeError: not strict JSON, or a field is missing or malformed.
    """
    message = _message(body)
    payment = message.data
    state, alarm = _state(message)
    description = payment.description or ""
    code = payment.dossier_code
    return NoticeFacts(
        reference=name("data.reference", payment.reference),
        transaction_id=name("data.transaction_id", payment.transaction_id or "", least=0),
        state=state,
        outcome=OUTCOMES[state],
        amount=payment.amount,
        currency=currency_code("data.currency", payment.currency),
        occurred_at=payment.paid_at and plausible("data.paid_at", payment.paid_at),
        dossier_code=name("data.dossier_code", code, most=_MAX_DOSSIER_CODE) if code else dossier_code_in(description),
        description=description,
        alarm=alarm,
    )


def _state(message: Message) -> tuple[PaymentState, str | None]:
    status = message.data.status
    named = message.type.removeprefix("payment.")
    if named != status and named in OUTCOMES:
        return PaymentState.PENDING, f"type says {named}, data.status says {status}"
    return status, None


def _message(body: bytes) -> Message:
    try:
        return Message.model_validate(parse(body))
    except InvalidInputError as error:
        raise UnreadableNoticeError(str(error)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the body"
        raise UnreadableNoticeError(f"{field}: {first['msg'].removeprefix('Value error, ')}") from None
