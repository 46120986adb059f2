"""What an officer sees of each leg of a dossier."""

from collections.abc import Collection
from typing import Any

import pytest

from paygate.domain.legs import Leg
from paygate.domain.lifecycle import PaymentState
from reconciliation.legs import Joined, ShownPayment, ShownRecord, see_legs
from reconciliation.model import Reason

EVERY_LEG = {Leg.SETTLEMENT: 1, Leg.BANK: 1, Leg.TREASURY: 2, Leg.RECEIPT: 1, Leg.REPORT: 1}
LINES = (Leg.SETTLEMENT, Leg.BANK, Leg.TREASURY, Leg.RECEIPT)
EXACT = Joined("exact", 0)
FLAGGED = ShownRecord(100_000, 1)


def payment(**changes: Any) -> ShownPayment:
    facts: dict[str, Any] = {"state": PaymentState.PAID, "amount": 100_000, "refunded": 0, "days": {}, "joined": {}}
    return ShownPayment(**(facts | changes))


def seen(
    *payments: ShownPayment, record: ShownRecord | None = FLAGGED, reasons: Collection[Reason] = ()
) -> dict[Leg, str]:
    return dict(see_legs(record, payments, set(reasons)))


def test_a_leg_that_no_source_expects_and_nothing_tells_of_is_not_expected() -> None:
    legs = seen(payment())
    assert {legs[leg] for leg in (*LINES, Leg.REPORT)} == {"not_expected"}
    assert (legs[Leg.OBLIGATION], legs[Leg.PAYMENT]) == ("present", "present")


def test_a_leg_that_is_expected_and_not_there_is_not_due_until_it_is_missing() -> None:
    waiting = payment(days=EVERY_LEG)
    assert {seen(waiting)[leg] for leg in LINES} == {"not_due"}
    reasons = [Reason.SETTLEMENT_MISSING, Reason.BANK_MISSING, Reason.TREASURY_NOT_SENT, Reason.RECEIPT_MISSING]
    assert {seen(waiting, reasons=reasons)[leg] for leg in LINES} == {"missing"}


def test_every_leg_that_agrees_is_present() -> None:
    whole = payment(days=EVERY_LEG, joined=dict.fromkeys(LINES, EXACT))
    assert set(seen(whole).values()) == {"present"}


def test_a_line_that_nobody_expected_is_present() -> None:
    assert seen(payment(joined={Leg.TREASURY: Joined("reference", 40_000)}))[Leg.TREASURY] == "present"


@pytest.mark.parametrize("leg", LINES)
def test_a_line_of_another_amount_differs(leg: Leg) -> None:
    assert seen(payment(joined={leg: Joined("reference", -5)}))[leg] == "differs"


@pytest.mark.parametrize("leg", [Leg.TREASURY, Leg.RECEIPT])
def test_a_part_of_what_is_to_be_handed_over_is_not_due_until_the_rest_is_missing(leg: Leg) -> None:
    part = payment(days={leg: 1}, joined={leg: Joined("reference", 40_000)})
    reason = Reason.TREASURY_NOT_SENT if leg is Leg.TREASURY else Reason.RECEIPT_MISSING
    assert seen(part)[leg] == "not_due"
    assert seen(part, reasons=[reason])[leg] == "missing"


def test_a_difference_within_the_tolerance_is_none() -> None:
    assert seen(payment(joined={Leg.BANK: Joined("tolerance", 3)}))[Leg.BANK] == "present"


def test_money_on_another_account_differs() -> None:
    assert seen(payment(joined={Leg.BANK: Joined("reference_other_account", 0)}))[Leg.BANK] == "differs"


def test_a_batch_that_was_not_paid_out_whole_differs() -> None:
    assert seen(payment(joined={Leg.BANK: Joined("settlement_batch", 1_000)}))[Leg.BANK] == "differs"
    assert seen(payment(joined={Leg.BANK: Joined("settlement_batch", 0)}))[Leg.BANK] == "present"


def test_what_the_bank_took_back_is_missing_there() -> None:
    assert seen(payment(taken_back=True), reasons=[Reason.REVERSED])[Leg.BANK] == "missing"


def test_the_flag_is_missing_only_once_it_is_due_and_money_was_kept() -> None:
    expected, unsynced = payment(days={Leg.REPORT: 1}), ShownRecord(100_000, 0)
    assert seen(expected, record=unsynced)[Leg.REPORT] == "not_due"
    assert seen(expected, record=unsynced, reasons=[Reason.FLAG_NOT_SYNCED])[Leg.REPORT] == "missing"
    assert seen(expected)[Leg.REPORT] == "present"
    returned = payment(days={Leg.REPORT: 1}, refunded=100_000)
    assert seen(returned, record=unsynced)[Leg.REPORT] == "not_expected"


def test_a_dossier_nobody_paid_for_misses_its_payment() -> None:
    failed = payment(state=PaymentState.FAILED, days=EVERY_LEG)
    assert seen(failed)[Leg.PAYMENT] == "missing"
    assert seen(failed)[Leg.BANK] == "not_expected"
    assert seen(record=ShownRecord(0, 0))[Leg.OBLIGATION] == "not_expected"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, PaymentState.PAID),
        ({"refunded": 1}, PaymentState.PARTLY_REFUNDED),
        ({"refunded": 100_000}, PaymentState.REFUNDED),
        ({"refunded": 100_000, "taken_back": True}, PaymentState.REVERSED),
        ({"state": PaymentState.PARTLY_REFUNDED}, PaymentState.PARTLY_REFUNDED),
        ({"state": PaymentState.PENDING}, PaymentState.PENDING),
        ({"amount": 0}, PaymentState.PAID),
    ],
)
def test_a_payment_is_shown_with_what_went_back(changes: dict[str, Any], status: PaymentState) -> None:
    assert payment(**changes).status is status
