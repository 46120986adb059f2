"""Every word of the desk stands in both languages."""

import re
from collections import Counter
from importlib import resources
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract

from paygate.web.desk.words import catalogs

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None}


def asked_for() -> set[str]:
    """Return what templates and pages say, in English."""
    folder = resources.files("paygate.web") / "templates"
    templates = [(file.read_bytes(), "jinja2.ext:babel_extract") for file in folder.iterdir()]
    pages = [(file.read_bytes(), "python") for file in (ROOT / "paygate/web/desk").rglob("*.py")]
    found = [
        message
        for text, method in [*templates, *pages]
        for _, message, *_ in extract(method, BytesIO(text), KEYWORDS, options={"newstyle_gettext": "true"})
    ]
    return {one if isinstance(one, str) else one[0] for one in found}


def known() -> list[str]:
    return [one.id if isinstance(one.id, str) else one.id[0] for _, words in catalogs() for one in words if one.id]


def test_every_word_of_the_desk_is_said_in_vietnamese() -> None:
    assert not sorted(asked_for() - set(known()))


def test_no_word_is_kept_that_nothing_says() -> None:
    assert not sorted(set(known()) - asked_for())


def test_no_word_stands_twice() -> None:
    assert not [word for word, count in Counter(known()).items() if count > 1]


def test_no_word_is_left_without_its_translation() -> None:
    left = [one.id for _, words in catalogs() for one in words if one.id and (one.fuzzy or not one.string)]
    assert not left


def test_a_translation_says_the_same_values() -> None:
    assert not [fault for _, words in catalogs() for message, fault in words.check() for fault in [*fault]]


def test_a_translation_that_says_other_values_would_be_found() -> None:
    spoilt = Catalog(locale="vi")
    spoilt.add("%(count)s of %(all)s", "%(count)s trên %(tất)s")
    spoilt.add(("%(num)s day", "%(num)s days"), ("%(no)s ngày",))
    assert len(list(spoilt.check())) == 2


LEFT_BARE = {"paygate", "English", "Tiếng", "Việt", "DuocThanhToanTrucTuyen"}
"""What every language writes alike, beside what is all capitals."""
_CODE = re.compile(r"\{#.*?#\}|\{%-?\s*trans.*?endtrans\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MARKUP = re.compile(r"<(kbd|code)\b.*?</\1>|<[^>]*>|&\w+;", re.DOTALL)
_READ_OUT = re.compile(r'(?:aria-label|title|placeholder|alt|data-label|data-done)="([^"]*)"')


def test_no_template_says_a_word_past_the_words_files() -> None:
    bare = {}
    for file in (resources.files("paygate.web") / "templates").iterdir():
        markup = _CODE.sub("", file.read_text(encoding="utf-8"))
        said = " ".join([*_READ_OUT.findall(markup), _MARKUP.sub(" ", markup)])
        words = {word for word in re.findall(r"[^\W\d_]{2,}", said) if not word.isupper()}
        if words - LEFT_BARE:
            bare[file.name] = words - LEFT_BARE
    assert not bare
