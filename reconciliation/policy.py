"""What a tenant has settled on for its matcher."""

from dataclasses import dataclass, field

from paygate.domain.calendar import Calendar


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's business days, and how many of them a record may be on its way."""

    calendar: Calendar = field(default_factory=Calendar)
    record_wait_days: int = 1
