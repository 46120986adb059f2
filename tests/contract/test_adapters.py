"""What every adapter promises, whatever its source's format. A new one joins by a line in EXAMPLES."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import registry
from paygate.domain.adapter import Adapter
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice

NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
OLD, LIVE, NEW, STRANGE = (
    b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    b"C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    b"plJ3nmyCDGBKInavdOK15jsl5kEXJSJ2",
    b"QqvXkTFvXnOyvLKLcYhZ8e5rVq1VWUxA",
)
"""Secrets that are base64, so that every scheme can use them."""

PAID = NoticeFacts(
    reference="dvc0000012H2324050800012024050814063400",
    transaction_id="14422574",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="Lệ phí hồ sơ 000.00.12.H23-240508-0001, Nguyễn Thị Ánh",
)
FAILED = replace(PAID, state=PaymentState.FAILED, outcome=Outcome.DECLINED)
PENDING = replace(PAID, state=PaymentState.PENDING, outcome=Outcome.PENDING)


@dataclass(frozen=True)
class Example:
    """One source of a kind: its options, and what it answers to a notice stored, repeated and refused."""

    options: Mapping[str, Any]
    stored: Mapping[str, Any]
    repeated: Mapping[str, Any]
    refused: Mapping[str, Any]
    names_unlisted: bool = True

    def options_of_another(self) -> dict[str, Any]:
        return {key: "OTHER" if isinstance(value, str) else value for key, value in self.options.items()}


EXAMPLES = {
    "dvcqg": Example(
        options={"partner_code": "DVC-TEST", "failed_codes": ["99"]},
        stored={"MaLoi": "00", "MaDoiTac": "DVC-TEST", "MaThamChieu": PAID.reference},
        repeated={"MaLoi": "00", "MaDoiTac": "DVC-TEST", "MaThamChieu": PAID.reference},
        refused={"MaLoi": "99"},
    ),
    "vnpay": Example(
        options={"terminal_code": "PAYGATE1"},
        stored={"RspCode": "00"},
        repeated={"RspCode": "02"},
        refused={"RspCode": "97"},
    ),
    "standardwebhooks": Example(
        options={},
        stored={"success": True},
        repeated={"success": True},
        refused={"success": False},
        names_unlisted=False,
    ),
}

every_adapter = pytest.mark.parametrize("kind", sorted(EXAMPLES))


def build(kind: str, *secrets: bytes) -> Adapter:
    return registry.build(kind, secrets or [LIVE], EXAMPLES[kind].options)


def send(kind: str, facts: NoticeFacts = PAID, *, secret: bytes = LIVE, now: datetime = NOW) -> RawNotice:
    """The notice as intake hands it over: signed by the simulator, with the headers its adapter asks for."""
    method, body, headers = registry.simulator(kind, secret, EXAMPLES[kind].options).request(facts, now)
    asked = build(kind).signed_headers
    return RawNotice(method, body, {name: value for name, value in headers.items() if name in asked})


def test_every_adapter_of_the_table_passes_through_this_suite() -> None:
    assert EXAMPLES.keys() == registry.ADAPTERS.keys()


@every_adapter
def test_it_says_how_it_is_sent_and_what_it_can(kind: str) -> None:
    adapter = build(kind)
    assert send(kind).method in adapter.methods <= {"GET", "POST"}
    assert adapter.capabilities.notice
    assert all(name == name.lower() for name in adapter.signed_headers)
    assert send(kind).headers.keys() == set(adapter.signed_headers)


@every_adapter
@pytest.mark.parametrize("facts", [PAID, FAILED, PENDING], ids=["paid", "failed", "pending"])
def test_what_is_sent_is_what_is_understood(kind: str, facts: NoticeFacts) -> None:
    adapter = build(kind)
    understood = adapter.translate(adapter.verify(send(kind, facts), NOW).payload)
    assert replace(understood, alarm=None) == facts
    alarmed = facts is PENDING and EXAMPLES[kind].names_unlisted
    assert bool(understood.alarm) is alarmed


@every_adapter
@pytest.mark.parametrize("amount", [0, 1, 2**31, 2**63 - 1])
def test_amounts_of_64_bits_arrive_whole(kind: str, amount: int) -> None:
    adapter = build(kind)
    assert adapter.translate(adapter.verify(send(kind, replace(PAID, amount=amount)), NOW).payload).amount == amount


@every_adapter
@pytest.mark.parametrize(("secret", "key_id"), [(OLD, 0), (LIVE, 1), (NEW, 2)])
def test_each_of_several_live_secrets_is_accepted_and_named(kind: str, secret: bytes, key_id: int) -> None:
    assert build(kind, OLD, LIVE, NEW).verify(send(kind, secret=secret), NOW).key_id == key_id


@every_adapter
def test_a_secret_that_is_not_live_is_refused(kind: str) -> None:
    with pytest.raises(NotAuthenticError):
        build(kind, OLD, LIVE, NEW).verify(send(kind, secret=STRANGE), NOW)


def flips(raw: RawNotice) -> Iterator[RawNotice]:
    """The notice with one bit of one byte changed: in the body, then in each header the signature covers."""
    for place, byte in enumerate(raw.body):
        yield replace(raw, body=raw.body[:place] + bytes([byte ^ 1]) + raw.body[place + 1 :])
    for name, value in raw.headers.items():
        for place, character in enumerate(value):
            flipped = value[:place] + chr(ord(character) ^ 1) + value[place + 1 :]
            yield replace(raw, headers={**raw.headers, name: flipped})


@every_adapter
def test_one_flipped_bit_anywhere_is_refused(kind: str) -> None:
    adapter, believed, tried = build(kind), [], 0
    for tried, flipped in enumerate(flips(send(kind)), start=1):  # noqa: B007 -- counted below
        try:
            believed.append(adapter.verify(flipped, NOW))
        except NotAuthenticError:
            continue
    assert believed == []
    assert tried > 300


@every_adapter
def test_a_notice_cut_anywhere_is_refused(kind: str) -> None:
    raw = send(kind)
    for length in range(len(raw.body)):
        with pytest.raises(NotAuthenticError):
            build(kind).verify(replace(raw, body=raw.body[:length]), NOW)


@every_adapter
def test_a_notice_without_one_of_its_headers_is_refused(kind: str) -> None:
    raw = send(kind)
    for missing in raw.headers:
        with pytest.raises(NotAuthenticError):
            build(kind).verify(
                replace(raw, headers={name: value for name, value in raw.headers.items() if name != missing}), NOW
            )


@pytest.mark.parametrize("kind", [kind for kind, example in EXAMPLES.items() if example.options])
def test_a_notice_signed_for_another_partner_under_the_same_secret_is_refused(kind: str) -> None:
    options = EXAMPLES[kind].options_of_another()
    method, body, headers = registry.simulator(kind, LIVE, options).request(PAID, NOW)
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
        (adapter.acknowledge(payload, repeated=False), 200, example.stored),
        (adapter.acknowledge(payload, repeated=True), 200, example.repeated),
        (adapter.refuse(), 401, example.refused),
    ]
    for reply, status, words in replies:
        assert (reply.status, reply.content_type) == (status, "application/json")
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
    except UnreadableNoticeError:
        return
