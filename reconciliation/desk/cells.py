"""What stands in a cell of a sheet: from the text a database hands over to a day, a number or words."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, TypeAlias

from paygate.domain.formulas import guard
from paygate.domain.money import written
from reconciliation.desk.sheets import Column, Sheet, state_word
from reconciliation.rendering import Language, responsible, sentence, word

LONGEST_TEXT: Final = 32_767
"""Characters of a cell; what spreadsheets take."""
LARGEST_EXACT: Final = 2**53
"""Beyond it a spreadsheet's numbers are no longer whole."""

Cell: TypeAlias = str | int | date | datetime | None
Read = Callable[[str], Cell]


def readers(sheet: Sheet, language: Language) -> list[Read]:
    """Return what reads each column of a sheet; an empty field is an empty cell."""
    return [_reader(column, language) for column in sheet.columns]


def _reader(column: Column, language: Language) -> Read:
    def said(text: str) -> Cell:
        return words(text, language) if text else None

    words = _WORDS.get(column.name) or _WORDS[column.kind]
    return said


def text_cell(text: object) -> str:
    """Return a text that no spreadsheet takes for a formula, as long as a cell can hold."""
    return str(guard(str(text)))[:LONGEST_TEXT]


def _money(text: str, _: Language) -> Cell:
    amount = int(text)
    return amount if abs(amount) < LARGEST_EXACT else text


def foreign(text: str) -> str:
    """Write what a database hands over as `1250 USD`, minor units and their currency."""
    amount, currency = text.split(" ", maxsplit=1)
    return written(int(amount), currency)


def _reasons(text: str, language: Language) -> Cell:
    return " ".join(sentence(one, language) for one in text.split())


_WORDS: Final[Mapping[str, Callable[[str, Language], Cell]]] = {
    "text": lambda text, _: text_cell(text),
    "day": lambda text, _: date.fromisoformat(text),
    "moment": lambda text, _: datetime.fromisoformat(text),
    "money": _money,
    "foreign": lambda text, _: text_cell(foreign(text)),
    "verdict": word,
    "reason": sentence,
    "reasons": _reasons,
    "responsible": responsible,
    "state": state_word,
}
"""By the name of a column where that has words of its own, else by its kind."""
