"""What a scenario tells its story with: it adds facts to the world, and says what is true of them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.truth import narratives
from tests.truth.codes import Codes
from tests.truth.days import PAYDAYS, after, banks_work
from tests.truth.facts import Account, Batch, Case, Group, HandOver, Line, Payment, Record, Source, Tie, Verdict, World
from tests.truth.province import Province

FEES: Final = (10_000, 20_000, 30_000, 50_000, 75_000, 100_000, 120_000, 150_000, 200_000, 300_000, 500_000, 1_500_000)
"""What offices ask for: few sums, so that unrelated payments are often equal."""
GOING_ON: Final = ("processing", "processing", "supplement", "done", "returned", "received", "stopped")
"""States of a dossier that say nothing of its money."""
ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")

Facts = Payment | Line | Iterable[Payment | Line]


class Teller:
    """Tells one story after another into a world. `scenario` names the one being told."""

    def __init__(self, random: Random, province: Province, world: World) -> None:
        self.random = random
        self.province = province
        self.world = world
        self.codes = Codes(random, province.agency)
        self.scenario = ""
        self._pools: dict[tuple[Source, date], Batch] = {}
        self._rare = 0
        self._serial = 0

    def choose(self, *options: Any) -> Any:
        return self.random.choice(options)

    def fee(self) -> int:
        """Draw what many others pay too."""
        return self.random.choice(FEES)

    def rare_sum(self) -> int:
        """Draw a sum that nothing else in the world comes to."""
        self._rare += 1
        return 40_000_003 + self._rare * 1_009

    def unit(self) -> int:
        """Draw what a story's sums are multiples of."""
        return self.random.choice((1_000, 5_000, 7_000, 10_000, 25_000))

    def payday(self) -> date:
        return self.random.choice(PAYDAYS)

    def moment(self, day: date) -> datetime:
        seconds = self.random.randrange(6 * 3600, 22 * 3600)
        return datetime.combine(day, time(0), ZONE).astimezone(UTC) + timedelta(seconds=seconds)

    def dossier(self, due: int, status: str | None = None, **changes: Any) -> Record:
        """Add a dossier that is to pay `due`."""
        code = changes.pop("code", None) or self.codes.dossier(self.payday())
        agency = code.split("-", maxsplit=1)[0]
        flag = changes.pop("flag", self.random.randrange(3))
        record = Record(code, due, status or self.random.choice(GOING_ON), agency, flag, **changes)
        self.world.records.append(record)
        return record

    def pay(self, dossier: Record | str | None, amount: int, source: Source | None = None, **changes: Any) -> Payment:
        """Add a payment; what is not given is drawn, its source among those whose money comes payment by payment."""
        code = dossier.code if isinstance(dossier, Record) else dossier
        day = changes.pop("day", None) or self.payday()
        at = changes.pop("at", None) or self.moment(day)
        reference = changes.pop("reference", None) or self.codes.reference(code, at)
        payment = Payment(
            source or self.random.choice(self.province.direct),
            reference,
            changes.pop("transaction", None) or self.codes.digits(14),
            code,
            amount,
            day,
            at,
            scenario=self.scenario,
            **changes,
        )
        self.world.payments.append(payment)
        return payment

    def line(self, account: Account | None, amount: int, booked_on: date, **changes: Any) -> Line:
        """Add a bank line as given."""
        if account is None:
            raise ValueError("a bank line needs an account")
        return self._add(Line("bank", account, amount, booked_on, **changes))

    def book(self, payment: Payment, **changes: Any) -> Line:
        """Add the bank line of a payment, by its reference and in time, but for what is given."""
        account = changes.pop("account", payment.source.account)
        amount = changes.pop("amount", payment.amount)
        day = changes.pop("day", None) or self.in_time(payment)
        defaults = {
            "reference": narratives.echoed(self.random, payment.reference),
            "narrative": self.small_talk(payment),
            "currency": payment.currency,
        }
        return self.line(account, amount, day, **{**defaults, **changes})

    def book_naming(self, payment: Payment, *codes: str, **changes: Any) -> Line:
        """Add a payment's bank line that names codes in its narrative alone."""
        narrative = narratives.naming(self.random, *codes)
        return self.book(payment, **{"reference": "", "narrative": narrative, **changes})

    def small_talk(self, payment: Payment) -> str:
        """Draw the narrative of a line that is known by its reference."""
        if payment.dossier is not None and self.random.random() < 0.5:
            return narratives.naming(self.random, payment.dossier)
        return narratives.about_nothing(self.random)

    def in_time(self, payment: Payment) -> date:
        """Draw a day on which the bank books before its line is due."""
        days = payment.source.bank or 0
        first = 0 if banks_work(payment.day) else 1
        return after(payment.day, self.random.randint(min(first, days), days))

    def paid(self, amount: int, due: int | None = None, **changes: Any) -> tuple[Record, Payment]:
        """Add a dossier and its payment."""
        dossier = self.dossier(amount if due is None else due)
        return dossier, self.pay(dossier, amount, **changes)

    def booked(self, payment: Payment, **changes: Any) -> Line:
        """Add a payment's bank line and say that they belong together."""
        line = self.book(payment, **changes)
        self.join("bank", payment, line)
        return line

    def settled(self, payment: Payment, **changes: Any) -> Line:
        """Add a payment's settlement line, as its schedule says, and say that they belong together."""
        line = self.settle(payment.source, payment.amount, payment.day, reference=payment.reference, **changes)
        self.join("settlement", payment, line)
        return line

    def settle(self, source: Source, gross: int, day: date, **changes: Any) -> Line:
        """Add a settlement line of what was paid on `day`, into the day's own batch but for what is given."""
        batch = changes.pop("batch", None) or self.pool(source, after(day, source.settlement or 1))
        fee = changes.pop("fee", None)
        fee = self.fair_fee(source, gross) if fee is None else fee
        net = changes.pop("net", None)
        line = Line(
            "settlement",
            source.clearing or Account(source.code, "gateway"),
            gross,
            batch.settled_on,
            source=source,
            batch=batch.code,
            fee=fee,
            net=(gross - fee if source.borne_by == "agency" else gross) if net is None else net,
            **changes,
        )
        batch.lines.append(line)
        return self._add(line)

    def list_line(self, payment: Payment) -> Line:
        """Add the settlement line of a gateway that lists payments, and tells neither fees nor batches."""
        source = payment.source
        clearing = source.clearing or Account(source.code, "gateway")
        day = after(payment.day, source.settlement or 1)
        return self._add(Line("settlement", clearing, payment.amount, day, reference=payment.reference, source=source))

    def fair_fee(self, source: Source, gross: int) -> int:
        """Return the fee of the source's schedule, rounded as this gateway happens to round."""
        exact = gross * (source.percent or 0) / 100 + (source.fixed or 0)
        if source.borne_by == "gateway" or exact <= 0:
            return 0
        return int(exact) + (1 if exact % 1 and self.random.random() < 0.5 else 0)

    def pool(self, source: Source, settled_on: date) -> Batch:
        """Return the batch of all that a source settles on a day."""
        if (source, settled_on) not in self._pools:
            code = f"{source.batch_prefix}{settled_on:%y%m%d}"
            self._pools[source, settled_on] = self.batch(source, settled_on, code)
        return self._pools[source, settled_on]

    def batch(self, source: Source, settled_on: date, code: str | None = None) -> Batch:
        """Add a batch; its code is drawn unless given."""
        if code is None:
            self._serial += 1
            code = f"{source.batch_prefix}{self.choose(*'ABCDEFGHKLMN')}{self._serial:05}{settled_on:%m%d}"
        batch = Batch(source, code, settled_on)
        self.world.batches.append(batch)
        return batch

    def pay_out(self, batch: Batch, **changes: Any) -> Line:
        """Add the bank line that pays a batch out, named in its narrative but for what is given."""
        code = batch.code
        written = self.choose(f"VNPAY TT GD BATCH {code}", f"Thanh toán lô {code}", f"TT {code} DVC", f"QT/{code}/TT")
        amount = changes.pop("amount", batch.net)
        day = changes.pop("day", None) or after(batch.settled_on, self.random.randint(0, 1))
        account = changes.pop("account", batch.source.account)
        return self.line(account, amount, day, **{"narrative": written, **changes})

    def paid_out(self, batch: Batch, **changes: Any) -> Line:
        """Add the bank line of a batch and say that they belong together."""
        line = self.pay_out(batch, **changes)
        self.join("bank", (), line, batch)
        return line

    def pay_out_pools(self) -> None:
        """Pay out every day's batch: the last of all, when all its lines are there."""
        self.scenario = "batch_of_the_day"
        for batch in self._pools.values():
            self.paid_out(batch)

    def hand_over(self, leg: HandOver, payment: Payment, amount: int | None = None, **changes: Any) -> Line:
        """Add a treasury or receipt line of a payment, by its reference and in time, but for what is given."""
        days = payment.source.treasury if leg == "treasury" else payment.source.receipt
        day = changes.pop("day", None) or after(payment.day, self.random.randint(1, days or 1))
        account = self.province.treasury if leg == "treasury" else self.province.receipts
        defaults = {"reference": payment.reference, "document": f"C1-{self.codes.digits(7)}"}
        sum_ = payment.amount if amount is None else amount
        return self._add(Line(leg, account, sum_, day, **{**defaults, **changes}))

    def _add(self, line: Line) -> Line:
        line.scenario = self.scenario
        self.world.lines.append(line)
        return line

    def join(self, tie: Tie, payments: Facts, lines: Facts, batch: Batch | None = None) -> None:
        """Say that these facts settle each other, and no others."""
        self.world.groups.append(Group(tie, self.scenario, _set(payments), _set(lines), batch))

    def expect(self, case: Case, verdict: str, *, batch: Batch | None = None, **reasons: int) -> None:
        """Say what a case comes to; each reason with the amount at stake."""
        self.world.verdicts.append(Verdict(self.scenario, case, verdict, reasons, batch))


def _set(facts: Facts) -> frozenset[Any]:
    return frozenset((facts,)) if isinstance(facts, Payment | Line) else frozenset(facts)
