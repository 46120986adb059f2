"""The first page's answer: how the day stands, and why it is not closed, or not whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

Board = Mapping[str, Any]
Feed = Mapping[str, Any]

_SETTLED: Final = frozenset({"matched", "pending"})
"""Classes of cases in which nothing disagrees: a leg that is not due yet is no difference."""
_MINUTES: Final = 180
"""Up to which a delay is told in minutes."""
_HOURS: Final = 72


def say(message: str) -> str:
    """Mark a message for the words' files; it is said where a language is known."""
    return message


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: a message and its values, and below which part of the desk it is mended.

    Moments are aware, delays of time; `fault` is in both languages.
    """

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a day stands: the shape it is shown by, the sentence, and the reasons. `close`: closing it has a purpose."""

    state: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[Why, ...] = ()
    close: bool = False


def stand(board: Board, *, whole: bool) -> Standing:
    """Say how a day stands. `whole` is False for who sees some agencies alone: of feeds they learn nothing more."""
    return _closed(board, whole=whole) if board["report"] else _open(board, whole=whole)


def _open(board: Board, *, whole: bool) -> Standing:
    if board["day"] > board["today"]:
        return Standing("pending", say("%(day)s is yet to come"))
    running = (Why(say("the day is not over")),) if board["day"] == board["today"] else ()
    off = () if board["business"] else (Why(say("it is no business day, and no statement is expected")),)
    feeds = tuple(_why_of_feeds(board["feeds"])) if whole else ()
    ready = () if running or off or feeds else (Why(say("everything is here, and nobody has closed it")),)
    return Standing(
        "pending", say("%(day)s is NOT CLOSED"), reasons=(*running, *off, *feeds, *ready), close=not running
    )


def _closed(board: Board, *, whole: bool) -> Standing:
    report = board["report"]
    late_news = (Why(say("facts have come since the day was closed; close it again")),) if board["to_correct"] else ()
    came = [one for one in board["feeds"] if one["came_after_close"]] if whole else []
    again = bool(late_news or came)
    if report["status"] == "incomplete":
        feeds = tuple(_why_of_feeds(board["feeds"])) if whole else (Why(say("not all data of the province is here")),)
        return Standing("incomplete", say("%(day)s is INCOMPLETE"), reasons=(*feeds, *late_news), close=again)
    differing = [one for name, one in report["classes"].items() if name not in _SETTLED]
    values = {name: sum(one[name] for one in differing) for name in ("count", "amount")}
    if not values["count"] and not report.get("proof", {}).get("residual"):
        return Standing("matched", say("%(day)s AGREES, every case matches"), reasons=late_news, close=again)
    message = say("%(day)s does NOT AGREE in %(count)s cases, %(amount)s")
    return Standing("discrepant", message, values, late_news, close=again)


def _why_of_feeds(feeds: Sequence[Feed]) -> Iterator[Why]:
    for one in feeds:
        yield from _why_of_account(one) if "account" in one else _why_of_source(one)


def _why_of_account(feed: Feed) -> Iterator[Why]:
    names = {"account": feed["account"]}
    if feed["came_after_close"]:
        came = say("the statement of account %(account)s came at %(at)s, after the close; close the day again")
        yield Why(came, {**names, "at": feed["came_at"]})
    elif feed["standing"] == "late":
        missing = say("the statement of account %(account)s is missing, %(late)s late")
        yield Why(missing, {**names, "late": feed["late"]}, "/imports")
    elif feed["standing"] == "not_due":
        due = say("the statement of account %(account)s is due at %(at)s")
        yield Why(due, {**names, "at": feed["due"]}, "/imports")
    for fault in feed["faults"]:
        yield Why(say("account %(account)s: %(fault)s"), {**names, "fault": fault}, "/imports")


def _why_of_source(feed: Feed) -> Iterator[Why]:
    names = {"source": feed["source"]}
    if feed["late"]:
        yield Why(say("no notice from %(source)s since %(at)s"), {**names, "at": feed["came_at"]}, "/notices")
    for fault in feed["faults"]:
        yield Why(say("source %(source)s: %(fault)s"), {**names, "fault": fault}, "/notices")


def span(late: timedelta) -> tuple[str, int]:
    """Return how long something is, to be told with its count, in the largest unit that still says it."""
    minutes = int(late.total_seconds() // 60)
    if minutes <= _MINUTES:
        return say("%(count)s minutes"), minutes
    hours = minutes // 60
    return (say("%(count)s hours"), hours) if hours <= _HOURS else (say("%(count)s days"), hours // 24)
