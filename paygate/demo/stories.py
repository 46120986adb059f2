"""Every story the demo plants, what the contract calls it, and which dossier plays which.

What paygate should find is written here from the contract (§6), never asked of paygate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from paygate.demo import plays
from paygate.demo.province import Registry
from paygate.demo.scene import (
    CALENDAR,
    Facts,
    Stage,
)
from paygate.domain.legs import Leg
from paygate.domain.record import RecordStatus
from paygate.domain.text import dossier_code_in
from reconciliation.model import REASONS, Reason, Verdict

CHIEF_DAY: Final = date(2024, 5, 8)
"""The day whose report is shown: a Wednesday between two plain business days."""
DAYS: Final = (date(2024, 5, 7), CHIEF_DAY, date(2024, 5, 9))
"""The days that are closed, in order; the bank's lines run one business day further."""

CASES_OF_DAY: Final[Mapping[date, int]] = MappingProxyType(dict(zip(DAYS, (1_250, 2_000, 1_150), strict=True)))
"""Cases that are counted, strays of the bank included."""
DOSSIERS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Story:
    """A thing that happens to dossiers.

    `times` is how often on the chief day. A story that `ripens` shows only one business day after its own; before, its
    verdict is `until`. One that is not `counted` belongs to no day. The reason names `payments` of the case's payments,
    and `lines` bank lines that belong to no dossier yet and are therefore cases of their own.
    """

    name: str
    told: str
    times: int
    play: Callable[[Stage], Facts]
    reason: Reason | None = None
    verdict: Verdict = Verdict.MATCHED
    ripens: bool = False
    until: Verdict = Verdict.PENDING
    counted: bool = True
    payments: int = 1
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A story played on a day."""

    story: Story
    day: date
    facts: Facts

    @property
    def dossier_code(self) -> str | None:
        """The dossier's code; where its record never comes, the one its notices tell."""
        if self.facts.record:
            return self.facts.record.dossier_code
        return dossier_code_in(self.facts.sendings[0].facts.description) if self.facts.sendings else None

    def judged(self, closed: date) -> tuple[Verdict, Reason | None]:
        """Return what the case must come to once the days up to `closed` are closed."""
        if self.story.ripens and closed < CALENDAR.add(self.day, 1):
            return self.story.until, None
        return self.story.verdict, self.story.reason


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is planted."""

    seed: int
    cases: Sequence[Case]


AGREED: Final = Story("agreed", "record, notice and bank agree", 0, plays.agreed)
UNPAID: Final = Story("unpaid", "nobody has paid yet", 0, plays.unpaid, None, Verdict.UNPAID, counted=False)


def _names(reason: Reason) -> tuple[Reason, Verdict]:
    return reason, REASONS[reason].verdict


STORIES: Final = (
    AGREED,
    Story("late_success", "failed first, then paid under the same transaction", 40, plays.late_success),
    Story("overtaken", "the failure arrives after the success it came before", 20, plays.overtaken),
    Story("second_attempt", "the payer left, then paid by a second transaction", 40, plays.second_attempt),
    Story("decided_later", "an unlisted result, then success", 15, plays.decided_later),
    Story("instalments", "two equal halves under one reference, both booked", 8, plays.instalments),
    Story("dossier_in_narrative", "the bank kept only the dossier's code", 50, plays.dossier_in_narrative),
    Story("cut_reference", "the bank cut the reference short", 20, plays.cut_reference),
    Story("late_record", "paid before its record came: parked, then applied", 30, plays.late_record),
    Story("inflated", "a copy of the notice with another amount, badly signed", 40, plays.inflated),
    Story("underpaid", "half of what is due", 6, plays.underpaid, *_names(Reason.UNDERPAID)),
    Story("overpaid", "half as much again", 5, plays.overpaid, *_names(Reason.OVERPAID)),
    Story("duplicate", "paid through two sources", 7, plays.duplicate, *_names(Reason.DUPLICATE_PAYMENT)),
    Story("expired", "paid the day after the obligation expired", 4, plays.expired, *_names(Reason.OBLIGATION_EXPIRED)),
    Story(
        "withdrawn",
        "paid though the dossier was withdrawn",
        3,
        plays.with_status(RecordStatus.WITHDRAWN),
        *_names(Reason.RECORD_CLOSED),
    ),
    Story(
        "refused",
        "paid though the dossier was refused",
        3,
        plays.with_status(RecordStatus.REFUSED),
        *_names(Reason.RECORD_CLOSED),
    ),
    Story(
        "unknown_dossier",
        "paid for a dossier nobody sent",
        8,
        plays.record_missing,
        *_names(Reason.RECORD_MISSING),
        ripens=True,
    ),
    Story("no_line", "the bank never booked it", 9, plays.bank_missing, *_names(Reason.BANK_MISSING), ripens=True),
    Story("stray_line", "money no notice speaks of", 5, plays.bank_unexpected, *_names(Reason.BANK_UNEXPECTED)),
    Story("short_line", "the bank booked 1.000 ₫ less", 6, plays.amount_differs, *_names(Reason.AMOUNT_DIFFERS)),
    Story("other_account", "booked on the other account", 4, plays.wrong_account, *_names(Reason.WRONG_ACCOUNT)),
    Story(
        "one_line_for_two",
        "two equal payments, one line",
        3,
        plays.ambiguous,
        *_names(Reason.AMBIGUOUS),
        payments=2,
        lines=1,
    ),
    Story(
        "not_recorded",
        "paid, yet the dossier still asks for payment",
        12,
        plays.with_status(RecordStatus.PAYMENT_REQUESTED),
        *_names(Reason.PAID_NOT_RECORDED),
        ripens=True,
        until=Verdict.MATCHED,
    ),
    Story("contradiction", "one transaction, two amounts", 4, plays.notices_conflict, *_names(Reason.NOTICES_CONFLICT)),
    Story("six_legs", "paid at a counter: every leg tells of it, and all agree", 60, plays.all_legs()),
    Story(
        "not_settled",
        "the gateway never settled it",
        3,
        plays.all_legs(without=Leg.SETTLEMENT),
        *_names(Reason.SETTLEMENT_MISSING),
        ripens=True,
    ),
    Story(
        "odd_fee",
        "the gateway took 1.000 ₫ too much",
        3,
        plays.all_legs(fee=plays.SHORT_BY),
        *_names(Reason.FEE_DIFFERS),
    ),
    Story(
        "not_handed_over",
        "never handed over to the treasury",
        4,
        plays.all_legs(without=Leg.TREASURY),
        *_names(Reason.TREASURY_NOT_SENT),
        ripens=True,
    ),
    Story(
        "no_receipt",
        "no receipt was issued",
        4,
        plays.all_legs(without=Leg.RECEIPT),
        *_names(Reason.RECEIPT_MISSING),
        ripens=True,
    ),
    Story(
        "not_flagged",
        "the nation is told that it was not paid online",
        6,
        plays.all_legs(without=Leg.REPORT),
        *_names(Reason.FLAG_NOT_SYNCED),
        ripens=True,
        until=Verdict.MATCHED,
    ),
    Story(
        "stray_settlement",
        "settled, yet no notice speaks of it",
        2,
        plays.stray_entry(Leg.SETTLEMENT),
        *_names(Reason.SETTLEMENT_UNEXPECTED),
    ),
    Story(
        "stray_hand_over",
        "handed over for no payment",
        2,
        plays.stray_entry(Leg.TREASURY),
        *_names(Reason.TREASURY_UNEXPECTED),
    ),
    Story(
        "stray_receipt",
        "a receipt of no payment",
        2,
        plays.stray_entry(Leg.RECEIPT),
        *_names(Reason.RECEIPT_UNEXPECTED),
    ),
    Story("undecided", "an unlisted result, and nothing after it", 8, plays.undecided, None, Verdict.PENDING),
    Story("failed_only", "tried and failed", 60, plays.failed_only, None, Verdict.UNPAID, counted=False),
    Story("forged", "only a badly signed notice", 10, plays.forged, None, Verdict.UNPAID, counted=False),
    Story("malformed", "an authentic notice nobody can read", 6, plays.malformed, None, Verdict.UNPAID, counted=False),
    Story("exempt", "exempt, nothing is due", 60, plays.exempt, counted=False),
    UNPAID,
)


def plant(seed: int, scale: float = 1.0) -> Plan:
    """Cast the whole month: every story at least twice on the chief day, the rest of its dossiers in agreement."""
    chance = Random(seed)  # noqa: S311 -- a sample that must be repeatable, not a secret
    registry = Registry(chance)
    cases: list[Case] = []
    for day in DAYS:
        cases += _day_of(Stage(day, registry, chance), scale)
    records = sum(case.facts.record is not None for case in cases)
    for number in range(max(2, round(DOSSIERS * scale) - records)):
        day = DAYS[-1] + timedelta(days=1 + number % 22)
        cases.append(Case(UNPAID, day, UNPAID.play(Stage(day, registry, chance))))
    return Plan(seed, cases)


def _day_of(stage: Stage, scale: float) -> list[Case]:
    least, share = (2, scale) if stage.day == CHIEF_DAY else (1, scale / 3)
    cases = [
        Case(story, stage.day, story.play(stage))
        for story in STORIES
        if story.times
        for _ in range(max(least, round(story.times * share)))
    ]
    counted = sum(case.story.counted for case in cases)
    rest = max(least, round(CASES_OF_DAY[stage.day] * scale) - counted)
    return cases + [Case(AGREED, stage.day, AGREED.play(stage)) for _ in range(rest)]
