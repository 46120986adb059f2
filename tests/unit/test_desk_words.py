"""Every word of the desk stands in both languages."""

import ast
import re
from collections import Counter
from importlib import resources
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract

from paygate.domain import errors
from paygate.domain.errors import PaygateError
from paygate.web.desk.words import catalogs

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None}
REFUSALS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, PaygateError)} - {
    "ConfigurationError",  # these are answered with a status that says whose fault it is, and no sentence
    "UnsafeDatabaseError",
    "EgressRefusedError",
    "IntegrityError",
    "NotAuthenticError",  # these are of notices, whose reasons stand in a list of their own
    "UnreadableNoticeError",
    "NotAPaymentError",
    "PausedError",  # which brings its own sentence
}
"""Errors whose sentence people meet at the desk."""
MET = (
    "paygate/*.py",
    "paygate/domain/*.py",
    "paygate/web/desk/*.py",
    "paygate/web/report_files.py",
    "reconciliation/**/*.py",
)
NOT_MET = {
    *("paygate/app.py", "paygate/database.py", "paygate/directory.py", "paygate/desk_settings.py", "paygate/egress.py"),
    *("paygate/configured.py", "paygate/embedded.py", "paygate/settings.py", "paygate/settlement_answers.py"),
    *("paygate/endpoints.py", "paygate/retention.py", "reconciliation/verification.py"),  # for the command line alone
    *("paygate/feed.py", "paygate/inbox.py", "paygate/inquiry.py", "paygate/intake.py", "paygate/ledger.py"),
    *("paygate/payables.py", "paygate/records.py", "paygate/worker.py", "paygate/deliveries.py", "paygate/parcels.py"),
    *("paygate/domain/json_rows.py", "paygate/domain/record_reading.py", "paygate/domain/notice.py"),  # for systems
    *("paygate/id_token.py", "paygate/provider.py", "paygate/identities.py"),  # the sign-in has a sentence of its own
    "paygate/isolation.py",  # what a reader in a process of its own came to; it passes on what others say
    *("paygate/domain/statement_reading.py", "paygate/domain/money.py", "paygate/domain/reach.py"),  # of a file's rows
    "reconciliation/rules/reading.py",  # about a line of TOML, whose keys are English
}
"""Files whose errors nobody meets at the desk, or not as sentences."""


def asked_for() -> set[str]:
    """Return what templates and pages say, in English."""
    folder = resources.files("paygate.web") / "templates"
    templates = [(file.read_bytes(), "jinja2.ext:babel_extract", KEYWORDS) for file in folder.iterdir()]
    pages = [(file.read_bytes(), "python", KEYWORDS) for file in (ROOT / "paygate/web/desk").rglob("*.py")]
    sentences = {**dict.fromkeys(REFUSALS), "worded": None}
    refusals = [(file.read_bytes(), "python", sentences) for file in met()]
    found = [
        message
        for text, method, keywords in [*templates, *pages, *refusals]
        for _, message, *_ in extract(method, BytesIO(text), keywords, options={"newstyle_gettext": "true"})
    ]
    return {one if isinstance(one, str) else one[0] for one in found}


def met() -> list[Path]:
    """Return the files whose errors people meet at the desk."""
    return [file for glob in MET for file in ROOT.glob(glob) if file.relative_to(ROOT).as_posix() not in NOT_MET]


def known() -> list[str]:
    return [one.id if isinstance(one.id, str) else one.id[0] for _, words in catalogs() for one in words if one.id]


def test_every_word_of_the_desk_is_said_in_vietnamese() -> None:
    assert not sorted(asked_for() - set(known()))


def test_no_refusal_is_put_together_where_it_is_raised() -> None:
    """A sentence that was, is in no list of words: its values stand beside it, and it is said where a language is."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in met()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS
        for message in node.args[:1]
        if isinstance(message, (ast.JoinedStr, ast.BinOp, ast.IfExp))
    ]
    assert not found


def test_files_that_nobody_meets_are_there() -> None:
    assert not [name for name in NOT_MET if not (ROOT / name).is_file()]


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
