"""The check of a simulation: what agrees and what differs, decided from facts alone."""

from collections.abc import Sequence
from hashlib import sha256

import pytest

from adapters import registry
from paygate.domain.lifecycle import NoticeState, PaymentState
from paygate.domain.notice import NoticeFacts
from paygate.domain.payment import Payment
from paygate.simulation.book import Entry
from paygate.simulation.check import (
    PaymentKey,
    StoredNotice,
    Verdict,
    compare_notices,
    compare_payments,
    payments_told,
    tally_answers,
)
from paygate.simulation.plan import Letter, Treatment
from paygate.simulation.sources import SimulatedSource
from tests.contract.adapter_examples import EXAMPLES, PAID, shaped, simulator

KIND = "dvcqg"
SOURCE = SimulatedSource(
    KIND, registry.build(KIND, [EXAMPLES[KIND].keys.live.verifies], EXAMPLES[KIND].options), simulator(KIND)
)
BODY = b"the body"
KEY = PaymentKey(KIND, PAID.reference, PAID.transaction_id)
IN_LEDGER = Payment(PAID.state, PAID.outcome, PAID.amount, PAID.currency, shaped(KIND).occurred_at or PAID.occurred_at)  # type: ignore[arg-type]


def an_entry(*statuses: int, body: bytes = BODY, treatment: Treatment = Treatment.HONEST, **changes: object) -> Entry:
    letter = Letter(1, SOURCE, PAID._replace(**changes), treatment)  # type: ignore[arg-type]
    return Entry(letter, sha256(body).digest(), len(statuses), statuses=list(statuses))


def stored(body: bytes = BODY, *, reference: str = PAID.reference) -> StoredNotice:
    return StoredNotice(KIND, sha256(body).digest(), NoticeState.APPLIED, reference)


def problems_of(verdict: Verdict) -> list[str]:
    return [difference.problem for difference in verdict.differences]


def notices_compared(entry: Entry, *found: StoredNotice) -> list[str]:
    verdict = Verdict()
    compare_notices([entry], found, verdict)
    return problems_of(verdict)


@pytest.mark.parametrize(
    ("entry", "problems"),
    [
        (an_entry(200, 503, 200), []),
        (an_entry(), []),
        (an_entry(401), ["honest, and answered 401"]),
        (an_entry(500), ["honest, and answered 500"]),
        (an_entry(401, treatment=Treatment.TAMPERED), []),
        (an_entry(200, treatment=Treatment.TAMPERED), ["tampered, and answered 200"]),
        (an_entry(200, 401, treatment=Treatment.TAMPERED), ["tampered, and answered 200, 401"]),
        (an_entry(503, treatment=Treatment.TAMPERED), ["tampered, and answered 503"]),
    ],
)
def test_an_answer_that_is_wrong_by_itself_is_named(entry: Entry, problems: Sequence[str]) -> None:
    assert problems_of(tally_answers([entry])) == problems


def test_what_is_stored_once_and_as_sent_agrees_whether_acknowledged_or_in_doubt() -> None:
    assert notices_compared(an_entry(200), stored()) == []
    assert notices_compared(an_entry(), stored()) == []
    assert notices_compared(an_entry()) == []


def test_what_was_acknowledged_is_there_and_once() -> None:
    assert notices_compared(an_entry(200)) == ["acknowledged, and not stored"]
    assert notices_compared(an_entry(200), stored(), stored()) == ["stored 2 times"]


def test_what_was_tampered_with_is_not_stored() -> None:
    forged = an_entry(401, treatment=Treatment.TAMPERED)
    assert notices_compared(forged) == []
    assert notices_compared(forged, stored()) == ["tampered with, and stored"]


def test_nothing_of_ours_is_stored_that_was_not_sent_and_notices_of_others_are_let_be() -> None:
    assert notices_compared(an_entry(), stored(b"other")) == ["stored, and never sent"]
    assert notices_compared(an_entry(), stored(b"other", reference="SIMX0000001")) == ["stored, and never sent"]
    assert notices_compared(an_entry(), stored(b"other", reference="of somebody else")) == []


def payments_compared(found: Payment | None, *entries: Entry) -> list[str]:
    verdict = Verdict()
    told = payments_told(entries, lambda entry: entry.letter.facts)
    compare_payments(told, {} if found is None else {KEY: found}, verdict)
    return problems_of(verdict)


def test_a_payment_is_as_its_notices_say_together() -> None:
    failed = an_entry(200, body=b"1", state=PaymentState.FAILED)
    assert payments_compared(IN_LEDGER, failed, an_entry(200)) == []
    assert payments_compared(IN_LEDGER, an_entry(200), failed) == []
    assert payments_compared(None, an_entry(200)) == ["acknowledged, and no payment of the ledger"]


@pytest.mark.parametrize(
    "changes", [{"state": PaymentState.FAILED}, {"amount": 1}, {"currency": "USD"}, {"conflicting": True}]
)
def test_a_payment_that_is_otherwise_is_named_with_what_is(changes: dict[str, object]) -> None:
    found = IN_LEDGER._replace(**changes)  # type: ignore[arg-type]
    assert payments_compared(found, an_entry(200)) == [f"in the ledger with another {next(iter(changes))}"]


def test_of_two_amounts_of_one_payment_the_smaller_counts_and_both_are_shown_to_conflict() -> None:
    more = an_entry(200, body=b"more", amount=PAID.amount + 1)
    assert payments_compared(IN_LEDGER._replace(conflicting=True), more, an_entry(200)) == []
    assert payments_compared(IN_LEDGER, more, an_entry(200)) == ["in the ledger with another conflicting"]


def test_without_a_time_of_the_source_either_amount_may_have_come_first() -> None:
    one, other = (an_entry(200, body=b"%d" % n, amount=n, occurred_at=None) for n in (1, 2))
    for amount in (1, 2):
        assert payments_compared(IN_LEDGER._replace(amount=amount, conflicting=True), one, other) == []
    assert payments_compared(IN_LEDGER._replace(amount=3, conflicting=True), one, other) != []


def test_of_a_payment_with_a_notice_in_doubt_nothing_is_expected() -> None:
    assert payments_compared(None, an_entry(200), an_entry(body=b"2")) == []


def test_the_facts_of_a_source_are_believed_as_far_as_its_adapter_believes_them() -> None:
    kind = "keypay"
    adapter = registry.build(kind, [EXAMPLES[kind].keys.live.verifies], EXAMPLES[kind].options)
    source = SimulatedSource(kind, adapter, simulator(kind))
    facts: NoticeFacts = shaped(kind)
    assert facts.occurred_at is None
    assert source.understood(facts, PAID.occurred_at).state is PaymentState.PENDING  # type: ignore[arg-type]
