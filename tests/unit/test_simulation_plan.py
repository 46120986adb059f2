"""What a simulation sends is drawn by its seed alone, and in the proportions asked for."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters import registry
from paygate.domain.errors import NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import PaymentState
from paygate.domain.notice import RawNotice
from paygate.simulation.plan import Letter, Mix, Planner, Treatment
from paygate.simulation.sources import SimulatedSource
from tests.contract.adapter_examples import EXAMPLES, NOW, shaped, simulator

NOTHING_WRONG = Mix(duplicates=0, shuffled=0, tampered=0, failed=0, wrong_amount=0, malformed=0, late=0)


def source(kind: str) -> SimulatedSource:
    adapter = registry.build(kind, [EXAMPLES[kind].keys.live.verifies], EXAMPLES[kind].options)
    return SimulatedSource(kind, adapter, simulator(kind))


SOURCES = {kind: source(kind) for kind in EXAMPLES}


def letters(mix: Mix, count: int = 1000, *, seed: int = 1) -> list[Letter]:
    return Planner(SOURCES, mix, seed=seed, run="ABCDEF", began=NOW).letters(count)


def test_the_same_seed_sends_the_same_and_another_does_not() -> None:
    assert letters(Mix()) == letters(Mix())
    assert letters(Mix()) != letters(Mix(), seed=2)


def test_with_nothing_wrong_every_notice_is_sent_once_in_order_and_pays() -> None:
    sent = letters(NOTHING_WRONG)
    assert [letter.number for letter in sent] == list(range(1, 1001))
    assert {letter.treatment for letter in sent} == {Treatment.HONEST}
    assert {letter.facts.state for letter in sent} == {PaymentState.PAID}
    assert len({(letter.source.code, letter.facts.reference) for letter in sent}) == 1000
    assert {letter.source.code for letter in sent} == set(EXAMPLES)


def test_each_thing_that_goes_wrong_comes_as_often_as_asked() -> None:
    treatments = Counter(letter.treatment for letter in letters(replace(NOTHING_WRONG, tampered=20, malformed=20)))
    assert 150 < treatments[Treatment.TAMPERED] < 250
    assert 120 < treatments[Treatment.MALFORMED] < 220
    assert 1.5 < 1000 / len({one.number for one in letters(replace(NOTHING_WRONG, duplicates=50))}) < 2.5
    shuffled = [one.number for one in letters(replace(NOTHING_WRONG, shuffled=50))]
    assert shuffled != sorted(shuffled)
    states = {one.facts.state for one in letters(replace(NOTHING_WRONG, failed=50))}
    assert {PaymentState.FAILED, PaymentState.ABANDONED, PaymentState.EXPIRED} < states
    told = Counter((one.source.code, one.facts.reference) for one in letters(replace(NOTHING_WRONG, wrong_amount=50)))
    assert 250 < sum(times == 2 for times in told.values()) < 420
    times = [one.facts.occurred_at for one in letters(replace(NOTHING_WRONG, late=50)) if one.facts.occurred_at]
    assert 0.3 < sum((NOW - at).total_seconds() > 3600 for at in times) / len(times) < 0.6


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_malformed_notice_is_authentic_and_cannot_be_read(kind: str) -> None:
    parcel = SOURCES[kind].written(SOURCES[kind].malformed(shaped(kind), NOW), NOW)
    adapter = SOURCES[kind].adapter
    payload = adapter.verify(RawNotice(parcel.method, parcel.content, parcel.headers), NOW).payload
    with pytest.raises((UnreadableNoticeError, NotAPaymentError)):
        adapter.translate(payload)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_tampered_notice_is_refused(kind: str) -> None:
    parcel = SOURCES[kind].tampered(shaped(kind), NOW)
    assert parcel != SOURCES[kind].written(shaped(kind), NOW)
    with pytest.raises(NotAuthenticError):
        SOURCES[kind].adapter.verify(RawNotice(parcel.method, parcel.content, parcel.headers), NOW)


@pytest.mark.parametrize(
    ("kind", "options"), [("casso", {"static_token": "a token"}), ("sepay", {"api_key": "a key of theirs"})]
)
def test_where_a_token_stands_in_for_a_signature_a_guess_at_it_is_refused(kind: str, options: dict[str, str]) -> None:
    adapter = registry.build(kind, [], options)
    source = SimulatedSource(kind, adapter, registry.simulator(kind, b"", options))
    source.try_out(datetime.now(UTC))
    parcel = source.tampered(shaped(kind), NOW)
    with pytest.raises(NotAuthenticError):
        adapter.verify(RawNotice(parcel.method, parcel.content, parcel.headers), NOW)
