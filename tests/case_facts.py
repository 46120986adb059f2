"""One dossier and the lines of its legs, all in agreement: a test changes the one thing it is about."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact
from tests.worlds import DAY, DOSSIERS, RECEIPTS, TREASURY

DOSSIER: Final = DOSSIERS[0]
AMOUNT: Final = 150_000
NEXT: Final = DAY + timedelta(days=1)
BATCH: Final = "LO240508-01"
BANK_LINES, SETTLEMENT_LINES, TREASURY_LINES, RECEIPT_LINES = 10, 20, 30, 40
"""Where each leg's lines are numbered from; a payment's own line adds the payment's number."""


def a_record(**changes: Any) -> RecordFact:
    return replace(RecordFact(DOSSIER, AMOUNT, "processing", flag=1), **changes)


def a_payment(number: int = 1, **changes: Any) -> PaymentFact:
    payment = PaymentFact(
        payment_id=number,
        reference=f"HD24050800000{number}",
        dossier_code=DOSSIER,
        amount=AMOUNT,
        currency="VND",
        business_date=DAY,
        account_id=1,
        bank_days=1,
    )
    return replace(payment, **changes)


def a_bank_line(payment: PaymentFact, **changes: Any) -> LineFact:
    line = LineFact(
        line_id=BANK_LINES + payment.payment_id,
        account_id=payment.account_id or 1,
        amount=payment.amount,
        currency=payment.currency,
        booked_on=NEXT,
        reference=payment.reference,
        narrative="",
    )
    return replace(line, **changes)


def a_payout(amount: int, **changes: Any) -> LineFact:
    """The bank line by which a gateway pays out a batch, named by its code."""
    payout = LineFact(BANK_LINES, 1, amount, "VND", NEXT, "", f"QUYET TOAN {BATCH}")
    return replace(payout, **changes)


def a_settlement_line(payment: PaymentFact, *, fee: int = 0, **changes: Any) -> LineFact:
    line = LineFact(
        line_id=SETTLEMENT_LINES + payment.payment_id,
        account_id=10 + payment.source_id,
        amount=payment.amount,
        currency="VND",
        booked_on=NEXT,
        reference=payment.reference,
        narrative="",
        leg="settlement",
        source_id=payment.source_id,
        fee=fee,
        net=payment.amount - fee,
        batch=BATCH,
    )
    return replace(line, **changes)


def a_treasury_line(payment: PaymentFact, **changes: Any) -> LineFact:
    return replace(_of_dossier(payment, TREASURY_LINES, TREASURY, "treasury"), **changes)


def a_receipt(payment: PaymentFact, **changes: Any) -> LineFact:
    return replace(_of_dossier(payment, RECEIPT_LINES, RECEIPTS, "receipt"), **changes)


def _of_dossier(payment: PaymentFact, first: int, account_id: int, leg: str) -> LineFact:
    return LineFact(
        line_id=first + payment.payment_id,
        account_id=account_id,
        amount=payment.amount,
        currency="VND",
        booked_on=NEXT,
        reference=payment.reference,
        narrative="",
        leg=leg,
        dossier_code=payment.dossier_code,
    )


def days_later(days: int) -> date:
    return DAY + timedelta(days=days)
