"""A report laid out for paper and spreadsheets: what it is of, its verdict, and tables with their heads and totals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Literal

from paygate.domain.money import written
from paygate.domain.period import Period, PeriodKind, read_period
from reconciliation.model import FATES, Reason
from reconciliation.rendering import PARTS, Language, arrival, item, label, part_of, responsible, sentence, side, word

Json = dict[str, Any]
Kind = Literal["text", "count", "money"]
Row = Sequence[str | int | None]

TITLES: Final[Mapping[PeriodKind, tuple[str, str]]] = {
    PeriodKind.DAY: ("Báo cáo đối soát ngày {day}", "Reconciliation report of {day}"),
    PeriodKind.MONTH: ("Báo cáo đối soát tháng {month}", "Reconciliation report of {month}"),
    PeriodKind.QUARTER: (
        "Báo cáo đối soát quý {quarter} năm {year}",
        "Reconciliation report of quarter {quarter}, {year}",
    ),
}
SAYINGS: Final[Mapping[str, tuple[str, str]]] = {
    "summary": ("Tóm tắt", "Summary"),
    "state": ("Kết luận", "State"),
    "period": ("Kỳ", "Period"),
    "tenant": ("Đơn vị đối soát", "Tenant"),
    "run": ("Lượt", "Run"),
    "corrects": ("Sửa lượt", "Corrects run"),
    "closed_at": ("Khóa lúc", "Closed at"),
    "printed_at": ("Xuất lúc", "Exported at"),
    "rule_set": ("Bộ quy tắc", "Rule set"),
    "digest": ("Niêm", "Seal"),
    "open_days": ("Ngày chưa khóa sổ", "Days not closed"),
    "cases": ("Số vụ", "Cases"),
    "agreeing": ("Khớp", "Matched"),
    "differing": ("Không khớp, treo", "Not matched, pending"),
    "code": ("Mã", "Code"),
    "name": ("Tên", "Name"),
    "days": ("Các ngày trong kỳ", "Days of the period"),
    "day": ("Ngày", "Day"),
    "remark": ("Ghi chú", "Remark"),
    "touched": ("có số liệu đến muộn", "touched by late facts"),
    "sum": ("Cộng", "Total"),
    "part": ("Khoản", "Item"),
    "outcome": ("Kết quả", "Outcome"),
    "attempts": ("Các lượt nộp", "Attempts to pay"),
    "fate": ("Diễn biến", "Fate"),
    "bridge": ("Chênh lệch đầu kỳ và cuối kỳ", "Discrepancies from opening to closing"),
    "opening": ("Đầu kỳ", "Opening"),
    "opened": ("Mở", "Opened"),
    "closed": ("Đóng", "Closed"),
    "closing": ("Cuối kỳ", "Closing"),
    "detail": ("Số liệu chi tiết so với báo cáo", "The detail beside the report"),
    "rows": ("Số dòng", "Rows"),
    "said": ("Báo cáo", "Report"),
    "agrees": ("khớp", "agrees"),
    "moved": ("đã đổi từ khi khóa sổ", "changed since the close"),
    "why": ("Tình trạng", "State"),
}
VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    "matched": (
        "Số liệu khớp: {cases} vụ, không còn chênh lệch.",
        "The money agrees: {cases} cases, nothing differs.",
    ),
    "discrepant": (
        "{differing} trên {cases} vụ không khớp, {pending} vụ treo; mọi khoản chênh đã được giải thích.",
        "{differing} of {cases} cases do not agree, {pending} are pending; every difference is explained.",
    ),
    "incomplete": (
        "Chưa đủ số liệu để kết luận: {why}.",
        "It cannot be concluded, for something is missing: {why}.",
    ),
}
LISTED: Final = 6
"""Feeds or days that the verdict names; the tables name all."""


@dataclass(frozen=True, slots=True)
class Table:
    """`kinds` say what each column holds; `total` is the last row, where there is one."""

    name: str
    title: str
    heads: Sequence[str]
    kinds: Sequence[Kind]
    rows: Sequence[Row]
    total: Row | None = None

    def as_json(self) -> Json:
        return asdict(self)


def say(key: str, language: Language) -> str:
    """Return what paper and spreadsheets call a key, beside the words of the text report."""
    return SAYINGS[key][language == "en"]


def title_of(period: Period, language: Language) -> str:
    """Return the title of a period's report."""
    return TITLES[period.kind][language == "en"].format(
        day=f"{period.first:%d/%m/%Y}",
        month=f"{period.first:%m/%Y}",
        quarter=period.quarter,
        year=f"{period.first:%Y}",
    )


