"""Laws of the answer to VietinBank's list: a status for every record, a payment used at most once, in any order."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Final

from hypothesis import event, given
from hypothesis import strategies as st

from adapters.fields import HANOI
from adapters.statements.vietinbank_verdicts import Status, Told, judge
from paygate.domain.payment import Received

DAY: Final = date(2024, 5, 8)
NOON: Final = datetime(2024, 5, 8, 12, tzinfo=HANOI)

IDS = st.sampled_from(("1", "2"))
CODES = st.sampled_from(("A", "B"))
AMOUNTS = st.sampled_from((50_000, 100_000))
TIMES = st.sampled_from((NOON, NOON + timedelta(seconds=1)))
DAYS = st.sampled_from((DAY, DAY, DAY - timedelta(days=1), DAY - timedelta(days=2), DAY + timedelta(days=1)))

RECORDS = st.lists(
    st.builds(
        Told,
        transaction_id=IDS | st.just(""),
        customer_code=CODES | st.just(""),
        amount=AMOUNTS | st.none(),
        currency=st.just("VND"),
        at=TIMES | st.none(),
        late=st.booleans(),
        came=st.sampled_from((True, True, True, False)),
    ),
    max_size=5,
)


@st.composite
def payments(draw: st.DrawFn) -> list[Received]:
    facts = st.tuples(CODES, IDS, AMOUNTS, st.just("VND"), TIMES, DAYS)
    return [Received(number, *draw(facts)) for number in range(1, draw(st.integers(0, 5)) + 1)]


def most_that_match(records: Sequence[Told], held: Sequence[Received]) -> int:
    """Try every way to pair them."""
    few, many = sorted((range(len(records)), range(len(held))), key=len)
    swapped = len(records) > len(held)
    best = 0
    for chosen in permutations(many, len(few)):
        pairs = zip(chosen, few, strict=True) if swapped else zip(few, chosen, strict=True)
        best = max(best, sum(same(records[record], held[payment]) for record, payment in pairs))
    return best


def same(told: Told, payment: Received) -> bool:
    """Say again in other words when a record and a payment are the same in everything."""
    return (
        told.came
        and told.transaction_id == payment.transaction_id
        and (not told.customer_code or told.customer_code == payment.reference)
        and told.amount == payment.amount
        and told.at == payment.occurred_at
        and (DAY - payment.business_date).days == int(told.late)
    )


@given(RECORDS, payments())
def test_every_record_has_one_status_and_every_payment_is_used_at_most_once(
    records: list[Told], held: list[Received]
) -> None:
    verdicts = judge(records, held, DAY)
    assert len(verdicts.each) == len(records)
    used = [payment.payment_id for _, payment in verdicts.each if payment]
    left = [payment.payment_id for payment in verdicts.only_ours]
    assert max(Counter(used + left).values(), default=1) == 1
    assert {*used, *left} >= {one.payment_id for one in held if one.business_date == DAY}
    assert all(one.business_date == DAY for one in verdicts.only_ours)
    assert sum(verdicts.counts().values()) == len(records) + len(left)
    event(f"{len(used)} pairs")


@given(RECORDS, payments())
def test_a_status_says_what_is_so(records: list[Told], held: list[Received]) -> None:
    for told, (status, payment) in zip(records, judge(records, held, DAY).each, strict=True):
        match status:
            case Status.MATCHED:
                assert payment is not None
                assert same(told, payment)
            case Status.DIFFERS:
                assert payment is not None
                assert payment.transaction_id == told.transaction_id
                assert not same(told, payment)
            case _:
                assert (status, payment) == (Status.ONLY_THEIRS, None)


@given(RECORDS, payments())
def test_no_other_pairing_matches_more(records: list[Told], held: list[Received]) -> None:
    matched = judge(records, held, DAY).counts()[Status.MATCHED]
    assert matched == most_that_match(records, held)
    event(f"{matched} match")


@given(RECORDS, payments(), st.randoms(use_true_random=False))
def test_the_order_of_records_and_payments_does_not_matter(
    records: list[Told], held: list[Received], chance: Random
) -> None:
    def answered(some: list[Told], ours: list[Received]) -> object:
        verdicts = judge(some, ours, DAY)
        return Counter(zip(some, verdicts.each, strict=True)), verdicts.only_ours

    first = answered(records, held)
    assert answered(chance.sample(records, len(records)), chance.sample(held, len(held))) == first


@given(RECORDS, payments())
def test_where_a_transaction_is_known_its_surplus_alone_is_only_theirs(
    records: list[Told], held: list[Received]
) -> None:
    verdicts = judge(records, held, DAY)
    told = Counter(one.transaction_id for one in records)
    ours = Counter(one.transaction_id for one in held)
    alone = Counter(
        one.transaction_id
        for one, (status, _) in zip(records, verdicts.each, strict=True)
        if status is Status.ONLY_THEIRS
    )
    assert alone == told - ours
