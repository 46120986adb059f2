"""Laws of the gateways' and aggregators' notices: of messages with one signature at most one is believed."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from adapters import registry
from adapters.casso.signature import sign as sign_casso
from adapters.casso.signature import string_to_sign as casso_string
from adapters.payos.signature import sign as sign_payos
from adapters.payos.signature import string_to_sign as payos_string
from adapters.zalopay.signature import sign as sign_zalopay
from paygate.domain.adapter import Adapter
from paygate.domain.errors import InvalidInputError, NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice, Several

SECRET = b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
SENT_AT = str(int(NOW.timestamp() * 1000))
MOMO_OPTIONS = {"partner_code": "P", "access_key": "K"}
ZALOPAY = registry.build("zalopay", [SECRET], {"app_id": 7})
PAYOS = registry.build("payos", [SECRET], {})
CASSO = registry.build("casso", [SECRET], {})
CASSO_1 = registry.build("casso", [], {"static_token": "T"})

law = settings(deadline=None)
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
printable = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40).map(
    lambda text: text.replace("&", "+")
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(storable, inner, max_size=3),
    max_leaves=12,
)


def told(adapter: Adapter, payload: object) -> NoticeFacts | None:
    """What is understood, checked to be such as the database can keep; None of what is no payment or unreadable."""
    assert adapter.acknowledge(payload, repeated=False).status in {200, 204}
    try:
        facts = adapter.translate(payload)
    except (UnreadableNoticeError, NotAPaymentError):
        event("named as unreadable")
        return None
    event("understood")
    for text in (facts.reference, facts.transaction_id, facts.description, facts.dossier_code or ""):
        assert "\0" not in text
        assert text.encode().decode() == text
    assert 0 <= facts.amount < 2**63
    return facts


@pytest.mark.parametrize(
    ("kind", "options"), [("momo", MOMO_OPTIONS), ("zalopay", {"app_id": 7}), ("payos", {}), ("casso", {})]
)
@law
@given(
    reference=printable,
    number=st.integers(1, 2**53 - 1),
    amount=st.integers(1, MAX_AMOUNT),
    seconds=st.integers(0, 10**9),
    description=storable.map(lambda text: text.replace("&", "+")),
)
def test_whatever_was_paid_is_understood(  # noqa: PLR0913, PLR0917 -- the facts that vary
    kind: str, options: dict[str, Any], reference: str, number: int, amount: int, seconds: int, description: str
) -> None:
    words = {"null", "undefined"}
    said = NoticeFacts(
        reference=str(number) if kind == "payos" else reference,
        transaction_id=str(number),
        state=PaymentState.PAID,
        outcome=Outcome.PAID,
        amount=amount,
        currency="VND",
        occurred_at=datetime.fromtimestamp(1_600_000_000 + seconds, UTC),
        description="" if kind == "zalopay" or (kind == "payos" and description in words) else description,
    )
    method, body, headers = registry.simulator(kind, SECRET, options).request(said, NOW)
    adapter = registry.build(kind, [SECRET], options)
    assert told(adapter, adapter.verify(RawNotice(method, body, headers), NOW).payload) == said


@law
@given(data=storable | json_values.map(json.dumps) | st.just('{"app_id":7,"amount":1}'))
def test_any_text_signed_by_zalopay_is_believed_and_then_understood_or_named(data: str) -> None:
    body = json.dumps({"data": data, "mac": sign_zalopay(data, SECRET), "type": 1}).encode()
    told(ZALOPAY, ZALOPAY.verify(RawNotice("POST", body), NOW).payload)


NAMES = ("amount", "code", "description", "orderCode", "reference")
pieces = st.lists(st.sampled_from(["a", "=", "&", "1", *(f"&{name}=" for name in NAMES)]), max_size=4).map("".join)


@law
@given(sent=st.dictionaries(st.sampled_from(NAMES), pieces, min_size=1), data=st.data())
def test_of_all_messages_with_one_payos_signature_at_most_one_is_believed(
    sent: dict[str, str], data: st.DataObject
) -> None:
    text = payos_string(sent)
    borders = [found.start() for found in re.finditer(r"&\w+=", text)]
    chosen = [0, *(place for place in borders if data.draw(st.booleans())), len(text)]
    pairs = [text[begin:end].removeprefix("&").partition("=")[::2] for begin, end in pairwise(chosen) if begin < end]
    twin = dict(pairs)
    if len(twin) < len(pairs) or payos_string(twin) != text:
        event("no twin")
        return
    believed = [message for message in (sent, twin) if is_believed(message, text)]
    assert all(message == believed[0] for message in believed)
    event(f"{'a' if twin != sent else 'the same'} twin, {len(believed)} believed")


def is_believed(message: dict[str, str], text: str) -> bool:
    body = json.dumps({"data": message, "signature": sign_payos(text, SECRET)}).encode()
    with suppress(NotAuthenticError):
        told(PAYOS, PAYOS.verify(RawNotice("POST", body), NOW).payload)
        return True
    return False


FIELDS = {
    "id": st.integers(0, 2**53 - 1),
    "amount": st.integers(-1, MAX_AMOUNT),
    "reference": st.just("FT1") | storable,
    "transactionDateTime": st.just("2024-05-08 14:07:12"),
    "description": storable,
}
odd_fields = {name: value | json_values for name, value in FIELDS.items()}


@law
@given(data=st.fixed_dictionaries(FIELDS) | st.fixed_dictionaries({}, optional=odd_fields) | json_values)
def test_any_body_signed_by_casso_is_believed_unless_it_has_no_one_writing(data: object) -> None:
    message = {"error": 0, "data": data}
    try:
        text = casso_string(SENT_AT, message)
    except InvalidInputError:
        event("no one writing")
        return
    header = f"t={SENT_AT},v1={sign_casso(text, SECRET)}"
    raw = RawNotice("POST", json.dumps(message).encode(), {"x-casso-signature": header})
    payload = CASSO.verify(raw, NOW).payload
    for one in [part.payload for part in payload.parts] if isinstance(payload, Several) else [payload]:
        told(CASSO, one)


@law
@given(body=st.binary(max_size=60) | json_values.map(lambda value: json.dumps({"error": 0, "data": value}).encode()))
def test_whatever_comes_with_the_token_is_taken_apart_or_named(body: bytes) -> None:
    payload = CASSO_1.verify(RawNotice("POST", body, {"secure-token": "T"}), NOW).payload
    for one in [part.payload for part in payload.parts] if isinstance(payload, Several) else [payload]:
        told(CASSO_1, one)
