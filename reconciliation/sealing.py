"""The digest of a closed day: over the seal of its facts and all the report says of the day itself."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

OF_THE_RUN: Final = frozenset({"run", "sequence", "corrects", "discrepancies", "digest"})
"""What a report says of its run and of what came before it: no fact of the day."""
OF_THE_DAY: Final = ("left", "right", "explained", "residual", "items")
"""What the proof says of the day; the rest bridges from the run before."""

PARTS: Final = ("by_agency", "by_source", "by_procedure")
"""What a report says of parts of the day, each named by its first key."""
ADDED: Final[Mapping[str, Any]] = {"other_currencies": {}}
"""What reports have come to say since the first were sealed, and what one that is older would have said."""
NAMES: Final = frozenset({"agency_name", "procedure_name"})
"""What the latest record decides, whichever day that is of: no fact of the day either."""


def read_report(text: str) -> dict[str, Any]:
    """Return a stored report, with all that is said of a day today. Its seal is over the text as it stands."""
    return {**ADDED, **json.loads(text)}


def digest(report: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a report's canonical JSON, less what is no fact of the day."""
    day = {name: value for name, value in report.items() if name not in OF_THE_RUN}
    day["proof"] = {name: report["proof"][name] for name in OF_THE_DAY}
    for part in PARTS:
        day[part] = [{name: value for name, value in one.items() if name not in NAMES} for one in report[part]]
    text = json.dumps(day, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
