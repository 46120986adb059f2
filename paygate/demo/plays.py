"""How each story goes: what a case leaves behind at its sources, its bank, its registry and on its other legs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from paygate.demo.scene import COUNTER, GATEWAY, GATEWAY_ACCOUNT, PORTAL, PORTAL_ACCOUNT, Facts, Stage, Treatment
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import PaymentState
from paygate.domain.record import RecordStatus

CUT_TO: Final = 15
SHORT_BY: Final = 1_000


def agreed(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    line = stage.some_day(stage.booked(paid))
    if paid.source == GATEWAY and stage.percent(10):
        request, paid = stage.requested(paid, record)
        return Facts(record, (paid,), (line,), request=request)
    return Facts(record, (paid,), (line,))


def late_success(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    return Facts(record, (stage.failed(paid), paid), (stage.some_day(stage.booked(paid)),))


def overtaken(stage: Stage) -> Facts:
    return replace(late_success(stage), shuffled=True)


def second_attempt(stage: Stage) -> Facts:
    record = stage.record()
    first = stage.paid(record)
    paid = stage.again(first)
    return Facts(record, (stage.failed(first, PaymentState.ABANDONED), paid), (stage.booked(paid),), shuffled=True)


def decided_later(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, source=PORTAL)
    return Facts(record, (stage.undecided(paid), paid), (stage.booked(paid),), shuffled=True)


def instalments(stage: Stage) -> Facts:
    record = stage.record()
    first = stage.paid(record, record.due // 2)
    second = stage.again(first)
    return Facts(record, (first, second), (stage.booked(first), stage.booked(second)), shuffled=True)


def dossier_in_narrative(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    words = f"nop phi ho so {record.dossier_key}"
    return Facts(record, (paid,), (stage.told_by(stage.booked(paid), words),))


def cut_reference(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, source=GATEWAY)
    words = f"VNPAY {paid.facts.reference[:CUT_TO]}"
    return Facts(record, (paid,), (stage.told_by(stage.booked(paid), words),))


def late_record(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    return Facts(record, (paid,), (stage.some_day(stage.booked(paid)),), late=True)


def underpaid(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, record.due // 2)
    return Facts(record, (paid,), (stage.booked(paid),))


def overpaid(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record, record.due + record.due // 2)
    return Facts(record, (paid,), (stage.booked(paid),))


def duplicate(stage: Stage) -> Facts:
    record = stage.record()
    first, second = stage.paid(record, source=PORTAL), stage.paid(record, source=GATEWAY)
    return Facts(record, (first, second), (stage.booked(first), stage.booked(second)))


def expired(stage: Stage) -> Facts:
    record = stage.record(expires_on=stage.day - timedelta(days=1))
    paid = stage.paid(record)
    return Facts(record, (paid,), (stage.booked(paid),))


def with_status(status: RecordStatus) -> Callable[[Stage], Facts]:
    def play(stage: Stage) -> Facts:
        record = stage.record(status)
        paid = stage.paid(record)
        return Facts(record, (paid,), (stage.booked(paid),))

    return play


def record_missing(stage: Stage) -> Facts:
    paid = stage.paid(stage.record())
    return Facts(None, (paid,), (stage.booked(paid),))


def bank_missing(stage: Stage) -> Facts:
    record = stage.record()
    return Facts(record, (stage.paid(record),))


def bank_unexpected(stage: Stage) -> Facts:
    return Facts(bookings=(stage.stray(stage.record().due),))


def amount_differs(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    return Facts(record, (paid,), (stage.booked(paid, amount=record.due - SHORT_BY),))


def wrong_account(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    other = PORTAL_ACCOUNT if paid.source == GATEWAY else GATEWAY_ACCOUNT
    return Facts(record, (paid,), (stage.booked(paid, account=other),))


def ambiguous(stage: Stage) -> Facts:
    facts = instalments(stage)
    return replace(facts, bookings=facts.bookings[:1])


def all_legs(*, without: Leg | None = None, fee: int = 0) -> Callable[[Stage], Facts]:
    """Tell of a dossier paid at a counter on every leg but the one left out; its money comes in its day's batch."""

    def play(stage: Stage) -> Facts:
        record = replace(stage.record(), online_payment_flag=0 if without is Leg.REPORT else 1)
        paid = stage.paid(record, source=COUNTER)
        by_itself = (stage.booked(paid),) if without is Leg.SETTLEMENT else ()
        return Facts(record, (paid,), by_itself, stage.entries(paid, without=without, fee=fee))

    return play


def stray_entry(leg: Leg) -> Callable[[Stage], Facts]:
    def play(stage: Stage) -> Facts:
        return Facts(entries=(stage.stray_entry(leg, stage.record().due),))

    return play


def notices_conflict(stage: Stage) -> Facts:
    record = stage.record()
    paid = stage.paid(record)
    said_otherwise = replace(paid, facts=paid.facts._replace(amount=record.due + SHORT_BY))
    return Facts(record, (paid, said_otherwise), (stage.booked(paid),), shuffled=True)


def undecided(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (stage.undecided(stage.paid(record, source=PORTAL)),))


def failed_only(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (stage.failed(stage.paid(record), stage.in_vain()),))


def forged(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (replace(stage.paid(record), treatment=Treatment.TAMPERED),))


def inflated(stage: Stage) -> Facts:
    facts = agreed(stage)
    (paid,) = facts.sendings
    return replace(facts, sendings=(paid, replace(paid, copies=1, treatment=Treatment.TAMPERED)), shuffled=True)


def malformed(stage: Stage) -> Facts:
    record = stage.record(RecordStatus.PAYMENT_REQUESTED)
    return Facts(record, (replace(stage.paid(record, source=PORTAL), treatment=Treatment.MALFORMED),))


def exempt(stage: Stage) -> Facts:
    return Facts(stage.record(exempt=True))


def unpaid(stage: Stage) -> Facts:
    return Facts(stage.record(stage.waiting_status()))
