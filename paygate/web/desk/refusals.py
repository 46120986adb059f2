"""Why something was refused or has failed, in the language of whoever meets it."""

from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from paygate.domain.errors import PaygateError
from paygate.web.desk.reading import amount, day, moment
from paygate.web.desk.words import Language, translations

UNKNOWN_ZONE: Final = ZoneInfo("UTC")


def reason_of(error: PaygateError, language: Language, zone: ZoneInfo = UNKNOWN_ZONE) -> str:
    """Say why; `zone` is where the reader's clocks stand. What has no translation stays as it was raised."""
    message: str = translations(language).gettext(error.message)
    if not message.startswith("%"):
        message = message[:1].upper() + message[1:]
    values = {name: _shown(name, value, language, zone) for name, value in error.values.items()}
    return message % values if values else message


def _shown(name: str, value: Any, language: Language, zone: ZoneInfo) -> object:
    if isinstance(value, datetime) or name == "moment":
        return moment(value, zone)
    if isinstance(value, date) or name == "day":
        return day(value)
    if name == "amount":
        return amount(value)
    return translations(language).gettext(str(value)) if isinstance(value, Enum) else value
