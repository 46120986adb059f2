"""Planted and found, side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rich.console import Console
from rich.table import Table

from paygate.demo.expected import DayFigures, InboxFigures, Total
from paygate.demo.stories import STORIES, Case
from paygate.domain.money import dong
from reconciliation.model import Verdict

WORDS: Final[Mapping[Verdict, str]] = {
    Verdict.MATCHED: "khớp",
    Verdict.MISMATCHED: "lệch",
    Verdict.MISSING: "thiếu",
    Verdict.EXTRA: "thừa",
    Verdict.DUPLICATE: "trùng",
    Verdict.PENDING: "treo",
    Verdict.REFUND_DUE: "phải hoàn",
    Verdict.UNPAID: "chưa nộp",
}
"""The officers' words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was planted, and what was found of it."""

    what: str
    planted: str
    found: str

    @property
    def agrees(self) -> bool:
        return self.planted == self.found


@dataclass(frozen=True, slots=True)
class Finding:
    """What paygate says of one case: its verdict where it can be asked for one, and every reason it names."""

    verdict: str | None
    reasons: frozenset[str]


def compare_cases(cases: Sequence[Case], findings: Sequence[Finding], closed: date) -> list[Row]:
    """Give a row for each story: how many cases of it were planted, and how many were judged as they must be."""
    return [
        _story_row(story.name, [(case, found) for case, found in pairs if case.story is story], closed)
        for pairs in [list(zip(cases, findings, strict=True))]
        for story in STORIES
    ]


def compare_day(day: date, planted: DayFigures, found: DayFigures) -> list[Row]:
    """Compare the figures of one day's report."""
    rows = [
        Row(f"{day} payments", _total(planted.payments), _total(found.payments)),
        Row(f"{day} bank lines", _total(planted.bank), _total(found.bank)),
    ]
    rows += _counts(f"{day} class", planted.classes, found.classes)
    rows += _counts(f"{day} reason", planted.reasons, found.reasons)
    return rows


def compare_inbox(planted: InboxFigures, found: InboxFigures) -> list[Row]:
    """Compare what the inbox holds."""
    return [
        Row("notices kept", str(planted.kept), str(found.kept)),
        Row("notices that contradict another", str(planted.conflicting), str(found.conflicting)),
        *_counts("notices", planted.states, found.states),
    ]


def compare_replies(planted: Mapping[int, int], found: Mapping[int, int]) -> list[Row]:
    """Compare how the sources were answered."""
    return _counts("answered", _named(planted), _named(found))


def show(title: str, rows: Iterable[Row], out: Console) -> None:
    """Print rows side by side, the ones that differ marked."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("what", overflow="fold")
    table.add_column("planted", justify="right")
    table.add_column("found", justify="right")
    table.add_column("")
    for row in rows:
        mark = "" if row.agrees else "[bold red]differs[/]"
        table.add_row(row.what, row.planted, row.found, mark)
    out.print(table)
    out.print()


def _story_row(name: str, pairs: Sequence[tuple[Case, Finding]], closed: date) -> Row:
    right = sum(_as_planted(case, found, closed) for case, found in pairs)
    story = next(story for story in STORIES if story.name == name)
    reason = f" ({story.reason})" if story.reason else ""
    return Row(f"{story.told}: {WORDS[story.verdict]}, {story.verdict}{reason}", str(len(pairs)), str(right))


def _as_planted(case: Case, found: Finding, closed: date) -> bool:
    verdict, reason = case.judged(closed)
    reasons = frozenset({reason.value} if reason else ())
    return found.reasons == reasons and found.verdict in (None, verdict)


def _counts(what: str, planted: Mapping[str, int], found: Mapping[str, int]) -> list[Row]:
    names = sorted(planted.keys() | found.keys())
    return [Row(f"{what} {name}", str(planted.get(name, 0)), str(found.get(name, 0))) for name in names]


def _named(replies: Mapping[int, int]) -> dict[str, int]:
    return {str(status): count for status, count in replies.items()}


def _total(total: Total) -> str:
    return f"{total.count} · {dong(total.amount)}"
