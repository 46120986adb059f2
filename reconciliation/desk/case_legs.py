"""A case laid out leg by leg: how each stands, how much it says, when, and by which document."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from paygate.domain.legs import Leg
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from reconciliation.legs import Standing

Json = dict[str, Any]

ORDER: Final = (Leg.OBLIGATION, Leg.PAYMENT, Leg.SETTLEMENT, Leg.BANK, Leg.TREASURY, Leg.RECEIPT, Leg.REPORT)
"""As money and papers go."""


def stand_of_line(legs: Sequence[Leg]) -> Mapping[Leg, Standing]:
    """Say how the legs stand of a line that belongs to no payment."""
    return {leg: _alone(leg, legs) for leg in ORDER}


def _alone(leg: Leg, legs: Sequence[Leg]) -> Standing:
    if leg in legs:
        return "present"
    return "missing" if leg is Leg.PAYMENT else "not_expected"


def stand_of_batch(seats: Sequence[Mapping[str, Any]]) -> Mapping[Leg, Standing]:
    """Say how the legs stand of a batch: whether a bank line pays it out, and whether it pays what it should."""
    paid_out = [one for one in seats if one["batch_id"] is not None]
    bank: Standing = "missing" if not paid_out else "differs" if paid_out[0]["difference"] else "present"
    found: dict[Leg, Standing] = dict.fromkeys(ORDER, "not_expected")
    return found | {Leg.PAYMENT: "present", Leg.SETTLEMENT: "present", Leg.BANK: bank}


def lay_legs(facts: Mapping[str, Any], standings: Mapping[Leg, Standing], *, of_batch: bool) -> list[Json]:
    """Return the legs in order: `leg`, `standing`, `amount` (None: it says none) and `facts`.

    A fact has `amount`, `on` or `at`, `document`, `anchor` (where on the page it stands whole) and, where a line is of
    more than this case, `within`: what the whole line is of.
    """
    shared = {seat["line_id"] for seat in facts["seats"] if seat["batch_id"] is not None and not of_batch}
    laid = {
        Leg.OBLIGATION: _of_record(facts["record"]),
        Leg.PAYMENT: [_of_payment(one) for one in facts["payments"]],
        Leg.REPORT: _of_flag(facts["record"]),
    }
    for leg in (Leg.SETTLEMENT, Leg.BANK, Leg.TREASURY, Leg.RECEIPT):
        laid[leg] = [_of_line(one, shared) for one in facts["lines"] if one["leg"] == leg]
    return [
        {"leg": str(leg), "standing": standings[leg], "amount": _sum(laid[leg]), "facts": laid[leg]} for leg in ORDER
    ]


def _sum(facts: Iterable[Json]) -> int | None:
    amounts = [one["amount"] for one in facts if one["amount"] is not None and one["counts"]]
    return sum(amounts) if amounts else None


def _of_record(record: Mapping[str, Any] | None) -> list[Json]:
    if record is None:
        return []
    return [_fact(record["due"], "record", str(record["version"]), on=record["received_on"])]


def _of_flag(record: Mapping[str, Any] | None) -> list[Json]:
    if record is None:
        return []
    return [_fact(None, "record", "", at=record["updated_at"], flag=record["online_payment_flag"])]


def _of_payment(one: Mapping[str, Any]) -> Json:
    came = PaymentState(one["state"]) in MONEY_CAME and one["currency"] == "VND"
    told = {"state": one["state"], "currency": one["currency"]}
    document = one["reference"]
    return _fact(one["amount"], f"payment-{one['payment_id']}", document, at=one["occurred_at"], counts=came, **told)


def _of_line(one: Mapping[str, Any], shared: Collection[int]) -> Json:
    whole = one["line_id"] in shared
    counts = one["evidence"] and one["currency"] == "VND" and not whole
    anchor, told = f"line-{one['line_id']}", {"currency": one["currency"], "fee": one["fee"], "net": one["net"]}
    return _fact(one["amount"], anchor, one["name"], on=one["booked_on"], counts=counts, within=whole, **told)


def _fact(  # noqa: PLR0913 -- a fact of any leg, of which most are left out
    amount: int | None,
    anchor: str,
    document: str,
    *,
    on: Any = None,
    at: Any = None,
    counts: bool = True,
    within: bool = False,
    **told: Any,
) -> Json:
    left_out = {"state": None, "currency": "VND", "fee": None, "net": None, "flag": None}
    own = {"amount": amount, "anchor": anchor, "document": document, "on": on, "at": at, "counts": counts}
    return {**left_out, **own, "within": within, **told}
