"""What every adapter promises, whatever its source's format. A new one joins by an example in `adapter_examples`."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import registry
from paygate.domain.adapter import Adapter
from paygate.domain.errors import NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice
from tests.contract.adapter_examples import EXAMPLES, NOW, PAID, Key, shaped, simulator
from tests.notice_facts import any_facts

every_adapter = pytest.mark.parametrize("kind", sorted(EXAMPLES))


def build(kind: str, *keys: Key) -> Adapter:
    example = EXAMPLES[kind]
    return registry.build(kind, [key.verifies for key in keys or (example.keys.live,)], example.options)


def every_key(kind: str) -> tuple[Key, ...]:
    """The keys that are live at once."""
    return EXAMPLES[kind].keys[:3]


def send(kind: str, facts: NoticeFacts | None = None, *, key: Key | None = None, now: datetime = NOW) -> RawNotice:
    """The notice as intake hands it over: signed by the simulator, with the headers its adapter asks for."""
    method, body, headers = simulator(kind, key).request(facts or shaped(kind), now)
    asked = build(kind).signed_headers
    return RawNotice(method, body, {name: value for name, value in headers.items() if name in asked})


def test_every_adapter_of_the_table_passes_through_this_suite() -> None:
    assert EXAMPLES.keys() == registry.ADAPTERS.keys()


@every_adapter
def test_it_says_how_it_is_sent(kind: str) -> None:
    adapter = build(kind)
    assert send(kind).method in adapter.methods <= {"GET", "POST"}
    assert all(name == name.lower() for name in adapter.signed_headers)
    assert send(kind).headers.keys() == set(adapter.signed_headers)
    assert adapter.secret_headers <= set(adapter.signed_headers)


def shape_each(kind: str, facts: NoticeFacts) -> list[NoticeFacts]:
    """What the source can say of the facts in every state."""
    states = [simulator(kind).shape(facts._replace(state=state)) for state in PaymentState]
    return [one for one in states if one is not None]


@every_adapter
def test_it_can_say_what_its_example_says_it_can(kind: str) -> None:
    assert {facts.state for facts in shape_each(kind, PAID)} == EXAMPLES[kind].says


@every_adapter
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(facts=any_facts())
def test_whatever_is_shaped_and_sent_is_what_is_understood(kind: str, facts: NoticeFacts) -> None:
    adapter, example = build(kind), EXAMPLES[kind]
    for sent in shape_each(kind, facts):
        understood = adapter.translate(adapter.verify(send(kind, sent), NOW).payload)
        assert understood._replace(alarm=None) == example.understood(sent)
        unlisted = sent.state is PaymentState.PENDING and example.names_unlisted
        assert bool(understood.alarm) is (unlisted or understood.state is not sent.state)


@every_adapter
@settings(deadline=None)
@given(facts=any_facts())
def test_what_was_shaped_is_shaped_already(kind: str, facts: NoticeFacts) -> None:
    assert [simulator(kind).shape(one) for one in shape_each(kind, facts)] == shape_each(kind, facts)


@every_adapter
@pytest.mark.parametrize("amount", [1, 2**31, None], ids=["least", "beyond 32 bits", "most"])
def test_amounts_as_large_as_the_format_writes_them_arrive_whole(kind: str, amount: int | None) -> None:
    adapter, example = build(kind), EXAMPLES[kind]
    sent = shaped(kind, amount=MAX_AMOUNT if amount is None else amount)
    assert sent.amount == (example.most if amount is None else amount)
    assert adapter.translate(adapter.verify(send(kind, sent), NOW).payload).amount == sent.amount


@every_adapter
@pytest.mark.parametrize("key_id", [0, 1, 2])
def test_each_of_several_live_secrets_is_accepted_and_named(kind: str, key_id: int) -> None:
    keys = every_key(kind)
    assert build(kind, *keys).verify(send(kind, key=keys[key_id]), NOW).key_id == key_id


@every_adapter
def test_a_secret_that_is_not_live_is_refused(kind: str) -> None:
    with pytest.raises(NotAuthenticError):
        build(kind, *every_key(kind)).verify(send(kind, key=EXAMPLES[kind].keys.strange), NOW)


def flips(raw: RawNotice) -> Iterator[RawNotice]:
    """The notice with one bit of one byte changed: in the body, then in each header the signature covers."""
    for place, byte in enumerate(raw.body):
        yield raw._replace(body=raw.body[:place] + bytes([byte ^ 1]) + raw.body[place + 1 :])
    for name, value in raw.headers.items():
        for place, character in enumerate(value):
            flipped = value[:place] + chr(ord(character) ^ 1) + value[place + 1 :]
            yield raw._replace(headers={**raw.headers, name: flipped})


@every_adapter
def test_one_flipped_bit_anywhere_is_refused_or_was_never_believed(kind: str) -> None:
    adapter, example = build(kind), EXAMPLES[kind]
    said = adapter.translate(adapter.verify(send(kind), NOW).payload)
    let_pass, tried = [], 0
    for tried, flipped in enumerate(flips(send(kind)), start=1):  # noqa: B007 -- counted below
        try:
            payload = adapter.verify(flipped, NOW).payload
        except NotAuthenticError:
            continue
        let_pass.append(flipped)
        assert not claims_more(adapter, payload, said)
    assert not (example.signs_everything and let_pass)
    assert tried > 200


def claims_more(adapter: Adapter, payload: object, said: NoticeFacts) -> bool:
    """Whether a notice that was altered tells of money in another way than the one it was made from."""
    try:
        altered = adapter.translate(payload)
    except (UnreadableNoticeError, NotAPaymentError):
        return False
    return altered.state in MONEY_CAME and altered._replace(alarm=None) != said._replace(alarm=None)


@every_adapter
def test_a_notice_cut_anywhere_is_refused(kind: str) -> None:
    raw = send(kind)
    for length in range(len(raw.body)):
        with pytest.raises(NotAuthenticError):
            build(kind).verify(raw._replace(body=raw.body[:length]), NOW)


@every_adapter
def test_a_notice_without_one_of_its_headers_is_refused(kind: str) -> None:
    raw = send(kind)
    for missing in raw.headers:
        with pytest.raises(NotAuthenticError):
            build(kind).verify(
                raw._replace(headers={name: value for name, value in raw.headers.items() if name != missing}), NOW
            )


@pytest.mark.parametrize("kind", [kind for kind, example in EXAMPLES.items() if example.another])
def test_a_notice_signed_for_another_partner_under_the_same_secret_is_refused(kind: str) -> None:
    example = EXAMPLES[kind]
    method, body, headers = simulator(kind, **(example.another or {})).request(shaped(kind), NOW)
    with pytest.raises(NotAuthenticError):
        build(kind).verify(RawNotice(method, body, headers), NOW)


@every_adapter
def test_what_is_read_again_is_what_was_verified(kind: str) -> None:
    adapter, raw = build(kind), send(kind)
    assert adapter.read(raw) == adapter.verify(raw, NOW).payload
    assert adapter.read(RawNotice(raw.method, raw.body)) == adapter.read(raw)


@every_adapter
def test_the_same_notice_always_has_the_same_answer(kind: str) -> None:
    first, second = build(kind), build(kind)
    assert send(kind) == send(kind)
    assert first.verify(send(kind), NOW) == second.verify(send(kind), NOW)
    payload = first.read(send(kind))
    assert first.translate(payload) == first.translate(payload) == second.translate(payload)


@every_adapter
def test_a_notice_sent_again_later_says_the_same_in_the_same_body(kind: str) -> None:
    assert send(kind, now=NOW + timedelta(hours=5)).body == send(kind).body


@every_adapter
def test_it_answers_in_its_sources_own_words(kind: str) -> None:
    adapter, example = build(kind), EXAMPLES[kind]
    payload = adapter.read(send(kind))
    replies = [
        (adapter.acknowledge(payload, repeated=False), example.stored_status, example.stored),
        (adapter.acknowledge(payload, repeated=True), example.stored_status, example.repeated),
        (adapter.refuse(), 401, example.refused),
    ]
    for reply, status, words in replies:
        assert (reply.status, reply.content_type) == (status, "application/json")
        if words is None:
            assert reply.body == b""
        else:
            assert words.items() <= json.loads(reply.body).items()


@every_adapter
def test_a_payload_of_another_adapter_is_a_fault_of_the_program(kind: str) -> None:
    with pytest.raises(TypeError):
        build(kind).translate(object())


texts = st.text(max_size=40) | st.sampled_from(["v1,", "1715152110", "msg_1", "v1,\udcff", "vnp_SecureHash"])


@every_adapter
@settings(deadline=None)
@given(
    body=st.binary(max_size=200) | st.text(max_size=80).map(str.encode) | st.sampled_from([b"{}", b"[]", b"a=b&a=b"]),
    headers=st.lists(texts, min_size=3, max_size=3),
)
def test_no_bytes_whatever_raise_anything_but_our_errors(kind: str, body: bytes, headers: list[str]) -> None:
    adapter = build(kind)
    raw = RawNotice("POST", body, dict(zip(adapter.signed_headers, headers, strict=False)))
    with pytest.raises(NotAuthenticError):
        adapter.verify(raw, NOW)
    try:
        payload = adapter.read(raw)
        adapter.translate(payload)
    except (UnreadableNoticeError, NotAPaymentError):
        return
