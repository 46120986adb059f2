import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.keypay import Keypay, KeypayOptions
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"hash_key_2"
NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
ATTESTED = ("addition_fee", "client_id", "command", "trans_amount", "transaction_id", "version")
COVERING = (*ATTESTED, "status")
EVERYTHING = (*COVERING, "transaction_code", "description")
BODY: Mapping[str, Any] = {
    "client_id": "HAIDUONG",
    "transaction_id": "KP-20240508-0001",
    "transaction_code": "G22.99.3-240508000001",
    "trans_amount": 150000,
    "payment_fee": 3300,
    "command": "PAY",
    "addition_fee": 0,
    "version": "1.0",
    "description": "Nộp lệ phí 000.00.12.H23-240508-0001",
    "locale": "vn",
    "country_code": "VN",
    "currency_code": "VND",
    "environment": "WEB",
    "status": 0,
}
FACTS = NoticeFacts(
    reference="KP-20240508-0001",
    transaction_id="G22.99.3-240508000001",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=None,
    dossier_code="000.00.12.H23-240508-0001",
    description="Nộp lệ phí 000.00.12.H23-240508-0001",
)


def adapter(signed: tuple[str, ...] = EVERYTHING) -> Keypay:
    return Keypay([SECRET], KeypayOptions(client_id="HAIDUONG", signed_fields=signed))


def callback(signed: tuple[str, ...] = EVERYTHING, /, **changed: Any) -> RawNotice:
    """A signed callback with the fields changed; None leaves one out."""
    message = {name: value for name, value in {**BODY, **changed}.items() if value is not None}
    text = "|".join(str(message.get(field, "")) for field in signed)
    return raw({**message, "check_sum": hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()})


def raw(message: object) -> RawNotice:
    return RawNotice("POST", json.dumps(message).encode())


def facts(notified: RawNotice, keypay: Keypay | None = None) -> NoticeFacts:
    keypay = keypay or adapter()
    return keypay.translate(keypay.verify(notified, NOW).payload)


def test_a_callback_whose_amount_and_status_are_signed_is_paid() -> None:
    assert facts(callback()) == FACTS


def test_values_written_as_text_say_the_same() -> None:
    assert facts(callback(trans_amount="150000", addition_fee="0", status="0")) == FACTS


def test_a_success_outside_the_signature_is_pending_with_an_alarm() -> None:
    said = facts(callback(ATTESTED), adapter(ATTESTED))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == "status 0, but the signature leaves out status"
    assert (said.reference, said.transaction_id, said.amount) == (FACTS.reference, FACTS.transaction_id, FACTS.amount)


def test_an_amount_outside_the_signature_is_pending_too() -> None:
    signed = tuple(field for field in EVERYTHING if field != "trans_amount")
    said = facts(callback(signed), adapter(signed))
    assert (said.state, said.alarm) == (PaymentState.PENDING, "status 0, but the signature leaves out trans_amount")


def test_a_transaction_outside_the_signature_makes_no_second_payment_of_the_first() -> None:
    first = facts(callback(COVERING), adapter(COVERING))
    altered = facts(callback(COVERING, transaction_code="9"), adapter(COVERING))
    assert first == altered == FACTS._replace(transaction_id="", description="", dossier_code=None)


def test_a_dossier_outside_the_signature_is_not_believed() -> None:
    said = facts(callback(ATTESTED), adapter(ATTESTED))
    assert (said.dossier_code, said.description) == (None, "")


@pytest.mark.parametrize("field", EVERYTHING)
def test_a_delimiter_in_any_signed_field_is_refused(field: str) -> None:
    with pytest.raises(NotAuthenticError, match="delimiter"):
        adapter().verify(callback(**{field: f"{BODY[field]}|x"}), NOW)


def test_doubles_across_the_delimiter_are_refused_both() -> None:
    one = callback(ATTESTED, command="PAY|1", trans_amount="50000")
    two = callback(ATTESTED, command="PAY", trans_amount="1|50000")
    assert json.loads(one.body)["check_sum"] == json.loads(two.body)["check_sum"]
    for double in (one, two):
        with pytest.raises(NotAuthenticError, match="delimiter"):
            adapter(ATTESTED).verify(double, NOW)


