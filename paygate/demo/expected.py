"""What the planted stories add up to, day by day: worked out from the stories, never from paygate's own figures."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from paygate.demo.books import payouts_of
from paygate.demo.scene import Sending, Treatment
from paygate.demo.stories import Plan
from paygate.domain.lifecycle import NoticeState, PaymentState


@dataclass(frozen=True, slots=True)
class Total:
    """`amount` in dong."""

    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What the report of a day must say: of each class how many cases, of each reason how many cases it names.

    `residual` is what the proof leaves unexplained, in dong: nothing, ever.
    """

    payments: Total
    bank: Total
    classes: Mapping[str, int]
    reasons: Mapping[str, int]
    residual: int = 0


@dataclass(frozen=True, slots=True)
class InboxFigures:
    """What must have become of the notices: how many are kept, by state, and how many contradict another."""

    kept: int
    conflicting: int
    states: Mapping[str, int]


def figures_of(plan: Plan, day: date) -> DayFigures:
    """Say what the report of `day` must hold when it is closed after the days before it and before any other."""
    amounts = [amount for case in plan.cases if case.day == day for amount in _paid(case.facts.sendings)]
    payouts = payouts_of(entry for case in plan.cases for entry in case.facts.entries)
    bookings = [*(line for case in plan.cases for line in case.facts.bookings), *payouts]
    lines = [line.amount for line in bookings if line.booked_on == day]
    classes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for case in plan.cases:
        if case.day == day and case.story.counted:
            verdict, reason = case.judged(day)
            classes[verdict] += 1 + case.story.lines
            if reason:
                reasons[reason] += bool(case.story.payments) + case.story.lines
    return DayFigures(Total(len(amounts), sum(amounts)), Total(len(lines), sum(lines)), classes, reasons)


def read_figures(report: Mapping[str, Any]) -> DayFigures:
    """Pick the same figures out of a report as `paygate report --format json` gives it."""
    totals = report["totals"]
    return DayFigures(
        Total(totals["payments"]["count"], totals["payments"]["amount"]),
        Total(totals["bank"]["count"], totals["bank"]["amount"]),
        {name: entry["count"] for name, entry in report["classes"].items() if entry["count"]},
        {name: entry["count"] for name, entry in report["reasons"].items() if entry["count"]},
        report["proof"]["residual"],
    )


def inbox_of(plan: Plan) -> InboxFigures:
    """Say what the inbox must hold: repeats and forgeries leave no trace, all else is kept."""
    identities: Counter[tuple[str, str, str, str]] = Counter()
    states: Counter[str] = Counter()
    for case in plan.cases:
        for sending in case.facts.sendings:
            if sending.treatment is Treatment.TAMPERED:
                continue
            facts = sending.facts
            identities[sending.source, facts.reference, facts.transaction_id, facts.state] += 1
            states[_final_state(sending, known=case.facts.record is not None)] += 1
    return InboxFigures(identities.total(), identities.total() - len(identities), states)


def replies_of(plan: Plan) -> Counter[int]:
    """Say with which HTTP status, and how often, the sources must be answered."""
    replies: Counter[int] = Counter()
    for case in plan.cases:
        for sending in case.facts.sendings:
            replies[401 if sending.treatment is Treatment.TAMPERED else 200] += sending.copies
    return replies


def _final_state(sending: Sending, *, known: bool) -> NoticeState:
    if sending.treatment is Treatment.MALFORMED:
        return NoticeState.QUARANTINED
    return NoticeState.APPLIED if known else NoticeState.PARKED


def _paid(sendings: Iterable[Sending]) -> Iterator[int]:
    """Give each payment's amount once. Where a source contradicts itself on it the smaller amount is believed."""
    amounts: dict[tuple[str, str, str], int] = {}
    for sending in sendings:
        facts = sending.facts
        if sending.treatment is Treatment.GENUINE and facts.state is PaymentState.PAID:
            key = (sending.source, facts.reference, facts.transaction_id)
            amounts[key] = min(facts.amount, amounts.get(key, facts.amount))
    yield from amounts.values()
