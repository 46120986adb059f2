"""What a story is made of: notices to send, lines the bank books, the record; and the stage that makes them.

Everything is decided by the seeded chance the stage is given. Nothing here knows how paygate will judge it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from paygate.demo.province import Registry
from paygate.domain.calendar import Calendar
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.domain.record import ProcedureRecord, RecordStatus
from paygate.domain.text import reference_key

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
CALENDAR: Final = Calendar()

PORTAL: Final = "hd-dvcqg"
GATEWAY: Final = "hd-vnpay"
PROVINCE_GATEWAY: Final = "hd-cong-tinh"
COUNTER: Final = "hd-quay"
"""Codes at the counters of the one-stop units: the one source all of whose legs are told, down to flag and receipt."""
SHARES: Final = {PORTAL: 60, GATEWAY: 30, PROVINCE_GATEWAY: 10}
"""How many of a hundred payments each source reports, beside those made at the counters."""

PORTAL_ACCOUNT: Final = "0011001234567"
GATEWAY_ACCOUNT: Final = "0011007654321"
COUNTER_ACCOUNT: Final = "0011005555555"
ACCOUNT_OF: Final = {
    PORTAL: PORTAL_ACCOUNT,
    GATEWAY: GATEWAY_ACCOUNT,
    PROVINCE_GATEWAY: PORTAL_ACCOUNT,
    COUNTER: COUNTER_ACCOUNT,
}
TOLD: Final = frozenset({PROVINCE_GATEWAY, COUNTER})
"""Sources whose notices have a field for the dossier."""
BOOK_OF: Final = {Leg.SETTLEMENT: COUNTER, Leg.TREASURY: "treasury", Leg.RECEIPT: "receipt"}
"""The account on which each leg's entries stand."""
FEE_PERCENT: Final = "0.5"
FEE_DIVISOR: Final = 200
"""What the counters' gateway may keep of what it pays out at the end of the day: half a per cent."""

OPENS, CLOSES = time(7, 30), time(21, 0)
OLDEST_DAYS: Final = 3
NEXT_DAY_PERCENT: Final = 15
"""How many of a hundred payments the bank books on the next business day only."""
REPEATED_PERCENT: Final = 18
"""How many of a hundred notices their source sends more than once."""


class Treatment(Enum):
    """What happens to a notice on its way."""

    GENUINE = "genuine"
    TAMPERED = "tampered"
    """Changed after it was signed."""
    MALFORMED = "malformed"
    """Signed by its source, yet unreadable."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One notice, and how often its source sends it."""

    source: str
    facts: NoticeFacts
    copies: int = 1
    treatment: Treatment = Treatment.GENUINE


@dataclass(frozen=True, slots=True)
class Booking:
    """One line a bank books. `amount` in dong, credits positive."""

    account: str
    booked_on: date
    amount: int
    bank_reference: str
    reference: str
    narrative: str
    counterparty: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line a gateway settled, that was handed over to the treasury, or receipted. `amount` and `fee` in dong."""

    leg: Leg
    day: date
    amount: int
    reference: str
    dossier_code: str
    document: str
    fee: int = 0

    @property
    def account(self) -> str:
        return BOOK_OF[self.leg]

    @property
    def batch(self) -> str:
        """Return the code of the batch in which a settlement is paid out: that of its day."""
        return f"LO{self.day:%y%m%d}01"


@dataclass(frozen=True, slots=True)
class Request:
    """A reference an agency registers for a dossier before it is paid."""

    reference: str
    dossier_code: str
    amount: int
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one case leaves behind. `late` says that the record comes after the notices.

    `shuffled` lets the case's notices arrive in any order; otherwise they are sent in the order given.
    """

    record: ProcedureRecord | None = None
    sendings: Sequence[Sending] = ()
    bookings: Sequence[Booking] = ()
    entries: Sequence[Entry] = ()
    request: Request | None = None
    late: bool = False
    shuffled: bool = False


