"""The two languages of the desk: English as written in the code and templates, Vietnamese from the files of `locale`.

Each part of the desk has a file of its own, so that who changes a page finds its words beside no others.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Final

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

FOLDER: Final = "vi"


class Language(StrEnum):
    """The first is what people see who have not chosen."""

    VI = "vi"
    EN = "en"


def catalogs() -> Iterator[tuple[str, Catalog]]:
    """Read the Vietnamese words, file by file."""
    folder = resources.files("paygate.locale") / FOLDER
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".po"):
            yield file.name, read_po(BytesIO(file.read_bytes()), locale=FOLDER, abort_invalid=True)


@cache
def translations(language: Language) -> NullTranslations:
    """Return what says a message in a language; one it does not know it says as it stands."""
    if language is Language.EN:
        return NullTranslations()
    whole = Catalog(locale=FOLDER)
    for _, catalog in catalogs():
        for message in catalog:
            if message.id:
                whole.add(message.id, message.string, context=message.context)
    packed = BytesIO()
    write_mo(packed, whole)
    packed.seek(0)
    return Translations(packed)