def verdict_of(report: Json, language: Language) -> str:
    """Return in one sentence whether the money agrees, or what is missing to say so."""
    counts = {name: one["count"] for name, one in report["classes"].items()}
    cases, pending = sum(counts.values()), counts.get("pending", 0)
    told = {"cases": cases, "pending": pending, "differing": cases - pending - counts.get("matched", 0)}
    why = "; ".join(_lacking(report, language)) or word("status incomplete", language)
    figures = {name: f"{count:,}".replace(",", ".") for name, count in told.items()}
    return VERDICTS[report["status"]][language == "en"].format(**figures, why=why)


def _lacking(report: Json, language: Language) -> Iterator[str]:
    if open_days := [_day(one["date"]) for one in report["open_days"]]:
        yield f"{say('open_days', language)}: {_few(open_days)}"
    touched = [_day(one["business_date"]) for one in report["days"] if one["touched"]]
    if touched and "run" not in report:
        yield f"{say('touched', language)}: {_few(touched)}"
    lacking = [feed for feed in report["feeds"] if not feed["complete"]]
    for feed in lacking[:LISTED]:
        yield f"{_feed(feed)}: {_shortened(arrival(feed, language))}"
    if len(lacking) > LISTED:
        yield f"… ({len(lacking) - LISTED})"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (f", … ({len(names) - LISTED})" if len(names) > LISTED else "")


def _shortened(text: str) -> str:
    parts = text.split("; ")
    return "; ".join(parts[:2]) + (f"; … ({len(parts) - 2})" if len(parts) > 2 else "")  # noqa: PLR2004 -- two are told


def heading_of(report: Json, language: Language) -> list[tuple[str, str]]:
    """Return what a report is of, line by line: its period, its run or runs, its seal."""
    lines = [
        (say("state", language), word(f"status {report['status']}", language)),
        (say("period", language), read_period(report["period"]).name),
    ]
    if "run" in report:
        lines.append((say("run", language), str(report["run"])))
        if report["corrects"] is not None:
            lines.append((say("corrects", language), str(report["corrects"])))
        lines.append((say("rule_set", language), report["rule_set"]))
    lines.append((say("digest", language), report["digest"]))
    return lines


def tables_of(report: Json, language: Language) -> list[Table]:
    """Return the tables of a report, the weightiest first; those with nothing in them are left out."""
    found = [
        *_days(report, language),
        _totals(report, language),
        _classes(report, language),
        _reasons(report, language),
        _currencies(report["other_currencies"], language),
        *(_part(part, report[f"by_{part}"], language) for part in PARTS),
        _feeds(report["feeds"], language),
        _proof(report, language),
        _bridge(report["proof"], language),
        _fates(report["discrepancies"], language),
        _success(report["success"], language),
    ]
    return [table for table in found if table.rows]


def _days(report: Json, language: Language) -> Iterator[Table]:
    if "run" in report:
        return
    rows = [
        (
            _day(one["business_date"]),
            word(f"status {one['status']}", language),
            str(one["run_id"]),
            _remark(one, language),
            one["cases"],
        )
        for one in reversed(report["days"])
    ]
    heads = [say(key, language) for key in ("day", "why", "run", "remark", "cases")]
    yield Table("days", say("days", language), heads, ("text", "text", "text", "text", "count"), rows)


def _remark(day: Json, language: Language) -> str:
    said = [f"{say('corrects', language)} {day['corrects']}".lower()] if day["corrects"] else []
    return "; ".join([*said, *([say("touched", language)] if day["touched"] else [])])


def _sums(name: str, report: Json, language: Language, total: Row | None) -> Table:
    rows = [(word(key, language), one["count"], one["amount"]) for key, one in report[name].items()]
    heads = [word(name, language), word("count", language), word("amount", language)]
    return Table(name, word(name, language), heads, ("text", "count", "money"), rows, total)


