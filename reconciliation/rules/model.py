"""A rule set: which rules act, in which order, and the numbers each goes by."""

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

TOLERANCE_DONG: Final = 10_000
"""The largest tolerance in đồng: the least fee that is common, and what exceeds it is a difference."""
TOLERANCE_PERCENT: Final = 5
SEARCH_FACTS: Final = 20
"""The most facts a search for sums may have before it: each more doubles its work."""
LEAST_SUM: Final = 3
"""Two facts are a pair, which needs no sum."""
SHORTEST_NAME: Final = 6
"""Anything shorter stands in a narrative by chance."""
SHORTEST_CUT: Final = 12
LONGEST_NAME: Final = 64
"""Longer than any reference or dossier key: a rule that asks for more can never find one."""
LONGEST_WINDOW: Final = 92
"""Days before or after payment."""
MOST_SUGGESTIONS: Final = 5
MOST_PREFIXES: Final = 32
WHOLE: Final = 100
"""What the weights of a suggestion add up to."""
VERSION_DIGITS: Final = 8


def _no_float(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _at_most(limit: int, unit: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if value > limit:
            raise ValueError(f"a tolerance of {value} {unit} would swallow what is wrong; the most is {limit} {unit}")
        return value

    return AfterValidator(check)


Percent = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, max_digits=7, decimal_places=4)]
Length = Annotated[int, Field(ge=SHORTEST_NAME, le=LONGEST_NAME)]
Facts = Annotated[int, Field(ge=LEAST_SUM, le=SEARCH_FACTS)]
Day = Annotated[int, Field(ge=-LONGEST_WINDOW, le=LONGEST_WINDOW)]
Weight = Annotated[int, Field(ge=0, le=WHOLE)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), Field(max_length=32)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Window(_Strict):
    """Days from a payment's business date to the day its line is booked, the first and the last included."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @model_validator(mode="after")
    def _not_empty(self) -> "Window":
        if self.first > self.last:
            raise ValueError(f"the window is empty: it ends {self.last} days after payment, before it begins")
        return self


class Rule(_Strict):
    """What every rule has. A rule's kind is its name, and stands on each match it makes."""

    enabled: bool = True
    after: Names = ()


class Exact(Rule):
    """As many payments as lines of one reference, account and amount."""

    kind: Literal["exact"]


class SumReference(Rule):
    """Payments and lines of one reference and account whose sums agree."""

    kind: Literal["sum_reference"]
    most_facts: Facts


class Reference(Rule):
    """One payment and one line of a reference and account: another amount."""

    kind: Literal["reference"]


class Tolerance(Rule):
    """What `reference` pairs, where the difference is too small to be one. Given both, both must hold."""

    kind: Literal["tolerance"]
    dong: Annotated[int, Field(ge=0), _at_most(TOLERANCE_DONG, "đồng")] | None = None
    percent: Annotated[Percent, _at_most(TOLERANCE_PERCENT, "%")] | None = None


class ReferenceOtherAccount(Rule):
    """One payment and one line of a reference and amount: another account."""

    kind: Literal["reference_other_account"]


class _Narrative(Rule):
    window_days: Window
    least_length: Length


class NarrativeReference(_Narrative):
    """The payment's reference stands whole in the line's narrative."""

    kind: Literal["narrative_reference"]


class NarrativeDossier(_Narrative):
    """The payment's dossier code stands whole in the line's narrative."""

    kind: Literal["narrative_dossier"]


class NarrativeCut(Rule):
    """A word of the line is how the reference or dossier code begins."""

    kind: Literal["narrative_cut"]
    window_days: Window
    least_length: Annotated[int, Field(ge=SHORTEST_CUT, le=LONGEST_NAME)]


class SumNarrative(_Narrative):
    """Payments and lines that name each other, whose sums agree."""

    kind: Literal["sum_narrative"]
    most_facts: Facts


