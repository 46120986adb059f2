"""A procedure record: what this service keeps of a dossier, and what its payer owes."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from paygate.domain.text import reference_key


class RecordStatus(StrEnum):
    NEW = "new"
    RECEIVED = "received"
    REFUSED = "refused"
    PROCESSING = "processing"
    SUPPLEMENT = "supplement"
    PAYMENT_REQUESTED = "payment_requested"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    DONE = "done"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One line of what is due. `amount` is in minor units."""

    code: str
    kind: Literal["fee", "charge"]
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class ProcedureRecord:
    """One version of a dossier. `version` None asks the store to count on from the one it has."""

    dossier_code: str
    procedure_code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    status: RecordStatus
    received_on: date | None
    processing_started_on: date | None
    expires_on: date | None
    exempt: bool
    online_payment_flag: int
    version: int | None
    obligations: tuple[Obligation, ...]

    @property
    def due(self) -> int:
        """What the payer owes, in minor units: nothing when exempt."""
        return 0 if self.exempt else sum(line.amount for line in self.obligations)

    @property
    def dossier_key(self) -> str:
        """The dossier code as it survives in a bank's narrative."""
        return reference_key(self.dossier_code)