def _totals(report: Json, language: Language) -> Table:
    return _sums("totals", report, language, None)


def _classes(report: Json, language: Language) -> Table:
    sums = report["classes"].values()
    total = (say("sum", language), sum(one["count"] for one in sums), sum(one["amount"] for one in sums))
    return _sums("classes", report, language, total)


def _reasons(report: Json, language: Language) -> Table:
    heads = [word(key, language) for key in ("reasons", "responsible", "count", "amount")]
    rows = [
        (sentence(name, language), responsible(name, language), one["count"], one["amount"])
        for name, one in sorted(report["reasons"].items(), key=lambda one: list(Reason).index(Reason(one[0])))
    ]
    return Table("reasons", word("reasons", language), heads, ("text", "text", "count", "money"), rows)


def _currencies(found: Json, language: Language) -> Table:
    rows = [
        (word(section, language), label(section, name, language), one["count"], written(one["amount"], code))
        for code, sections in found.items()
        for section, sums in sections.items()
        for name, one in sums.items()
    ]
    heads = [say("part", language), say("name", language), word("count", language), word("amount", language)]
    title = word("other currencies", language)
    return Table("currencies", title, heads, ("text", "text", "count", "text"), rows)


def _part(part: str, found: Sequence[Json], language: Language) -> Table:
    rows = [_part_row(part, one, language) for one in found]
    keys = ("code", "name", "cases", "agreeing", "differing")
    heads = [*(say(key, language) for key in keys), word("amount", language)]
    total = (say("sum", language), None, *(sum(int(row[place] or 0) for row in rows) for place in range(2, len(heads))))
    kinds: Sequence[Kind] = ("text", "text", "count", "count", "count", "money")
    return Table(part, word(PARTS[part], language), heads, kinds, rows, total)


def _part_row(part: str, one: Json, language: Language) -> Row:
    code, name = part_of(one, part)
    cases = sum(said["count"] for said in one["classes"].values())
    matched = one["classes"]["matched"]["count"]
    amount = sum(said["amount"] for said in one["classes"].values())
    return (code or word(f"unknown {part}", language), name or "", cases, matched, cases - matched, amount)


def _feeds(feeds: Sequence[Json], language: Language) -> Table:
    rows = [(_feed(one), arrival(one, language)) for one in feeds]
    heads = [word("feeds", language), say("why", language)]
    return Table("feeds", word("feeds", language), heads, ("text", "text"), rows)


def _feed(feed: Json) -> str:
    return str(feed.get("account") or feed.get("source"))


def _proof(report: Json, language: Language) -> Table:
    proof = report["proof"]
    rows = [(side(name, report, language), proof[name]) for name in ("left", "right", "explained")]
    rows += [(f"– {item(name, language)}", amount) for name, amount in proof["items"].items()]
    total = (word("residual", language), proof["residual"])
    heads = [say("part", language), word("amount", language)]
    return Table("proof", word("proof", language), heads, ("text", "money"), rows, total)


def _bridge(proof: Json, language: Language) -> Table:
    names = ("opening", "opened", "closed", "closing")
    row = tuple(proof[name] for name in names)
    return Table("bridge", say("bridge", language), [say(name, language) for name in names], ("money",) * 4, [row])


def _fates(fates: Json, language: Language) -> Table:
    rows = [(word(name, language).capitalize(), fates[name]["count"], fates[name]["amount"]) for name in FATES]
    heads = [say("fate", language), word("count", language), word("amount", language)]
    return Table("fates", word("discrepancies", language), heads, ("text", "count", "money"), rows)


def _success(success: Json, language: Language) -> Table:
    names = ("payer_left", "declined", "gateway_fault", "our_fault")
    rows = [(word(name, language).capitalize(), success[name]) for name in names]
    rows.insert(0, (word("success", language), success["paid"]))
    rows.append((word("waiting", language).capitalize(), success["pending"]))
    total = (say("sum", language), success["attempts"])
    heads = [say("outcome", language), word("count", language)]
    return Table("success", say("attempts", language), heads, ("text", "count"), rows, total)


def _day(value: date | str) -> str:
    return f"{date.fromisoformat(value) if isinstance(value, str) else value:%d/%m/%Y}"
