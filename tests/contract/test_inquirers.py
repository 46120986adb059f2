"""What everyone who can be asked promises, whatever the source's format: the simulator answers as the real one does."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import registry
from paygate.domain.adapter import Inquirer
from paygate.domain.errors import (
    ConfigurationError,
    InvalidInputError,
    NotAPaymentError,
    NotAuthenticError,
    UnansweredError,
    UnreadableNoticeError,
)
from paygate.domain.inquiry import Asked, Query
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import UNSIGNED, NoticeFacts, Reply
from tests.contract.adapter_examples import EXAMPLES, NOW, shaped

ABLE = sorted(kind for kind, one in registry.ADAPTERS.items() if one.inquirer)
every_inquirer = pytest.mark.parametrize("kind", ABLE)

UNSIGNED_ANSWERS = frozenset({"momo", "zalopay"})
"""Sources that sign no answer."""


def options_of(kind: str) -> Mapping[str, Any]:
    return {**EXAMPLES[kind].options, **EXAMPLES[kind].query_options}


def inquirer(kind: str, *secrets: bytes) -> Inquirer:
    return registry.inquirer(kind, secrets or (EXAMPLES[kind].keys.live.verifies,), options_of(kind))


def asked_about(kind: str, **changes: Any) -> Asked:
    return replace(Asked(shaped(kind).reference, NOW - timedelta(minutes=5), "q1f"), **changes)


def answered(  # noqa: PLR0913 -- who asks what, and who answers with what
    kind: str,
    facts: NoticeFacts | None,
    *,
    asked: Asked | None = None,
    secret: bytes | None = None,
    options: Mapping[str, Any] | None = None,
    question: Query | None = None,
) -> Reply:
    """What the simulated source says, knowing these facts of every reference."""
    question = question or inquirer(kind).question(asked or asked_about(kind), NOW)
    source = registry.respondent(kind, secret or EXAMPLES[kind].keys.live.signs, options or options_of(kind))
    return source.answer(question, lambda _: facts, NOW)


def paid(kind: str, **changes: Any) -> NoticeFacts:
    return shaped(kind)._replace(**changes)


def understood(kind: str, facts: NoticeFacts) -> NoticeFacts:
    asking, asked = inquirer(kind), asked_about(kind)
    verified = asking.verify(asked, answered(kind, facts).body)
    return asking.translate(asked, verified.payload)


@pytest.mark.parametrize("kind", sorted(EXAMPLES.keys() - set(ABLE)))
def test_who_cannot_be_asked_is_refused_by_name(kind: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{kind} cannot be asked"):
        registry.inquirer(kind, [EXAMPLES[kind].keys.live.verifies], EXAMPLES[kind].options)


@every_inquirer
@pytest.mark.parametrize("state", [PaymentState.PAID, PaymentState.PENDING, PaymentState.FAILED])
def test_what_is_answered_is_what_is_understood(kind: str, state: PaymentState) -> None:
    outcome = {PaymentState.PAID: Outcome.PAID, PaymentState.PENDING: Outcome.PENDING}.get(state, Outcome.DECLINED)
    facts = understood(kind, paid(kind, state=state, outcome=outcome))
    assert (facts.state, facts.outcome, facts.alarm) == (state, outcome, None)
    assert facts.reference == asked_about(kind).reference
    if state is PaymentState.PAID:
        sent = paid(kind)
        assert (facts.amount, facts.currency, facts.transaction_id) == (sent.amount, "VND", sent.transaction_id)


@every_inquirer
def test_a_payment_nobody_knows_is_no_news(kind: str) -> None:
    with pytest.raises(NotAPaymentError):
        inquirer(kind).verify(asked_about(kind), answered(kind, None).body)


@every_inquirer
def test_a_question_signed_by_another_secret_is_not_answered_with_a_payment(kind: str) -> None:
    strange = EXAMPLES[kind].keys.strange.verifies
    options = {**options_of(kind), **({"key1": "another key"} if "key1" in options_of(kind) else {})}
    question = registry.inquirer(kind, [strange], options).question(asked_about(kind), NOW)
    with pytest.raises((NotAuthenticError, NotAPaymentError, UnansweredError)):
        inquirer(kind).verify(asked_about(kind), answered(kind, paid(kind), question=question).body)


@every_inquirer
def test_an_answer_signed_by_another_secret_is_not_believed(kind: str) -> None:
    if kind in UNSIGNED_ANSWERS:
        assert inquirer(kind).verify(asked_about(kind), answered(kind, paid(kind)).body).key_id == UNSIGNED
        return
    question = inquirer(kind, EXAMPLES[kind].keys.strange.verifies).question(asked_about(kind), NOW)
    answer = answered(kind, paid(kind), question=question, secret=EXAMPLES[kind].keys.strange.signs)
    with pytest.raises(NotAuthenticError):
        inquirer(kind).verify(asked_about(kind), answer.body)


@every_inquirer
def test_an_answer_signed_by_any_live_secret_is_believed(kind: str) -> None:
    if kind in UNSIGNED_ANSWERS:
        return
    old, live = EXAMPLES[kind].keys[:2]
    asking = inquirer(kind, old.verifies, live.verifies)
    question = asking.question(asked_about(kind), NOW)
    answer = answered(kind, paid(kind), question=question, secret=old.signs)
    assert asking.verify(asked_about(kind), answer.body).key_id == 0


@every_inquirer
def test_the_answer_about_another_reference_is_not_believed(kind: str) -> None:
    if kind == "zalopay":  # its answer names nothing; the connection and the question alone tie it
        return
    other = asked_about(kind, reference="another reference")
    with pytest.raises(NotAuthenticError):
        inquirer(kind).verify(other, answered(kind, paid(kind)).body)


@pytest.mark.parametrize("kind", [kind for kind in ABLE if EXAMPLES[kind].another and kind not in UNSIGNED_ANSWERS])
def test_the_answer_to_another_partner_is_not_believed(kind: str) -> None:
    answer = answered(kind, paid(kind, reference="r"), options={**options_of(kind), **(EXAMPLES[kind].another or {})})
    with pytest.raises(NotAuthenticError):
        inquirer(kind).verify(asked_about(kind, reference="r"), answer.body)


@every_inquirer
def test_half_an_answer_is_none(kind: str) -> None:
    body = answered(kind, paid(kind)).body
    for length in range(len(body)):
        with pytest.raises(NotAuthenticError):
            inquirer(kind).verify(asked_about(kind), body[:length])


@every_inquirer
def test_one_flipped_bit_never_makes_money_of_what_was_none(kind: str) -> None:
    if kind in UNSIGNED_ANSWERS:
        return
    asking, asked, tried = inquirer(kind), asked_about(kind), 0
    failed = answered(kind, paid(kind, state=PaymentState.FAILED, outcome=Outcome.DECLINED)).body
    for place, byte in enumerate(failed):
        body = failed[:place] + bytes([byte ^ 1]) + failed[place + 1 :]
        tried += 1
        try:
            facts = asking.translate(asked, asking.verify(asked, body).payload)
        except (NotAuthenticError, NotAPaymentError, UnansweredError, UnreadableNoticeError):
            continue
        assert facts.state not in MONEY_CAME
    assert tried > 200


@every_inquirer
def test_a_reference_that_cannot_be_signed_is_never_asked_about(kind: str) -> None:
    with pytest.raises(InvalidInputError):
        inquirer(kind).question(asked_about(kind, reference="a|b&c=d"), NOW)


@every_inquirer
def test_what_is_read_again_is_what_was_verified(kind: str) -> None:
    asking, asked = inquirer(kind), asked_about(kind)
    body = answered(kind, paid(kind)).body
    assert asking.read(asked, body) == asking.verify(asked, body).payload
    assert Asked.from_headers(json.loads(json.dumps(asked.as_headers()))) == asked


@every_inquirer
def test_a_question_is_the_same_for_the_same_facts(kind: str) -> None:
    assert inquirer(kind).question(asked_about(kind), NOW) == inquirer(kind).question(asked_about(kind), NOW)


@every_inquirer
def test_a_payload_of_another_adapter_is_a_fault_of_the_program(kind: str) -> None:
    with pytest.raises(TypeError):
        inquirer(kind).translate(asked_about(kind), object())


@every_inquirer
@settings(deadline=None)
@given(body=st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"null", b'"x"', b"<html>busy</html>", b"1e999"]))
def test_no_bytes_whatever_raise_anything_but_our_errors(kind: str, body: bytes) -> None:
    asking, asked = inquirer(kind), asked_about(kind)
    with suppress(NotAuthenticError, NotAPaymentError, UnansweredError):
        asking.verify(asked, body)
        assert kind in UNSIGNED_ANSWERS
    try:
        told = asking.translate(asked, asking.read(asked, body))
    except UnreadableNoticeError:
        return
    assert told.state not in MONEY_CAME


def test_the_clock_of_a_question_is_the_callers() -> None:
    later: datetime = NOW + timedelta(hours=1)
    assert inquirer("vnpay").question(asked_about("vnpay"), later) != inquirer("vnpay").question(
        asked_about("vnpay"), NOW
    )
