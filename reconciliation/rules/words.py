"""A rule set as people read it: each rule in a sentence with its numbers, and what another set would say otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from paygate.domain.money import dong
from reconciliation.rules.model import KINDS, RuleSet

Language = Literal["vi", "en"]

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "exact": (
        "Cùng mã tham chiếu, tài khoản và số tiền.",
        "The same reference, account and amount.",
    ),
    "sum_reference": (
        "Cùng mã tham chiếu và tài khoản, tổng bằng nhau; tìm trong nhiều nhất {most_facts} khoản.",
        "The same reference and account, equal sums; sought among {most_facts} facts at most.",
    ),
    "reference": (
        "Cùng mã tham chiếu và tài khoản, khác số tiền: nối lại và báo lệch.",
        "The same reference and account, another amount: joined, and said to differ.",
    ),
    "tolerance": (
        "Bỏ qua chênh lệch của quy tắc trên khi không quá {limits}.",
        "What the rule above joins is no difference where it is at most {limits}.",
    ),
    "reference_other_account": (
        "Cùng mã tham chiếu và số tiền, khác tài khoản: nối lại và báo sai tài khoản.",
        "The same reference and amount, another account: joined, and said to be on the wrong one.",
    ),
    "narrative_reference": (
        "Nội dung chuyển tiền ghi đủ mã tham chiếu, dài từ {least_length} ký tự; ghi có {days} ngày sau nộp.",
        "The narrative holds the whole reference, from {least_length} characters; booked {days} days after payment.",
    ),
    "narrative_dossier": (
        "Nội dung chuyển tiền ghi đủ mã hồ sơ, dài từ {least_length} ký tự; ghi có {days} ngày sau nộp.",
        "The narrative holds the whole dossier code, from {least_length} characters; booked {days} days after payment.",
    ),
    "narrative_cut": (
        "Nội dung ghi phần đầu của một mã duy nhất, từ {least_length} ký tự; ghi có {days} ngày sau nộp.",
        "The narrative holds how one code alone begins, from {least_length}; booked {days} days after payment.",
    ),
    "sum_narrative": (
        "Nhắc nhau, tổng bằng nhau; mã từ {least_length} ký tự, tối đa {most_facts}; ghi có {days} ngày sau nộp.",
        "They name each other; codes from {least_length}, {most_facts} at most; booked {days} days after payment.",
    ),
    "settlement_batch": (
        "Một dòng trả cả lô, mã lô từ {least_length} ký tự{alone}; ghi có {days} ngày sau quyết toán.",
        "One line pays out a batch, its code from {least_length}{alone}; booked {days} days after settlement.",
    ),
    "suggestion": (
        "Chỉ gợi ý: cùng tài khoản, số tiền; từ {least_score} điểm ({weights}); ghi có {days} ngày sau nộp.",
        "Shown only: same account, amount; from {least_score} points ({weights}); booked {days} days after payment.",
    ),
}
_ALONE: Final = (
    " (từ {least_word} khi đứng riêng); lô duy nhất được lệch {lone_percent} %",
    " ({least_word} as a word of its own); a lone batch may differ by {lone_percent} %",
)
_WEIGHTS: Final = (
    "ngày {day}, người nộp {payer}, nội dung {narrative} trên 100",
    "day {day}, payer {payer}, narrative {narrative} of 100",
)
_HEAD: Final = (
    "Hồ sơ phải được ghi nhận trong {recorded_days} ngày làm việc sau khi nộp. Bỏ qua ở đầu dòng: {prefixes}.",
    "A dossier is recorded within {recorded_days} business days. Passed over where a line begins: {prefixes}.",
)
_NONE: Final = ("không có", "nothing")
_DAYS: Final = ("{first} đến {last}", "{first} to {last}")
_AND: Final = (" và ", " and ")


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule in words. `before` is what the other set says instead, None: the same, '': it is off there."""

    kind: str
    on: bool
    said: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class ReadRules:
    """A rule set in words; `head` is about no single rule."""

    version: str
    head: str
    rules: Sequence[ReadRule]
    head_before: str | None = None


def read_out(rules: RuleSet, language: Language, *, instead_of: RuleSet | None = None) -> ReadRules:
    """Say in words what a rule set does, and where another one says otherwise, what that says."""
    said, head = _said(rules, language), _head(rules, language)
    before = said if instead_of is None else _said(instead_of, language)
    head_before = head if instead_of is None else _head(instead_of, language)
    lines = [
        ReadRule(kind, rules.find(KINDS[kind]) is not None, said[kind], _otherwise(before[kind], said[kind]))
        for kind in KINDS
    ]
    return ReadRules(rules.version, head, lines, _otherwise(head_before, head))


def _otherwise(before: str, now: str) -> str | None:
    return None if before == now else before


def _said(rules: RuleSet, language: Language) -> dict[str, str]:
    said = {}
    for kind, model in KINDS.items():
        rule = rules.find(model)
        values = _values(rule.model_dump(), language) if rule else {}
        said[kind] = _pick(_SENTENCES[kind], language).format(**values) if rule else ""
    return said


def _values(given: Mapping[str, Any], language: Language) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in given.items()}
    if "window_days" in given:
        values["days"] = _pick(_DAYS, language).format(**given["window_days"])
    limits = [dong(given["dong"])] if given.get("dong") is not None else []
    limits += [f"{_plain(given['percent'])} %"] if given.get("percent") is not None else []
    if "least_word" in given:
        values["alone"] = _pick(_ALONE, language).format(**values)
    if "weights" in given:
        values["weights"] = _pick(_WEIGHTS, language).format(**given["weights"])
    return {**values, "limits": _pick(_AND, language).join(limits)}


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _head(rules: RuleSet, language: Language) -> str:
    prefixes = ", ".join(f"“{one}”" for one in rules.prefixes) or _pick(_NONE, language)
    return _pick(_HEAD, language).format(recorded_days=rules.recorded_days, prefixes=prefixes)


def _pick(said: tuple[str, str], language: Language) -> str:
    return said[language == "en"]