class Stage:
    """Makes the facts of cases on one business day."""

    def __init__(self, day: date, registry: Registry, chance: Random) -> None:
        self.day = day
        self._registry = registry
        self._chance = chance

    def record(
        self, status: RecordStatus | None = None, *, exempt: bool = False, expires_on: date | None = None
    ) -> ProcedureRecord:
        """Open a dossier received on the day or up to three days before; one that can expire, three days before."""
        days = OLDEST_DAYS if expires_on else self._chance.randint(0, OLDEST_DAYS)
        received_on = max(self.day - timedelta(days=days), self.day.replace(day=2))
        return self._registry.open_dossier(received_on, status, exempt=exempt, expires_on=expires_on)

    def paid(self, record: ProcedureRecord, amount: int | None = None, source: str | None = None) -> Sending:
        """Report that the dossier was paid, in full unless told otherwise."""
        chosen = source or self._chance.choices(list(SHARES), list(SHARES.values()))[0]
        occurred_at = self._moment()
        dossier = record.dossier_code
        facts = NoticeFacts(
            reference=self._reference(chosen, dossier, occurred_at),
            transaction_id=self._transaction(chosen),
            state=PaymentState.PAID,
            outcome=Outcome.PAID,
            amount=record.due if amount is None else amount,
            currency=DONG,
            occurred_at=occurred_at,
            dossier_code=dossier if chosen in TOLD else None,
            description=f"THANH TOAN HO SO {dossier}",
        )
        return Sending(chosen, facts, self._copies())

    def again(self, sending: Sending) -> Sending:
        """Report a second transaction, some minutes later, under the same reference."""
        facts = sending.facts._replace(
            transaction_id=self._transaction(sending.source), occurred_at=self._later(sending)
        )
        return replace(sending, facts=facts)

    def failed(self, sending: Sending, state: PaymentState = PaymentState.FAILED) -> Sending:
        """Report that the same attempt had come to nothing some minutes before."""
        outcome = Outcome.DECLINED if state is PaymentState.FAILED else Outcome.PAYER_LEFT
        occurred_at = self._moment_of(sending) - timedelta(minutes=self._chance.randint(2, 20))
        facts = sending.facts._replace(state=state, outcome=outcome, occurred_at=occurred_at)
        return replace(sending, facts=facts, copies=1)

    def undecided(self, sending: Sending) -> Sending:
        """Report a result nobody has listed."""
        facts = sending.facts._replace(state=PaymentState.PENDING, outcome=Outcome.PENDING)
        return replace(sending, facts=facts)

    def booked(self, sending: Sending, *, amount: int | None = None, account: str | None = None) -> Booking:
        """Book the money of a payment on the day it was paid, under its reference."""
        facts = sending.facts
        payer = self._registry.payer()
        return Booking(
            account=account or ACCOUNT_OF[sending.source],
            booked_on=self.day,
            amount=facts.amount if amount is None else amount,
            bank_reference=self._bank_reference(),
            reference=facts.reference,
            narrative=f"{payer} nop phi le phi {facts.reference}",
            counterparty=payer,
        )

    def some_day(self, booking: Booking) -> Booking:
        """Let the bank take until the next business day now and then."""
        if self._chance.randrange(100) < NEXT_DAY_PERCENT:
            return replace(booking, booked_on=CALENDAR.add(booking.booked_on, 1))
        return booking

    def told_by(self, booking: Booking, words: str) -> Booking:
        """Leave of the reference only what the narrative says."""
        return replace(booking, reference="", narrative=f"{booking.counterparty} chuyen tien {words}")

    def stray(self, amount: int) -> Booking:
        """Book money that no payment explains."""
        payer = self._registry.payer()
        account = self._chance.choice((PORTAL_ACCOUNT, GATEWAY_ACCOUNT))
        return Booking(account, self.day, amount, self._bank_reference(), "", f"{payer} chuyen khoan", payer)

    def entries(self, sending: Sending, *, without: Leg | None = None, fee: int = 0) -> tuple[Entry, ...]:
        """Tell of a payment on every other leg but the one left out; `fee` is what the gateway took too much."""
        return tuple(self._entry(leg, sending, fee) for leg in BOOK_OF if leg is not without)

    def stray_entry(self, leg: Leg, amount: int) -> Entry:
        """Tell of money on a leg that no payment explains."""
        reference = self._reference(COUNTER, "", self._moment())
        return Entry(leg, self.day, amount, reference, "", self._document(leg), fee=amount // FEE_DIVISOR)

    def _entry(self, leg: Leg, sending: Sending, fee: int) -> Entry:
        facts = sending.facts
        taken = facts.amount // FEE_DIVISOR + fee
        return Entry(
            leg, self.day, facts.amount, facts.reference, facts.dossier_code or "", self._document(leg), fee=taken
        )

    def _document(self, leg: Leg) -> str:
        return f"{'BL' if leg is Leg.RECEIPT else 'GNT'}{self._chance.randrange(10**9):09d}"

    def requested(self, sending: Sending, record: ProcedureRecord) -> tuple[Request, Sending]:
        """Register the reference beforehand; the notice then need not name the dossier."""
        facts = sending.facts._replace(description="Thanh toan phi, le phi")
        request = Request(facts.reference, record.dossier_code, facts.amount, sending.source)
        return request, replace(sending, facts=facts)

    def in_vain(self) -> PaymentState:
        return self._chance.choice((PaymentState.FAILED, PaymentState.ABANDONED, PaymentState.EXPIRED))

    def waiting_status(self) -> RecordStatus:
        return self._chance.choice((RecordStatus.NEW, RecordStatus.RECEIVED, RecordStatus.PAYMENT_REQUESTED))

    def percent(self, number: int) -> bool:
        """Come true that many times out of a hundred."""
        return self._chance.randrange(100) < number

    def _moment(self) -> datetime:
        opens = datetime.combine(self.day, OPENS, ZONE)
        seconds = (datetime.combine(self.day, CLOSES, ZONE) - opens).seconds
        return opens + timedelta(seconds=self._chance.randrange(seconds))

    def _moment_of(self, sending: Sending) -> datetime:
        return sending.facts.occurred_at or self._moment()

    def _later(self, sending: Sending) -> datetime:
        return self._moment_of(sending) + timedelta(minutes=self._chance.randint(2, 20))

    def _copies(self) -> int:
        return 1 + self._chance.randint(1, 2) if self.percent(REPEATED_PERCENT) else 1

    def _reference(self, source: str, dossier: str, at: datetime) -> str:
        if source == GATEWAY:
            return f"{at:%y%m%d%H%M%S}{self._chance.randrange(10**6):06d}"
        if source in TOLD:
            return f"HD{at:%y%m%d}{self._chance.randrange(16**8):08X}"
        if dossier.startswith("H"):
            return f"dvc{reference_key(dossier)}{at:%Y%m%d%H%M%S}"
        return f"{self._chance.randrange(10_000, 100_000)}_{self._chance.randrange(16**14):014x}"

    def _transaction(self, source: str) -> str:
        if source == GATEWAY:
            return str(self._chance.randrange(14_000_000, 15_000_000))
        return f"G22.99.3-{self.day:%y%m%d}{self._chance.randrange(10**6):06d}"

    def _bank_reference(self) -> str:
        return f"FT{self.day:%y%j}{self._chance.randrange(10**9):09d}"
