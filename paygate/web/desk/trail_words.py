"""What the entries of the chain tell, in a reader's words. An entry's own page shows it as it was written down."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from paygate.domain.money import DONG
from paygate.domain.worklist import Catalogue
from paygate.web.desk.case_words import KINDS, RULES
from paygate.web.desk.navigation import say
from paygate.web.desk.people import ROLES
from paygate.web.desk.reading import day, money, number
from paygate.web.desk.terms import LEGS, STATES
from paygate.web.desk.visit import DeskVisit

KEYS: Final[Mapping[str, str]] = {
    "to": say("given to"),
    "from": say("until now with"),
    "proposal": say("proposal no."),
    "kind": say("kind"),
    "detail": say("in particular"),
    "id": say("match no."),
    "leg": say("leg"),
    "rule": say("joined by"),
    "payments": say("payments"),
    "lines": say("lines"),
    "difference": say("difference"),
    "text": say("in their words"),
    "reason": say("reason"),
    "amount": say("amount"),
    "state": say("state"),
    "after": say("after"),
    "agencies": say("agencies"),
    "answer": say("answer"),
    "applied": say("applied at once"),
    "before": say("before"),
    "discrepancy": say("discrepancy"),
    "due": say("due at once"),
    "facts": say("facts"),
    "failures": say("tries that failed"),
    "flag": say("flag"),
    "gone": say("dropped"),
    "issuer": say("identity provider"),
    "kept": say("kept, as unresolved"),
    "language": say("language"),
    "letters": say("letters"),
    "match": say("match no."),
    "name": say("name"),
    "new": say("not known before"),
    "notices": say("notices"),
    "password": say("with a password"),
    "period": say("period"),
    "proposed_by": say("proposed by"),
    "role": say("role"),
    "roles": say("roles"),
    "run": say("run"),
    "selected": say("selected"),
    "sheet": say("sheet"),
    "token": say("token no."),
    "version": say("version"),
}
"""What each part of an entry's detail is called, in the order in which they are told."""
APART: Final = frozenset({"attachment", "content", "currency", "digest", "job", "sha256"})
"""Parts that an entry's own page alone shows: digests, numbers that nothing else shows, and a mapping's whole content.
A currency is said with its amount."""
LONGEST: Final = 240
"""Characters of an entry's detail in a list."""
MOST: Final = 10
"""Members of a list within a detail; of more, the first and how many more."""
_PERSONS: Final = frozenset({"from", "proposed_by", "to"})
_NUMBERS: Final = frozenset({"discrepancy", "id", "match", "proposal", "run", "token", "version"})
"""Parts whose numbers are names, and are not written as counts."""
_LANGUAGES: Final[Mapping[str, str]] = {"vi": "Tiếng Việt", "en": "English"}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": KINDS,
    "leg": LEGS,
    "role": {role: name for role, (name, _) in ROLES.items()},
    "roles": {role: name for role, (name, _) in ROLES.items()},
    "rule": RULES,
    "state": STATES,
}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells entries to a reader. `who` calls people by their full names."""

    visit: DeskVisit
    who: Callable[[str], str]
    catalogue: Catalogue

    def tell(self, deed: str, detail: Mapping[str, Any]) -> str:
        """Tell an entry's detail in a line, as much as there is room for."""
        said = "; ".join(self._parts(detail, about_case=deed.startswith("discrepancy_")))
        return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"

    def _parts(self, detail: Mapping[str, Any], *, about_case: bool) -> Iterator[str]:
        for name in sorted(detail, key=_place):
            value = detail[name]
            if name in APART or value in (None, "", {}) or (value == [] and name != "agencies"):
                continue
            word = self.visit.say(KEYS[name]) if name in KEYS else name
            if isinstance(value, dict):
                inner = "; ".join(self._parts(value, about_case=about_case))
                yield f"{word} ({inner})"
            elif name == "amount":
                yield f"{word}: {money(value, detail.get('currency', DONG))}"
            elif name == "reason" and about_case:
                yield f"{word}: {self._reason(value)}"
            else:
                yield f"{word}: {self._value(name, value)}"

    def _reason(self, code: str) -> str:
        meaning = self.catalogue.get(code)
        return code if meaning is None else str(getattr(meaning.said, self.visit.language)).rstrip(".")

    def _value(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return self.visit.say(say("yes") if value else say("no"))
        if isinstance(value, list):
            return self._several(name, value)
        if isinstance(value, int):
            return str(value) if name in _NUMBERS else number(value)
        if name in _PERSONS:
            return self.who(value)
        if name == "language":
            return _LANGUAGES.get(value, value)
        word = _WORDS.get(name, {}).get(value)
        return self.visit.say(word) if word else day(value) if _DAY.fullmatch(value) else value

    def _several(self, name: str, value: list[Any]) -> str:
        if not value:
            return self.visit.say(say("all of them"))
        shown = [" ".join(map(str, one)) if isinstance(one, list) else self._one(name, one) for one in value[:MOST]]
        return ", ".join(shown) + (f" … ({number(len(value))})" if len(value) > MOST else "")

    def _one(self, name: str, value: Any) -> str:
        return str(value) if isinstance(value, int) else self._value(name, value)


def _place(name: str) -> tuple[int, str]:
    return list(KEYS).index(name) if name in KEYS else len(KEYS), name


def persons_in(detail: Mapping[str, Any]) -> list[str]:
    """Return what those sign in with whom a detail names."""
    return [detail[name] for name in sorted(_PERSONS) if isinstance(detail.get(name), str)]
