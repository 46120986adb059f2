"""The day's report as a table an officer can read, and as CSV that no spreadsheet will execute."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

from paygate.domain.formulas import guard
from paygate.domain.money import dong, written
from reconciliation.feeds import told
from reconciliation.model import FATES, REASONS, Reason

Language = Literal["vi", "en"]

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("BÁO CÁO ĐỐI SOÁT NGÀY", "RECONCILIATION REPORT OF"),
    "matched": ("Khớp", "Matched"),
    "mismatched": ("Lệch", "Mismatched"),
    "missing": ("Thiếu", "Missing"),
    "extra": ("Thừa", "Extra"),
    "duplicate": ("Trùng", "Duplicate"),
    "pending": ("Treo", "Pending"),
    "refund_due": ("Phải hoàn", "Refund due"),
    "status matched": ("KHỚP", "MATCHED"),
    "status discrepant": ("CÓ CHÊNH LỆCH", "DISCREPANT"),
    "status incomplete": ("CHƯA ĐỦ SỐ LIỆU", "INCOMPLETE"),
    "obligation": ("Phải thu", "Obligations"),
    "payments": ("Thanh toán", "Payments"),
    "settlement": ("Quyết toán", "Settlement"),
    "bank": ("Ngân hàng", "Bank"),
    "treasury": ("Kho bạc", "Treasury"),
    "receipt": ("Biên lai", "Receipts"),
    "report": ("Cờ báo cáo", "Report flag"),
    "totals": ("Chặng", "Leg"),
    "classes": ("Nhóm", "Class"),
    "reasons": ("Lý do", "Reason"),
    "agencies": ("Đơn vị", "Agency"),
    "count": ("Số vụ", "Count"),
    "amount": ("Số tiền", "Amount"),
    "responsible": ("Trách nhiệm", "Responsible"),
    "feeds": ("Dữ liệu đến", "Feeds"),
    "complete": ("đủ", "complete"),
    "other currencies": ("Ngoại tệ, không cộng vào đâu", "Other currencies, added to nothing"),
    "success": ("Thành công", "Success"),
    "attempts": ("lượt nộp", "attempts"),
    "payer_left": ("bỏ", "left"),
    "declined": ("từ chối", "declined"),
    "gateway_fault": ("lỗi cổng", "gateway fault"),
    "our_fault": ("lỗi hệ thống", "our fault"),
    "waiting": ("chờ", "pending"),
    "proof": ("Chứng minh", "Proof"),
    "left": ("Thanh toán trong ngày", "Payments of the day"),
    "right": ("Dòng sao kê trong ngày", "Bank lines of the day"),
    "period left": ("Thanh toán trong kỳ", "Payments of the period"),
    "period right": ("Dòng sao kê trong kỳ", "Bank lines of the period"),
    "explained": ("Chênh lệch đã giải thích", "Difference explained"),
    "residual": ("Chưa giải thích", "Unexplained"),
    "bridge": ("Đầu kỳ + mở − đóng = cuối kỳ", "Opening + opened − closed = closing"),
    "other_day": ("Tiền về ngày khác", "Booked on another day"),
    "gateway_fee": ("Phí cổng giữ lại", "Kept by the gateway"),
    "settled_twice": ("Trả cả riêng lẻ lẫn theo lô", "Paid out by itself and in a batch"),
    "promotion": ("Khuyến mại cổng bù", "Promotions the gateway adds"),
    "tolerance": ("Chênh lệch trong mức cho phép", "Difference within the tolerance"),
    "refunded": ("Đã hoàn trả", "Refunded"),
    "not_due": ("Chưa đến hạn", "Not due yet"),
    "not_expected": ("Không chờ sao kê", "No bank line expected"),
    "sources": ("Nguồn", "Source"),
    "procedures": ("Thủ tục", "Procedure"),
    "unknown agency": ("Không rõ đơn vị", "Unknown agency"),
    "unknown source": ("Không qua nguồn nào", "No source"),
    "unknown procedure": ("Không rõ thủ tục", "Unknown procedure"),
    "seal": ("Niêm", "Seal"),
    "run": ("lượt", "run"),
    "corrects": ("sửa lượt", "corrects run"),
    "cases": ("vụ", "cases"),
    "discrepancies": ("Chênh lệch từ lượt trước", "Discrepancies since the run before"),
    "open discrepancies": ("Chênh lệch", "Discrepancies"),
    "open dossier": ("Hồ sơ", "Dossier"),
    "open since": ("Từ ngày", "Since"),
    "open due": ("Hạn", "Due"),
    "new": ("mới", "new"),
    "persisting": ("còn", "persisting"),
    "resolved_by_itself": ("tự hết", "resolved by itself"),
    "resolved_by_person": ("đã xử lý", "resolved by a person"),
    "unit portal": ("cổng DVCQG", "portal"),
    "unit gateway": ("cổng thanh toán", "gateway"),
    "unit bank": ("ngân hàng", "bank"),
    "unit one_stop": ("bộ phận một cửa", "one-stop unit"),
    "unit treasury": ("kho bạc", "treasury"),
    "unit payer": ("người nộp", "payer"),
    "unit ours": ("vận hành paygate", "paygate operations"),
}

_DAY = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b", re.ASCII)

PARTS: Final[Mapping[str, str]] = {"agency": "agencies", "source": "sources", "procedure": "procedures"}
"""The parts of a day that a report tells apart, with the word at the head of each."""

Report = Mapping[str, Any]


def word(key: str, language: Language) -> str:
    """Return the officers' word for a key; a key without one stands for itself."""
    return WORDS[key][0 if language == "vi" else 1] if key in WORDS else key


