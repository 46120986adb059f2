"""What files reports are taken away as."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from paygate.domain.parties import Tenant
from paygate.domain.period import Period


class FileKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


MEDIA_TYPES: Final = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.PDF: "application/pdf",
}


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What file of which report is wanted. `sheet` names the facts of a CSV; None: its sums. `run_id` is of a day."""

    tenant: Tenant
    period: Period
    kind: FileKind
    language: Literal["vi", "en"] = "vi"
    run_id: int | None = None
    sheet: str | None = None

    @property
    def name(self) -> str:
        """Name the file."""
        run = f"-{self.run_id}" if self.run_id is not None else ""
        part = f"-{self.sheet}" if self.sheet else ""
        return f"{self.tenant.code}-{self.period.name}{run}{part}.{self.kind}"