@pytest.mark.parametrize("field", EVERYTHING)
def test_a_signed_field_that_was_changed_or_left_out_is_refused(field: str) -> None:
    message = json.loads(callback().body)
    for changed in ({**message, field: "7"}, {name: value for name, value in message.items() if name != field}):
        with pytest.raises(NotAuthenticError):
            adapter().verify(raw(changed), NOW)


def test_a_callback_for_another_client_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="another client"):
        adapter().verify(callback(client_id="OTHER"), NOW)


@pytest.mark.parametrize("field", ["client_id", "transaction_id", "check_sum"])
def test_without_the_fields_that_make_it_one_it_is_no_callback(field: str) -> None:
    message = json.loads(callback().body)
    for incomplete in ({**message, field: ""}, {**message, field: None}):
        with pytest.raises(NotAuthenticError, match=f"{field} is missing"):
            adapter().verify(raw(incomplete), NOW)
        with pytest.raises(UnreadableNoticeError, match=f"{field} is missing"):
            adapter().read(raw(incomplete))


@pytest.mark.parametrize("value", [True, 150000.0, 1.5, ["x"], {"a": 1}])
def test_a_field_is_text_or_an_integer(value: object) -> None:
    with pytest.raises(NotAuthenticError, match="trans_amount is neither text nor an integer"):
        adapter().verify(callback(trans_amount=value), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        callback().body[:-1],
        callback().body.replace(b'"trans_amount"', b'"trans_amount": 1, "trans_amount"'),
        callback().body.replace(b"150000", b"NaN"),
        callback().body.replace(b"150000", b"9223372036854775808"),
        callback().body.replace(b"WEB", b"\\u0000"),
        callback().body.replace(b'"WEB"', b"[" * 300 + b"]" * 300),
        b"\xff" + callback().body,
    ],
    ids=range(10),
)
def test_a_body_that_has_no_one_meaning_is_not_authenticated_and_cannot_be_read(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(RawNotice("POST", body), NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().read(RawNotice("POST", body))


def test_anything_else_for_a_check_sum_is_refused() -> None:
    message = json.loads(callback().body)
    right = message["check_sum"]
    for wrong in (right.upper(), right[:-1], f"{right} ", "é", hmac.new(SECRET, b"", hashlib.sha1).hexdigest()):
        with pytest.raises(NotAuthenticError):
            adapter().verify(raw({**message, "check_sum": wrong}), NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trans_amount", None),
        ("trans_amount", -1),
        ("trans_amount", "150000.0"),
        ("trans_amount", "150.000"),
        ("trans_amount", "9223372036854775808"),
        ("trans_amount", "9" * 30),
        ("status", None),
        ("status", "0 "),
        ("status", "0\n"),
        ("status", "0" * 21),
        ("transaction_id", "a\nb"),
        ("transaction_id", "x" * 256),
        ("transaction_code", "x" * 256),
        ("currency_code", "USD"),
        ("currency_code", "vnd"),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: object) -> None:
    payload = adapter().verify(callback(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 200


@pytest.mark.parametrize("status", [1, -1, "00", "99", "FAILED"])
def test_a_status_that_is_not_listed_is_pending_with_an_alarm(status: object) -> None:
    said = facts(callback(status=status))
    assert said == FACTS._replace(
        state=PaymentState.PENDING, outcome=Outcome.PENDING, alarm=f"status {status} is not listed"
    )


def test_the_largest_amount_is_64_bits_of_dong() -> None:
    assert facts(callback(trans_amount=MAX_AMOUNT)).amount == MAX_AMOUNT


def test_what_it_cannot_know_depends_on_what_is_signed() -> None:
    assert adapter().capabilities.cannot_know == ("when it was paid", "why it was not")
    assert adapter(ATTESTED).capabilities.cannot_know[-1] == "whether it was paid: the signature leaves out status"
    assert (adapter().capabilities.money_confirms, adapter(ATTESTED).capabilities.money_confirms) == (False, True)


def test_a_callback_is_answered_0_and_a_forgery_minus_1() -> None:
    payload = adapter().read(callback())
    replies = [
        adapter().acknowledge(payload, repeated=False),
        adapter().acknowledge(payload, repeated=True),
        adapter().refuse(),
    ]
    assert [(reply.status, json.loads(reply.body)["return_code"]) for reply in replies] == [
        (200, 0),
        (200, 0),
        (401, -1),
    ]
