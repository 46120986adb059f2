"""Facts of payments drawn at random, as the ledger could hold them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts

DOSSIERS = ("000.00.12.H23-240508-0001", "H23.12-20240508-00017")

printable = st.characters(categories=("L", "M", "N", "P", "S", "Zs")).filter(str.isprintable)
awkward = st.sampled_from(["|", "&amount=1", "a=b", "null", "undefined", "&&", '"\\', "%7C", "'", "x" * 255, *DOSSIERS])
names = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1, max_size=60) | awkward
words = st.lists(st.text(printable, max_size=30) | awkward, max_size=4).map(" ".join)
moments = st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 -- as asked


def any_facts() -> st.SearchStrategy[NoticeFacts]:
    return st.builds(
        NoticeFacts,
        reference=names,
        transaction_id=names | st.just("") | st.integers(0, 10**20).map(str),
        state=st.sampled_from(PaymentState),
        outcome=st.sampled_from(Outcome),
        amount=st.integers(0, MAX_AMOUNT),
        currency=st.sampled_from(["VND", "USD"]),
        occurred_at=moments,
        dossier_code=st.none() | st.sampled_from(DOSSIERS),
        description=words,
        alarm=st.none(),
    )
