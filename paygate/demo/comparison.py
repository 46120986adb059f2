"""Planted and found, side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from rich import box
from rich.console import Console
from rich.table import Table

from paygate.demo.bank import AccountDay
from paygate.demo.expected import DayFigures, InboxFigures, Total
from paygate.demo.stories import STORIES, Case, Story
from paygate.domain.money import dong
from paygate.domain.statement_import import StatementImport


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
class Comparison:
    """Rows that belong together. One in `brief` is shown as a single line as long as it agrees."""

    title: str
    rows: Sequence[Row]
    brief: bool = False

    @property
    def agrees(self) -> bool:
        return all(row.agrees for row in self.rows)


@dataclass(frozen=True, slots=True)
class Finding:
    """What paygate says of one case: its verdict where it can be asked for one, and every reason it names."""

    verdict: str | None
    reasons: frozenset[str]


def compare_statements(planted: Sequence[AccountDay], found: Sequence[StatementImport]) -> Comparison:
    """Compare what the banks booked with what the import read, and with the balances the files state."""
    rows = [
        Row("lines", str(sum(len(one.bookings) for one in planted)), str(sum(one.lines for one in found))),
        Row("rows refused", "0", str(sum(len(one.refused) for one in found))),
        Row("files whose balances hold", str(len(planted)), str(sum(one.balanced is True for one in found))),
    ]
    return Comparison("Bank statements", rows)


def compare_books(planted: Mapping[str, int], found: Sequence[StatementImport]) -> Comparison:
    """Compare what gateway, treasury and receipts tell with what the import read of each leg."""
    read: Counter[str] = Counter()
    for one in found:
        read.update(one.legs)
    refused = sum(len(one.refused) for one in found)
    rows = [*_counts("lines of the leg", planted, read), Row("rows refused", "0", str(refused))]
    return Comparison("Settlements, hand-overs, receipts", rows)


def compare_cases(cases: Sequence[Case], findings: Sequence[Finding], lone_lines: int, closed: date) -> Comparison:
    """Compare, for each story, how many cases were planted with how many were judged as they must be.

    `lone_lines` are the lines that belong to no dossier: strays, and those that several payments contend for.
    """
    pairs = list(zip(cases, findings, strict=True))
    rows = [_story_row(story, [pair for pair in pairs if pair[0].story == story], closed) for story in STORIES]
    planted = sum(case.story.lines + (case.dossier_code is None) for case in cases)
    rows.append(Row("lines of no dossier", str(planted), str(lone_lines)))
    return Comparison(f"Every case, once {closed} is closed", rows)


def compare_day(day: date, planted: DayFigures, found: DayFigures, *, brief: bool) -> Comparison:
    """Compare the figures of one day's report."""
    rows = [
        Row("payments", _total(planted.payments), _total(found.payments)),
        Row("bank lines", _total(planted.bank), _total(found.bank)),
        Row("difference without a name", dong(planted.residual), dong(found.residual)),
        *_counts("class", planted.classes, found.classes),
        *_counts("reason", planted.reasons, found.reasons),
    ]
    return Comparison(f"Report of {day}", rows, brief=brief)


def compare_notices(
    replies_planted: Mapping[int, int],
    replies_found: Mapping[int, int],
    planted: InboxFigures,
    found: InboxFigures,
) -> Comparison:
    """Compare how the sources were answered and what the inbox holds of what they sent."""
    rows = [
        *_counts("answered", _named(replies_planted), _named(replies_found)),
        Row("kept", str(planted.kept), str(found.kept)),
        Row("repeated, and nothing kept twice", _repeats(replies_planted, planted), _repeats(replies_found, found)),
        Row("kept beside another that it contradicts", str(planted.conflicting), str(found.conflicting)),
        *_counts("kept and", planted.states, found.states),
    ]
    return Comparison("Notices", rows)


def show(comparison: Comparison, out: Console) -> None:
    """Print rows side by side, the ones that differ marked."""
    out.print()
    if comparison.brief and comparison.agrees:
        out.print(f"{comparison.title}: all {len(comparison.rows)} figures agree.", highlight=False)
        return
    table = Table(title=comparison.title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("what", overflow="fold")
    table.add_column("planted", justify="right")
    table.add_column("found", justify="right")
    table.add_column("")
    for row in comparison.rows:
        table.add_row(row.what, row.planted, row.found, "" if row.agrees else "[bold red]differs[/]")
    out.print(table)


def _story_row(story: Story, pairs: Sequence[tuple[Case, Finding]], closed: date) -> Row:
    right = sum(_as_planted(case, found, closed) for case, found in pairs)
    reason = f" ({story.reason})" if story.reason else ""
    return Row(f"{story.told}: {story.verdict}{reason}", str(len(pairs)), str(right))


def _as_planted(case: Case, found: Finding, closed: date) -> bool:
    verdict, reason = case.judged(closed)
    reasons = frozenset({reason.value} if reason else ())
    return found.reasons == reasons and found.verdict in (None, verdict)


def _counts(what: str, planted: Mapping[str, int], found: Mapping[str, int]) -> list[Row]:
    names = sorted(planted.keys() | found.keys())
    return [Row(f"{what} {name}", str(planted.get(name, 0)), str(found.get(name, 0))) for name in names]


def _repeats(replies: Mapping[int, int], inbox: InboxFigures) -> str:
    return str(replies.get(HTTPStatus.OK, 0) - inbox.kept)


def _named(replies: Mapping[int, int]) -> dict[str, int]:
    return {str(status): count for status, count in replies.items()}


def _total(total: Total) -> str:
    return f"{total.count} · {dong(total.amount)}"
