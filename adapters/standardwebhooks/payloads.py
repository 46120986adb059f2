"""The neutral body, for systems that have no format of their own. Keys beyond these are let be."""

import re
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from paygate.domain.lifecycle import PaymentState
from paygate.domain.money import MAX_AMOUNT

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII
)


def _rfc_3339(value: object) -> object:
    # Left to itself pydantic also takes bare numbers for times, and guesses whether they are seconds.
    if value is not None and not (isinstance(value, str) and _RFC_3339.match(value)):
        raise ValueError("not a time as of RFC 3339 with its offset")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Payment(_Part):
    """`amount` is in minor units of `currency`; `status` is one of the payment states."""

    reference: StrictStr
    dossier_code: StrictStr | None = None
    transaction_id: StrictStr | None = None
    amount: Annotated[StrictInt, Field(ge=0, le=MAX_AMOUNT)]
    currency: StrictStr
    status: PaymentState
    paid_at: Annotated[AwareDatetime | None, BeforeValidator(_rfc_3339)] = None
    description: StrictStr | None = None


class Message(_Part):
    """`type` is `payment.` and the state; it repeats `data.status`, which counts."""

    type: StrictStr
    data: Payment
