"""From the bytes of a TOML file to a rule set that was checked, or to one line that says what is wrong."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from paygate.domain.errors import InvalidInputError, TooLargeError
from reconciliation.rules.checking import faults_of
from reconciliation.rules.model import KINDS, RuleSet, Weights, Window

MAX_BYTES: Final = 65_536
BYTE_ORDER_MARK: Final = "\ufeff"
SHIPPED: Final = "2026-2.toml"

_TABLES: Final[Mapping[str, type[BaseModel]]] = {"window_days": Window, "weights": Weights}


def shipped_content() -> bytes:
    """Return the file that ships."""
    return resources.files("reconciliation").joinpath("rules", SHIPPED).read_bytes()


@cache
def shipped_rules() -> RuleSet:
    """Return the rule set that holds where no other was approved."""
    return read_rules(shipped_content(), SHIPPED)


def read_rules(content: bytes, name: str) -> RuleSet:
    """Read a rule set. `name` is what the file is called in a refusal.

    Raises:
        InvalidInputError: it is not TOML, not a rule set, or one the engine cannot follow; one line, each rule by name.
        TooLargeError: no rule set is that large.
    """
    table = _read_toml(content, name)
    try:
        rules = RuleSet.model_validate(table)
    except ValidationError as error:
        said = dict.fromkeys(_explain(one, table) for one in error.errors(include_url=False))
        raise InvalidInputError(f"{name}: {'; '.join(said)}") from error
    if faults := faults_of(rules):
        raise InvalidInputError(f"{name}: {'; '.join(faults)}")
    return rules


def _read_toml(content: bytes, name: str) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"{name}: a rule set is at most {MAX_BYTES} bytes, and this file is larger")
    try:
        return tomllib.loads(content.decode("utf-8").removeprefix(BYTE_ORDER_MARK), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{name}: not UTF-8 at byte {error.start}") from error
    except (ValueError, ArithmeticError) as error:
        raise InvalidInputError(f"{name}: not TOML: {error}") from error
    except RecursionError as error:
        raise InvalidInputError(f"{name}: nested too deeply to be a rule set") from error


def _explain(error: Any, table: Mapping[str, Any]) -> str:
    """Say in words what pydantic found: the rule, the key, what is wrong with it."""
    where = [str(part) for part in error["loc"]]
    rule = _rule_at(error["loc"], table)
    # Of what is inside a rule, pydantic names the kind between the rule's place and its key.
    keys = where[3:] if where[:1] == ["rules"] and len(where) > 2 else where[2:] if rule else where  # noqa: PLR2004 -- place and kind
    said = f"rule {rule}: " if rule else ""
    if error["type"] == "extra_forbidden":
        return said + _misspelt(".".join(keys), keys[-1], _known(error["loc"], keys))
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        given = error.get("ctx", {}).get("tag", "")
        return f"{said}there is no kind {given!r}; the kinds are {', '.join(KINDS)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{said}{'.'.join(keys)}: {message}" if keys else f"{said}{message}"


def _rule_at(where: Sequence[str | int], table: Mapping[str, Any]) -> str | None:
    """Name the rule an error is in: its kind, else its place."""
    if len(where) < 2 or where[0] != "rules" or not isinstance(where[1], int):  # noqa: PLR2004 -- "rules" and its place
        return None
    given = table["rules"][where[1]]
    kind = given.get("kind") if isinstance(given, Mapping) else None
    return kind if isinstance(kind, str) and kind in KINDS else f"number {where[1] + 1}"


def _known(where: Sequence[str | int], keys: Sequence[str]) -> list[str]:
    if len(keys) > 1 and keys[-2] in _TABLES:
        model = _TABLES[keys[-2]]
    else:
        model = KINDS.get(str(where[2]), RuleSet) if where[0] == "rules" and len(where) > 2 else RuleSet  # noqa: PLR2004 -- "rules", place, kind
    return [field.alias or name for name, field in model.model_fields.items()]


def _misspelt(key: str, name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{key} is not a key{meant}; the keys here are {', '.join(known)}"
