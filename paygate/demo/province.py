"""The sample province of Hải Dương at its counters: dossiers with what they owe, and the people who pay."""

from collections import Counter
from datetime import date
from random import Random
from typing import Final

from paygate.demo.catalogue import PROCEDURES, Agency, Procedure
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus
from paygate.domain.text import DOSSIER_CODE

MOST_COPIES: Final = 9
UNDER_WAY: Final = (RecordStatus.PROCESSING, RecordStatus.SUPPLEMENT, RecordStatus.DONE, RecordStatus.RETURNED)
"""The states in which a dossier that was paid may honestly be found."""

_FAMILY: Final = ("NGUYEN", "TRAN", "LE", "PHAM", "HOANG", "VU", "DANG", "BUI", "DO", "NGO", "DINH", "DOAN", "MAC")
_MIDDLE: Final = ("VAN", "THI", "DUC", "NGOC", "MINH", "QUANG", "THU", "HONG", "XUAN", "HUU", "DINH", "THANH")
_GIVEN: Final = ("AN", "BINH", "CHI", "DUNG", "GIANG", "HA", "HUNG", "LAN", "LINH", "MAI", "NAM", "PHUONG", "TUAN")


class Registry:
    """Opens dossiers, each with the next number of its agency's day."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._numbers: Counter[str] = Counter()

    def open_dossier(
        self,
        received_on: date,
        status: RecordStatus | None = None,
        *,
        exempt: bool = False,
        expires_on: date | None = None,
    ) -> ProcedureRecord:
        procedure = self._chance.choice(PROCEDURES)
        agency = self._chance.choice(procedure.received_by)
        if status is None:
            status = self._chance.choice(UNDER_WAY)
        started = None if status in (RecordStatus.NEW, RecordStatus.RECEIVED) else received_on
        return ProcedureRecord(
            dossier_code=self._code(agency, received_on),
            procedure_code=procedure.code,
            procedure_name=procedure.name,
            agency_code=agency.code,
            agency_name=agency.name,
            status=status,
            received_on=received_on,
            processing_started_on=started,
            expires_on=expires_on,
            exempt=exempt,
            online_payment_flag=1 if status in (RecordStatus.DONE, RecordStatus.RETURNED) and not exempt else 0,
            version=1,
            obligations=self._obligations(procedure),
        )

    def payer(self) -> str:
        """Return a name as banks write it, without accents."""
        return " ".join(self._chance.choice(part) for part in (_FAMILY, _MIDDLE, _GIVEN))

    def _code(self, agency: Agency, received_on: date) -> str:
        stem = f"{agency.code}-{received_on:%y%m%d}"
        self._numbers[stem] += 1
        code = f"{stem}-{self._numbers[stem]:04d}"
        if not DOSSIER_CODE.fullmatch(code):
            raise ValueError(f"{code} does not have the form of a dossier code")
        return code

    def _obligations(self, procedure: Procedure) -> tuple[Obligation, ...]:
        copies = self._chance.randint(1, MOST_COPIES) if procedure.copies else 1
        lines = (
            Obligation("LP01", "charge", "Lệ phí", procedure.charge * copies),
            Obligation("PH01", "fee", "Phí", procedure.fee * copies),
        )
        return tuple(line for line in lines if line.amount)