def sentence(reason: str, language: Language) -> str:
    """Return the sentence that says what a reason means."""
    rule = REASONS[Reason(reason)]
    return rule.vi if language == "vi" else rule.en


def render_text(report: Report, language: Language = "vi") -> str:
    """Return the report as aligned tables."""
    day = date.fromisoformat(report["date"])
    status = word(f"status {report['status']}", language)
    blocks = [
        [f"{word('title', language)} {day:%d/%m/%Y} · {report['tenant']} · {status}"],
        _table("totals", report["totals"], language),
        _table("classes", report["classes"], language),
        _reasons(report["reasons"], language),
        _currencies(report["other_currencies"], language),
        *(_part(part, report[f"by_{part}"], language) for part in PARTS),
        _success(report["success"], language),
        _feeds(report["feeds"], language),
        _proof(report["proof"], language),
        [*_fates(report["discrepancies"], language), *_seal(report, language)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _align(rows: Sequence[Sequence[str]], right: Iterable[int]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numbers = set(right)
    lines = [
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "─" * max(map(len, lines)), *lines[1:]]


def _table(title: str, sums: Mapping[str, Mapping[str, int]], language: Language) -> list[str]:
    head = [word(title, language), word("count", language), word("amount", language)]
    rows = [[word(name, language), str(one["count"]), dong(one["amount"])] for name, one in sums.items()]
    return _align([head, *rows], right=(1, 2))


def responsible(reason: str, language: Language) -> str:
    """Return who must act where a reason holds."""
    return word(f"unit {REASONS[Reason(reason)].responsible}", language)


def _reasons(sums: Mapping[str, Mapping[str, int]], language: Language) -> list[str]:
    if not sums:
        return []
    head = [word(key, language) for key in ("reasons", "count", "amount", "responsible")]
    rows = [
        [sentence(name, language), str(one["count"]), dong(one["amount"]), responsible(name, language)]
        for name, one in sorted(sums.items(), key=lambda item: list(Reason).index(Reason(item[0])))
    ]
    return _align([head, *rows], right=(1, 2))


def label(section: str, name: str, language: Language) -> str:
    """Return what a row of a section is called: a reason by its sentence, all else by its word."""
    return sentence(name, language) if section == "reasons" else word(name, language)


def _currencies(found: Mapping[str, Mapping[str, Any]], language: Language) -> list[str]:
    if not found:
        return []
    head = [word("other currencies", language), "", word("count", language), word("amount", language)]
    rows = [
        [word(section, language), label(section, name, language), str(one["count"]), written(one["amount"], code)]
        for code, sections in found.items()
        for section, sums in sections.items()
        for name, one in sums.items()
    ]
    return _align([head, *rows], right=(2, 3))


def part_of(one: Report, part: str) -> tuple[str | None, str | None]:
    """Return code and name of an agency, source or procedure in a report; a source has no name but its code."""
    return (one["source"], None) if part == "source" else (one[f"{part}_code"], one[f"{part}_name"])


def _part(part: str, found: Sequence[Report], language: Language) -> list[str]:
    if not found:
        return []
    classes = list(found[0]["classes"])
    head = [word(PARTS[part], language), *(word(name, language) for name in classes)]
    rows = [
        [
            " ".join(filter(None, part_of(one, part))) or word(f"unknown {part}", language),
            *(str(one["classes"][name]["count"]) for name in classes),
        ]
        for one in found
    ]
    return _align([head, *rows], right=range(1, len(classes) + 1))


def _success(success: Mapping[str, Any], language: Language) -> list[str]:
    ratio = "–" if success["ratio"] is None else f"{success['ratio'] * 100:.2f} %"
    if language == "vi":
        ratio = ratio.replace(".", ",")
    parts = [
        f"{word(name, language)} {success[name]}" for name in ("payer_left", "declined", "gateway_fault", "our_fault")
    ]
    parts.append(f"{word('waiting', language)} {success['pending']}")
    counted = f"{success['paid']}/{success['attempts']} {word('attempts', language)}"
    return [f"{word('success', language)} {ratio} = {counted} · {' · '.join(parts)}"]


def _feeds(feeds: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    lines = [f"  {feed.get('account') or feed.get('source')}: {arrival(feed, language)}" for feed in feeds]
    return [word("feeds", language), *lines] if lines else []


def arrival(feed: Mapping[str, Any], language: Language) -> str:
    """Return whether a feed came whole, or what is wrong with it; of several days, on which."""
    found = [_fault(fault, language) for fault in feed["faults"]]
    return "; ".join(found) or word("complete", language)


def _fault(fault: Mapping[str, Any], language: Language) -> str:
    said = told({name: value for name, value in fault.items() if name != "date"}).say(language)
    said = _DAY.sub(r"\3/\2/\1", said)
    return f"{date.fromisoformat(fault['date']):%d/%m/%Y}: {said}" if "date" in fault else said


def _proof(proof: Mapping[str, Any], language: Language) -> list[str]:
    rows = [[word("proof", language), word("amount", language)]]
    rows += [[word(name, language), dong(proof[name])] for name in ("left", "right", "explained")]
    rows += [[f"  {item(name, language)}", dong(amount)] for name, amount in proof["items"].items()]
    rows.append([word("residual", language), dong(proof["residual"])])
    bridge = " ".join(
        f"{sign} {dong(proof[name])}".strip()
        for sign, name in (("", "opening"), ("+", "opened"), ("−", "closed"), ("=", "closing"))
    )
    return [*_align(rows, right=(1,)), f"{word('bridge', language)}: {bridge}"]


def _fates(fates: Mapping[str, Any], language: Language) -> list[str]:
    parts = [f"{word(name, language)} {fates[name]['count']} ({dong(fates[name]['amount'])})" for name in FATES]
    return [f"{word('discrepancies', language)}: {' · '.join(parts)}"]


def _seal(report: Report, language: Language) -> list[str]:
    said = [f"{word('run', language)} {report['run']}", f"{report['facts']['cases']} {word('cases', language)}"]
    if report["corrects"] is not None:
        said.insert(1, f"{word('corrects', language)} {report['corrects']}")
    return [f"{word('seal', language)} {report['digest']} · {' · '.join(said)}"]


def side(name: str, report: Report, language: Language) -> str:
    """Return what a side of the proof is called: of a day, or of a longer period."""
    return word(name if "run" in report or f"period {name}" not in WORDS else f"period {name}", language)


def item(name: str, language: Language) -> str:
    """Return what a part of a day's difference is called."""
    return sentence(name, language) if name in set(Reason) else word(name, language)


def render_csv(report: Report, language: Language = "vi") -> str:
    """Return the report as RFC 4180 rows, amounts in minor units.

    `of`, `code` and `code_name` say of which agency, source or procedure a row is, or of which other currency; without
    them it is of the whole day, in dong.
    """
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(["date", "section", "of", "code", "code_name", "name", "label", "count", "amount"])
    for row in _rows(report, language):
        writer.writerow([guard(cell) for cell in (report.get("date", report.get("period")), *row)])
    return sink.getvalue()


def _rows(report: Report, language: Language) -> Iterator[tuple[object, ...]]:
    yield from _sections(report, ("totals", "classes", "reasons"), ("", "", ""), language)
    for code, sections in report["other_currencies"].items():
        yield from _sections(sections, sections, ("currency", code, ""), language)
    for part in PARTS:
        for one in report[f"by_{part}"]:
            code, name = part_of(one, part)
            yield from _sections(one, ("classes", "reasons"), (part, code or "", name or ""), language)
    for feed in report["feeds"]:
        name = feed.get("account") or feed.get("source")
        yield "feeds", "", "", "", name, arrival(feed, language), len(feed["faults"]), ""
    for name in ("opening", "opened", "closed", "closing", "left", "right", "explained", "residual"):
        yield "proof", "", "", "", name, word(name, language), "", report["proof"][name]
    for name in FATES:
        one = report["discrepancies"][name]
        yield "discrepancies", "", "", "", name, word(name, language), one["count"], one["amount"]
    if "run" in report:
        yield "run", "", "", "", report["run"], "", report["sequence"], ""
    yield "digest", "", "", "", report["digest"], "", "", ""


def _sections(
    sums: Report, names: Iterable[str], of: tuple[str, str, str], language: Language
) -> Iterator[tuple[object, ...]]:
    for section in names:
        for key, one in sums[section].items():
            yield section, *of, key, label(section, key, language), one["count"], one["amount"]
