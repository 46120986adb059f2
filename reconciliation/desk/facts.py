"""The facts a discrepancy is about, and what a sentence may name of them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final, Self

from paygate.domain.money import DONG, dong, written
from paygate.domain.worklist import Said
from reconciliation.model import Reason

_FEED = re.compile(r"feed:(?P<account>.*):(?P<day>\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Facts:
    """A discrepancy with the facts it is about; those that are not known, or of which there are several, are None.

    `kept`: what was paid for the dossier and did not go back, in `times` payments, the last on `last_day`. `payment`,
    `line` and `batch_net` are amounts, a line's with its sign; `account` is where a payment's money should arrive.
    `currency` is that of the payment or line, and so of what is at stake; a dossier's and a batch's sums are in dong.
    """

    subject: str
    reason: Reason
    amount: int
    dossier_code: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    payment: int | None = None
    currency: str = DONG
    payment_day: date | None = None
    account: str | None = None
    source: str | None = None
    leg: str | None = None
    line: int | None = None
    fee: int | None = None
    net: int | None = None
    line_day: date | None = None
    line_account: str | None = None
    document: str | None = None
    line_reference: str | None = None
    batch: str | None = None
    batch_net: int | None = None
    obligation: int | None = None
    status: str | None = None
    expires_on: date | None = None
    kept: int | None = None
    times: int | None = None
    last_day: date | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Take the facts out of a row, which may hold more."""
        told = {one.name: row[one.name] for one in fields(cls)}
        return cls(**told | {"reason": Reason(row["reason"]), "evidence": json.loads(row["evidence"])})

    @property
    def feed(self) -> Mapping[str, str]:
        """Return account and day of a feed that is in doubt."""
        found = _FEED.fullmatch(self.subject)
        return found.groupdict() if found else {}


def label_of(facts: Facts) -> str:
    """Return what people call the thing a discrepancy is about: its dossier, else its reference, batch or account."""
    named = (facts.dossier_code, facts.reference, facts.batch, facts.document, facts.line_reference)
    return next(filter(None, (*named, facts.feed.get("account"), facts.line_account)), facts.subject)


def _same(text: str | None) -> Said | None:
    return Said(text, text) if text else None


def _money(amount: int | None) -> Said | None:
    return None if amount is None else _same(dong(amount))


def _own(facts: Facts, amount: int | None) -> Said | None:
    """Write an amount of the payment or line itself."""
    return None if amount is None else _same(written(amount, facts.currency))


def _day(day: date | None) -> Said | None:
    return None if day is None else _same(f"{day:%d/%m/%Y}")


def _size(amount: int | None) -> int | None:
    return None if amount is None else abs(amount)


def _paid(facts: Facts) -> int | None:
    """Return what was paid, where it differs from what is due by just what is at stake: promotions may add to it."""
    if facts.obligation is None or facts.kept is None or abs(facts.kept - facts.obligation) != facts.amount:
        return None
    return facts.kept


def _booked(facts: Facts) -> int | None:
    """Return the amount of the one line that differs from the one payment; of several, none says it alone."""
    if facts.payment is None or facts.line is None or abs(facts.payment - facts.line) != facts.amount:
        return None
    return facts.line


def _paid_out(facts: Facts) -> int | None:
    if facts.batch_net is None or facts.line is None or abs(facts.batch_net - facts.line) != facts.amount:
        return None
    return facts.line


def _answers(facts: Facts) -> Said | None:
    sides = (facts.evidence.get(side) for side in ("lines", "payments", "batches"))
    count = max((len(side) for side in sides if isinstance(side, list)), default=0)
    return _same(str(count)) if count > 1 else None


_LEGS: Final[Mapping[str, Said]] = {
    "bank": Said("ngân hàng báo", "the bank says"),
    "settlement": Said("cổng quyết toán", "the gateway settled"),
    "treasury": Said("kho bạc nhận", "the treasury received"),
    "receipt": Said("biên lai ghi", "the receipt says"),
}
_CLOSED: Final[Mapping[str, Said]] = {
    "withdrawn": Said("đã rút", "withdrawn"),
    "refused": Said("bị từ chối", "refused"),
}

VALUES: Final[Mapping[str, Callable[[Facts], Said | None]]] = {
    "stake": lambda facts: _own(facts, facts.amount),
    "due": lambda facts: _money(facts.obligation),
    "paid": lambda facts: _money(_paid(facts)),
    "kept": lambda facts: _money(facts.kept),
    "times": lambda facts: _same(str(facts.times)) if facts.times else None,
    "last_day": lambda facts: _day(facts.last_day),
    "payment": lambda facts: _own(facts, facts.payment),
    "payment_day": lambda facts: _day(facts.payment_day),
    "reference": lambda facts: _same(facts.reference),
    "source": lambda facts: _same(facts.source),
    "account": lambda facts: _same(facts.account),
    "line_account": lambda facts: _same(facts.line_account),
    "says": lambda facts: _LEGS.get(facts.leg or ""),
    "handed_over": lambda facts: _LEGS.get(str(facts.evidence.get("leg"))),
    "booked": lambda facts: _own(facts, _booked(facts)),
    "credit": lambda facts: _own(facts, facts.line) if (facts.line or 0) > 0 else None,
    "debit": lambda facts: _own(facts, _size(facts.line)) if (facts.line or 0) < 0 else None,
    "line_day": lambda facts: _day(facts.line_day),
    "document": lambda facts: _same(facts.document),
    "fee": lambda facts: _own(facts, facts.fee),
    "net": lambda facts: _own(facts, facts.net),
    "gross": lambda facts: _own(facts, facts.line) if facts.leg == "settlement" else None,
    "batch": lambda facts: _same(facts.batch),
    "batch_net": lambda facts: _money(facts.batch_net),
    "paid_out": lambda facts: _money(_paid_out(facts)),
    "expires": lambda facts: _day(facts.expires_on),
    "closed": lambda facts: _CLOSED.get(facts.status or ""),
    "answers": _answers,
    "stopped": lambda facts: _same(str(facts.evidence["facts"])) if "stopped" in facts.evidence else None,
    "feed": lambda facts: _same(facts.feed.get("account")),
    "feed_day": lambda facts: _day(date.fromisoformat(facts.feed["day"])) if facts.feed else None,
    "unaccounted": lambda facts: _money(facts.amount) if facts.amount else None,
}
"""What a sentence may name, by what it is called there."""