class SettlementBatch(Rule):
    """A bank line that pays out a batch of settlement lines. The window begins with the day of the settlement.

    The batch's code is found squeezed from `least_length` characters on, as a word of its own from `least_word` on.
    A lone batch and a lone line differ by `lone_percent` of the net sum at most.
    """

    kind: Literal["settlement_batch"]
    window_days: Window
    least_length: Length
    least_word: Annotated[int, Field(ge=3, le=LONGEST_NAME)]
    lone_percent: Annotated[Percent, _at_most(TOLERANCE_PERCENT, "%")]


class Weights(_Strict):
    """How much the nearness of the day, the payer's name and the narrative count."""

    day: Weight
    payer: Weight
    narrative: Weight

    @model_validator(mode="after")
    def _whole(self) -> "Weights":
        if (total := self.day + self.payer + self.narrative) != WHOLE:
            raise ValueError(f"the weights add up to {total}, not to {WHOLE}")
        return self


class Suggestion(Rule):
    """What a person may look at where nothing names the payment: the same account and amount. Never applied."""

    kind: Literal["suggestion"]
    window_days: Window
    weights: Weights
    least_score: Annotated[int, Field(ge=1, le=WHOLE)]
    most: Annotated[int, Field(ge=1, le=MOST_SUGGESTIONS)]


AnyRule = (
    Exact
    | SumReference
    | Reference
    | Tolerance
    | ReferenceOtherAccount
    | NarrativeReference
    | NarrativeDossier
    | NarrativeCut
    | SumNarrative
    | SettlementBatch
    | Suggestion
)
ORDER: Final[tuple[str, ...]] = tuple(get_args(one.model_fields["kind"].annotation)[0] for one in get_args(AnyRule))
"""The order in which the engine goes through the rules: it can follow no other."""
KINDS: Final[Mapping[str, type[Rule]]] = dict(zip(ORDER, get_args(AnyRule), strict=True))

RuleT = TypeVar("RuleT", bound=Rule)

Prefix = Annotated[str, StringConstraints(min_length=2, max_length=32, pattern=r"^[A-Za-z][A-Za-z0-9 .:/_#-]*$")]


class RuleSet(_Strict):
    """A rule set. Its version is its name and how the digest of what it says begins.

    `prefixes`: what a bank writes before a payer's words: a line is also read without them. `#` is any run of digits.
    `recorded_days`: business days after payment within which a dossier must have left `payment_requested`.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,31}$")]
    recorded_days: Annotated[int, Field(ge=0, le=LONGEST_WINDOW)]
    prefixes: Annotated[tuple[Prefix, ...], BeforeValidator(_as_tuple), Field(max_length=MOST_PREFIXES)] = ()
    rules: Annotated[
        tuple[Annotated[AnyRule, Field(discriminator="kind")], ...],
        BeforeValidator(_as_tuple),
        Field(max_length=2 * len(ORDER)),
    ]

    def find(self, kind: type[RuleT]) -> RuleT | None:
        """Return the rule of a kind, None where there is none or it is switched off."""
        return next((rule for rule in self.rules if isinstance(rule, kind) and rule.enabled), None)

    @cached_property
    def version(self) -> str:
        """The name, and how the SHA-256 of what is said begins: comments and the order of keys aside."""
        return f"{self.name}-{self.digest.hex()[:VERSION_DIGITS]}"

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the content as JSON with sorted keys, no spaces and nothing left to its default."""
        content = self.model_dump(mode="python", by_alias=True)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)
        return hashlib.sha256(text.encode()).digest()

    @cached_property
    def prefix_pattern(self) -> str:
        """A regular expression for the longest beginning of prefixes, '' where there are none.

        It holds nothing that PostgreSQL and Python read differently; letters of either case are spelt out.
        """
        pieces = ["".join(map(_spelt, prefix)) for prefix in self.prefixes]
        return f"^ *({'|'.join(pieces)})+" if pieces else ""


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value.normalize())
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _spelt(character: str) -> str:
    if character == "#":
        return "[0-9]+"
    if character == " ":
        return " +"
    if character.isalpha():
        return f"[{character.upper()}{character.lower()}]"
    return re.escape(character)
