"""What we answer VietinBank to each record of its settlement file, and what we hold beyond it: the decision alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from adapters.fields import HANOI, plausible
from adapters.statements.vietinbank_record import LATE, SUCCESS, Record, amount_of, moment_of
from paygate.domain.calendar import business_date
from paygate.domain.errors import InvalidInputError, UnreadableNoticeError
from paygate.domain.payment import Received


class Status(StrEnum):
    """The bank's reconcileStatus."""

    MATCHED = "00"
    ONLY_THEIRS = "01"
    ONLY_OURS = "02"
    DIFFERS = "03"


class Told(NamedTuple):
    """A record as far as it is compared. `amount` and `at` are None where they cannot be read; `at` is aware.

    `came` is whether the record's own status says that the money came.
    """

    transaction_id: str
    customer_code: str
    amount: int | None
    currency: str
    at: datetime | None
    late: bool
    came: bool


class Verdicts(NamedTuple):
    """`each` holds, record by record, its status and the payment it speaks of; `only_ours` what the bank left out."""

    each: Sequence[tuple[Status, Received | None]]
    only_ours: Sequence[Received]

    def counts(self) -> Mapping[Status, int]:
        counted = Counter(status for status, _ in self.each)
        counted[Status.ONLY_OURS] += len(self.only_ours)
        return {status: counted[status] for status in Status}


def told_by(record: Record) -> Told:
    """Take from a record what is compared."""
    values = record.values
    return Told(
        values["transId"],
        values["custCode"],
        _amount(values),
        values["currencyCode"],
        _moment(values["transTime"]),
        values["recordType"] == LATE,
        values["status"] == SUCCESS,
    )


def _amount(values: Mapping[str, str]) -> int | None:
    try:
        return amount_of(values)
    except InvalidInputError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        return plausible("transTime", moment_of(text).replace(tzinfo=HANOI))
    except (InvalidInputError, UnreadableNoticeError):
        return None


def day_told(records: Iterable[Told], zone: ZoneInfo, cut_off: time) -> date | None:
    """Return the business day of most records that are not late, the later of two; None where none tells any."""
    days = Counter(business_date(one.at, zone, cut_off) for one in records if one.at and not one.late)
    return max(days, key=lambda day: (days[day], day), default=None)


def judge(records: Sequence[Told], payments: Iterable[Received], day: date) -> Verdicts:
    """Give every record of the file of a day one status, and use every payment at most once.

    A record and a payment are of one transaction where their transId is the same. They match where all else agrees too:
    amount, time and account of the payer, and the day, which for a late record is the one before. What shares nothing
    but sum and second is not taken for one transaction. Where the bank names a transaction oftener than we hold it, the
    surplus is the bank's alone. Only the file's own day can have payments that the bank left out.
    """
    theirs: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(records):
        theirs[one.transaction_id].append(place)
    ours: defaultdict[str, list[Received]] = defaultdict(list)
    for payment in payments:
        ours[payment.transaction_id].append(payment)
    used: dict[int, tuple[Status, Received]] = {}
    for transaction_id in theirs.keys() & ours.keys():
        used |= _judge_transaction(records, theirs[transaction_id], ours[transaction_id], day)
    spoken_of = {payment.payment_id for _, payment in used.values()}
    left = [one for group in ours.values() for one in group if one.payment_id not in spoken_of]
    return Verdicts(
        [used.get(place, (Status.ONLY_THEIRS, None)) for place in range(len(records))],
        sorted((one for one in left if one.business_date == day), key=lambda one: (one.occurred_at, one.payment_id)),
    )


def _judge_transaction(
    records: Sequence[Told], places: Sequence[int], payments: Sequence[Received], day: date
) -> dict[int, tuple[Status, Received]]:
    """Pair records and payments of one transId: first those that agree, then, of the file's day first, the others."""
    waiting = sorted(places, key=lambda place: _order(records[place]))
    free = sorted(payments, key=lambda one: (one.business_date != day, one.payment_id))
    used: dict[int, tuple[Status, Received]] = {}
    for place in waiting:
        if (found := next((one for one in free if _agree(records[place], one, day)), None)) is not None:
            free.remove(found)
            used[place] = Status.MATCHED, found
    rest = (place for place in waiting if place not in used)
    return used | {place: (Status.DIFFERS, payment) for place, payment in zip(rest, free, strict=False)}


def _order(told: Told) -> tuple[bool, bool, str, str, str, bool]:
    """Put in order what a file may say in any; who names an account, and so has less choice, chooses first."""
    said = (told.customer_code, f"{told.amount} {told.currency}", f"{told.at}")
    return (not told.customer_code, told.late, *said, told.came)


def _agree(told: Told, payment: Received, day: date) -> bool:
    return (
        told.came
        and told.customer_code in {"", payment.reference}
        and (told.amount, told.currency, told.at) == (payment.amount, payment.currency, payment.occurred_at)
        and payment.business_date == (day - timedelta(days=1) if told.late else day)
    )
