"""The desk's style and script stay light, and say nothing that no page asks for."""

import re
from pathlib import Path

from paygate.web.desk.case_words import STANDINGS

WEB = Path(__file__).parents[2] / "paygate/web"
MOST_BYTES_OF_STYLE = 12_000
MOST_BYTES_OF_SCRIPT = 6_000
TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
WORD = re.compile(r"[a-z][\w-]*")


def of_static(name: str) -> str:
    return (WEB / "static" / name).read_text(encoding="utf-8")


def styled() -> set[str]:
    """Return the classes that the style speaks of."""
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", of_static("desk.css"), flags=re.DOTALL)
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def written() -> set[str]:
    """Return the classes that templates write themselves, as they stand or as a word within a value."""
    found: set[str] = set()
    for template in (WEB / "templates").glob("*.html"):
        text = TAG.sub(" ", template.read_text(encoding="utf-8"))
        text = VALUE.sub(lambda value: " ".join(re.findall(r"'([^']*)'", value[0])), text)
        found.update(word for classes in re.findall(r'class="([^"]*)"', text) for word in WORD.findall(classes))
    return found


def named() -> set[str]:
    """Return the classes that stand for a state: those with a shape, and how a leg stands."""
    parts = (WEB / "templates/parts.html").read_text(encoding="utf-8")
    shapes = parts[parts.index("{% set shapes") : parts.index("<svg")]
    return {*re.findall(r'"(\w+)": "M', shapes), *STANDINGS}


def test_every_class_of_a_page_is_styled() -> None:
    assert not written() - styled()


def test_every_class_that_is_styled_is_on_some_page() -> None:
    assert len(named()) > len(STANDINGS)
    assert not styled() - written() - named()


def test_style_and_script_stay_light() -> None:
    assert len(of_static("desk.css").encode()) <= MOST_BYTES_OF_STYLE
    assert len(of_static("desk.js").encode()) <= MOST_BYTES_OF_SCRIPT
