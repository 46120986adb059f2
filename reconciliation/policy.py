"""What a tenant has settled on for its matcher."""

from dataclasses import dataclass, field

from paygate.domain.calendar import Calendar
from reconciliation.rules.model import RuleSet
from reconciliation.rules.reading import shipped_rules


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's business days, how many of them a record may be on its way, and the rules its matches come from."""

    calendar: Calendar = field(default_factory=Calendar)
    record_wait_days: int = 1
    rules: RuleSet = field(default_factory=shipped_rules)
