"""Every story the demo plants, what the contract calls it, and which dossier plays which.

What paygate should find is written here from the contract (§6), never asked of paygate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from paygate.demo.province import Registry
from paygate.demo.scene import (
    CALENDAR,
    COUNTER,
    GATEWAY,
    GATEWAY_ACCOUNT,
    PORTAL,
    PORTAL_ACCOUNT,
    Facts,
    Stage,
    Treatment,
)
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import PaymentState
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

CUT_TO: Final = 15
SHORT_BY: Final = 1_000


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


def _agreed(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    line = stage.some_day(stage.booked(paid))
    if paid.source == GATEWAY and stage.percent(10):
        request, paid = stage.requested(paid, record)
        return Facts(record, (paid,), (line,), request=request)
    return Facts(record, (paid,), (line,))


def _late_success(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    return Facts(record, (stage.failed(paid), paid), (stage.some_day(stage.booked(paid)),))


def _overtaken(stage: Stage) -> Facts:
    return replace(_late_success(stage), shuffled=True)


def _second_attempt(stage: Stage) -> Facts:
    record = stage.record()
    first = stage.paid(record)
    paid = stage.again(first)
    return Facts(record, (stage.failed(first, PaymentState.ABANDONED), paid), (stage.booked(paid),), shuffled=True)


def _decided_later(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, source=PORTAL)
    return Facts(record, (stage.undecided(paid), paid), (stage.booked(paid),), shuffled=True)


def _instalments(stage: Stage) -> Facts:
    record = stage.record()
    first = stage.paid(record, record.due // 2)
    second = stage.again(first)
    return Facts(record, (first, second), (stage.booked(first), stage.booked(second)), shuffled=True)


def _dossier_in_narrative(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    words = f"nop phi ho so {record.dossier_key}"
    return Facts(record, (paid,), (stage.told_by(stage.booked(paid), words),))


def _cut_reference(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, source=GATEWAY)
    words = f"VNPAY {paid.facts.reference[:CUT_TO]}"
    return Facts(record, (paid,), (stage.told_by(stage.booked(paid), words),))


def _late_record(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    return Facts(record, (paid,), (stage.some_day(stage.booked(paid)),), late=True)


def _underpaid(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, record.due // 2)
    return Facts(record, (paid,), (stage.booked(paid),))


def _overpaid(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, record.due + record.due // 2)
    return Facts(record, (paid,), (stage.booked(paid),))


def _duplicate(stage: Stage) -> Facts:
    record = stage.record()
    first, second = stage.paid(record, source=PORTAL), stage.paid(record, source=GATEWAY)
    return Facts(record, (first, second), (stage.booked(first), stage.booked(second)))


def _expired(stage: Stage) -> Facts:
    record = stage.record(expires_on=stage.day - timedelta(days=1))
    paid = stage.paid(record)
    return Facts(record, (paid,), (stage.booked(paid),))


def _with_status(status: RecordStatus) -> Callable[[Stage], Facts]:
    def play(stage: Stage) -> Facts:
        record = stage.record(status)
        paid = stage.paid(record)
        return Facts(record, (paid,), (stage.booked(paid),))

    return play


def _record_missing(stage: Stage) -> Facts:
    paid = stage.paid(stage.record())
    return Facts(None, (paid,), (stage.booked(paid),))


def _bank_missing(stage: Stage) -> Facts:
    record = stage.record()
    return Facts(record, (stage.paid(record),))


def _bank_unexpected(stage: Stage) -> Facts:
    return Facts(bookings=(stage.stray(stage.record().due),))


def _amount_differs(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    return Facts(record, (paid,), (stage.booked(paid, amount=record.due - SHORT_BY),))


def _wrong_account(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    other = PORTAL_ACCOUNT if paid.source == GATEWAY else GATEWAY_ACCOUNT
    return Facts(record, (paid,), (stage.booked(paid, account=other),))


def _ambiguous(stage: Stage) -> Facts:
    facts = _instalments(stage)
    return replace(facts, bookings=facts.bookings[:1])


def _all_legs(*, without: Leg | None = None, fee: int = 0) -> Callable[[Stage], Facts]:
    """Tell of a dossier paid at a counter on every leg, but for the one left out."""

    def play(stage: Stage) -> Facts:
        record = replace(stage.record(), online_payment_flag=0 if without is Leg.REPORT else 1)
        paid = stage.paid(record, source=COUNTER)
        return Facts(record, (paid,), (stage.booked(paid),), stage.entries(paid, without=without, fee=fee))

    return play


def _stray_entry(leg: Leg) -> Callable[[Stage], Facts]:
    def play(stage: Stage) -> Facts:
        return Facts(entries=(stage.stray_entry(leg, stage.record().due),))

    return play


def _notices_conflict(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    said_otherwise = replace(paid, facts=replace(paid.facts, amount=record.due + SHORT_BY))
    return Facts(record, (paid, said_otherwise), (stage.booked(paid),), shuffled=True)


def _undecided(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (stage.undecided(stage.paid(record, source=PORTAL)),))


def _failed_only(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (stage.failed(stage.paid(record), stage.in_vain()),))


def _forged(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (replace(stage.paid(record), treatment=Treatment.TAMPERED),))


def _inflated(stage: Stage) -> Facts:
    facts = _agreed(stage)
    (paid,) = facts.sendings
    return replace(facts, sendings=(paid, replace(paid, copies=1, treatment=Treatment.TAMPERED)), shuffled=True)


def _malformed(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (replace(stage.paid(record, source=PORTAL), treatment=Treatment.MALFORMED),))


def _exempt(stage: Stage) -> Facts:
    return Facts(stage.record(exempt=True))


def _unpaid(stage: Stage) -> Facts:
    return Facts(stage.record(stage.waiting_status()))


AGREED: Final = Story("agreed", "record, notice and bank agree", 0, _agreed)
UNPAID: Final = Story("unpaid", "nobody has paid yet", 0, _unpaid, None, Verdict.UNPAID, counted=False)


def _names(reason: Reason) -> tuple[Reason, Verdict]:
    return reason, REASONS[reason].verdict


STORIES: Final = (
    AGREED,
    Story("late_success", "failed first, then paid under the same transaction", 40, _late_success),
    Story("overtaken", "the failure arrives after the success it came before", 20, _overtaken),
    Story("second_attempt", "the payer left, then paid by a second transaction", 40, _second_attempt),
    Story("decided_later", "an unlisted result, then success", 15, _decided_later),
    Story("instalments", "two equal halves under one reference, both booked", 8, _instalments),
    Story("dossier_in_narrative", "the bank kept only the dossier's code", 50, _dossier_in_narrative),
    Story("cut_reference", "the bank cut the reference short", 20, _cut_reference),
    Story("late_record", "paid before its record came: parked, then applied", 30, _late_record),
    Story("inflated", "a copy of the notice with another amount, badly signed", 40, _inflated),
    Story("underpaid", "half of what is due", 6, _underpaid, *_names(Reason.UNDERPAID)),
    Story("overpaid", "half as much again", 5, _overpaid, *_names(Reason.OVERPAID)),
    Story("duplicate", "paid through two sources", 7, _duplicate, *_names(Reason.DUPLICATE_PAYMENT)),
    Story("expired", "paid the day after the obligation expired", 4, _expired, *_names(Reason.OBLIGATION_EXPIRED)),
    Story(
        "withdrawn",
        "paid though the dossier was withdrawn",
        3,
        _with_status(RecordStatus.WITHDRAWN),
        *_names(Reason.RECORD_CLOSED),
    ),
    Story(
        "refused",
        "paid though the dossier was refused",
        3,
        _with_status(RecordStatus.REFUSED),
        *_names(Reason.RECORD_CLOSED),
    ),
    Story(
        "unknown_dossier",
        "paid for a dossier nobody sent",
        8,
        _record_missing,
        *_names(Reason.RECORD_MISSING),
        ripens=True,
    ),
    Story("no_line", "the bank never booked it", 9, _bank_missing, *_names(Reason.BANK_MISSING), ripens=True),
    Story("stray_line", "money no notice speaks of", 5, _bank_unexpected, *_names(Reason.BANK_UNEXPECTED)),
    Story("short_line", "the bank booked 1.000 ₫ less", 6, _amount_differs, *_names(Reason.AMOUNT_DIFFERS)),
    Story("other_account", "booked on the other account", 4, _wrong_account, *_names(Reason.WRONG_ACCOUNT)),
    Story(
        "one_line_for_two",
        "two equal payments, one line",
        3,
        _ambiguous,
        *_names(Reason.AMBIGUOUS),
        payments=2,
        lines=1,
    ),
    Story(
        "not_recorded",
        "paid, yet the dossier still asks for payment",
        12,
        _with_status(RecordStatus.PAYMENT_REQUESTED),
        *_names(Reason.PAID_NOT_RECORDED),
        ripens=True,
        until=Verdict.MATCHED,
    ),
    Story("contradiction", "one transaction, two amounts", 4, _notices_conflict, *_names(Reason.NOTICES_CONFLICT)),
    Story("six_legs", "paid at a counter: every leg tells of it, and all agree", 60, _all_legs()),
    Story(
        "not_settled",
        "the gateway never settled it",
        3,
        _all_legs(without=Leg.SETTLEMENT),
        *_names(Reason.SETTLEMENT_MISSING),
        ripens=True,
    ),
    Story("odd_fee", "the gateway took 1.000 ₫ too much", 3, _all_legs(fee=SHORT_BY), *_names(Reason.FEE_DIFFERS)),
    Story(
        "not_handed_over",
        "never handed over to the treasury",
        4,
        _all_legs(without=Leg.TREASURY),
        *_names(Reason.TREASURY_NOT_SENT),
        ripens=True,
    ),
    Story(
        "no_receipt",
        "no receipt was issued",
        4,
        _all_legs(without=Leg.RECEIPT),
        *_names(Reason.RECEIPT_MISSING),
        ripens=True,
    ),
    Story(
        "not_flagged",
        "the nation is told that it was not paid online",
        6,
        _all_legs(without=Leg.REPORT),
        *_names(Reason.FLAG_NOT_SYNCED),
        ripens=True,
        until=Verdict.MATCHED,
    ),
    Story(
        "stray_settlement",
        "settled, yet no notice speaks of it",
        2,
        _stray_entry(Leg.SETTLEMENT),
        *_names(Reason.SETTLEMENT_UNEXPECTED),
    ),
    Story(
        "stray_hand_over",
        "handed over for no payment",
        2,
        _stray_entry(Leg.TREASURY),
        *_names(Reason.TREASURY_UNEXPECTED),
    ),
    Story("stray_receipt", "a receipt of no payment", 2, _stray_entry(Leg.RECEIPT), *_names(Reason.RECEIPT_UNEXPECTED)),
    Story("undecided", "an unlisted result, and nothing after it", 8, _undecided, None, Verdict.PENDING),
    Story("failed_only", "tried and failed", 60, _failed_only, None, Verdict.UNPAID, counted=False),
    Story("forged", "only a badly signed notice", 10, _forged, None, Verdict.UNPAID, counted=False),
    Story("malformed", "an authentic notice nobody can read", 6, _malformed, None, Verdict.UNPAID, counted=False),
    Story("exempt", "exempt, nothing is due", 60, _exempt, counted=False),
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
