"""The two bodies SePay sends, told apart by the name of the field that says which way the money went."""

from typing import Any, Final, NamedTuple

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError


class Names(NamedTuple):
    """What a variant calls each field that is read."""

    direction: str
    amount: str
    time: str
    number: str
    payment_code: str
    bank_reference: str
    content: str = "content"


WEBHOOK: Final = Names("transferType", "transferAmount", "transactionDate", "id", "code", "referenceCode")
BANK_HUB: Final = Names(
    "transfer_type", "amount", "transaction_date", "transaction_id", "payment_code", "reference_code"
)


class Transfer(NamedTuple):
    """One movement as it was sent. `names` says what its fields are called, for reasons somebody reads."""

    names: Names
    direction: str
    amount: int
    time: str
    number: str
    payment_code: str
    bank_reference: str
    content: str


def read_transfer(body: bytes) -> Transfer:
    """Read a body.

    Raises:
        InvalidInputError: not strict JSON, of neither variant or of both, or a field is missing or of another type.
    """
    message = parse(body)
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    names = _variant(message)
    return Transfer(
        names,
        direction=_text(message, names.direction),
        amount=_integer(message, names.amount),
        time=_text(message, names.time),
        number=_number(message, names.number),
        payment_code=_optional(message, names.payment_code),
        bank_reference=_optional(message, names.bank_reference),
        content=_optional(message, names.content),
    )


def _variant(message: dict[str, Any]) -> Names:
    # A body with the fields of both would be read one way here and perhaps another way by whoever looks at it.
    found = [names for names in (WEBHOOK, BANK_HUB) if names.direction in message]
    if len(found) != 1:
        raise InvalidInputError(f"not exactly one of {WEBHOOK.direction} and {BANK_HUB.direction} is there")
    return found[0]


def _text(message: dict[str, Any], field: str) -> str:
    value = message.get(field)
    if not isinstance(value, str):
        raise InvalidInputError(f"{field} is missing or not a text")
    return value


def _optional(message: dict[str, Any], field: str) -> str:
    return "" if message.get(field) is None else _text(message, field)


def _integer(message: dict[str, Any], field: str) -> int:
    # bool is an int to Python; a number with decimals, even 50000.0, is not how money is written.
    value = message.get(field)
    if type(value) is not int:
        raise InvalidInputError(f"{field} is missing or not a whole number")
    return value


def _number(message: dict[str, Any], field: str) -> str:
    return str(_integer(message, field)) if type(message.get(field)) is int else _text(message, field)
