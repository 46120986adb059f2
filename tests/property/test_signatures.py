"""Laws of signed notices: what is signed is believed, what is changed is not, what is believed is read or named."""

import json
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from adapters import registry
from adapters.dvcqg.payloads import SIGNED_FIELDS
from adapters.dvcqg.signature import sign as sign_dvcqg
from adapters.fields import YEARS
from adapters.momo.payloads import SIGNED_FIELDS as MOMO_FIELDS
from adapters.momo.signature import sign as sign_momo
from adapters.momo.signature import string_to_sign
from adapters.standardwebhooks.signature import HEADERS
from adapters.standardwebhooks.signature import sign as sign_standard
from adapters.strict_json import parse
from adapters.vnpay.signature import encode
from adapters.vnpay.signature import sign as sign_vnpay
from paygate.domain.adapter import Adapter
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
DVCQG = registry.build("dvcqg", [SECRET], {"partner_code": "DVC-TEST", "failed_codes": ["99"]})
VNPAY = registry.build("vnpay", [SECRET], {"terminal_code": "PAYGATE1"})
STANDARD = registry.build("standardwebhooks", [SECRET], {})

law = settings(deadline=None)
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
printable = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=60)
moments = st.integers(
    int(datetime(YEARS[0], 1, 2, tzinfo=UTC).timestamp()), int(datetime(YEARS[-1], 12, 30, tzinfo=UTC).timestamp())
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@st.composite
def facts(draw: st.DrawFn) -> NoticeFacts:
    """Facts that every source has words for."""
    state, outcome = draw(st.sampled_from([(PaymentState.PAID, Outcome.PAID), (PaymentState.FAILED, Outcome.DECLINED)]))
    return NoticeFacts(
        reference=draw(printable.filter(bool)).replace("|", "/"),
        transaction_id=draw(printable).replace("|", "/"),
        state=state,
        outcome=outcome,
        amount=draw(st.integers(0, MAX_AMOUNT)),
        currency="VND",
        occurred_at=draw(moments),
        dossier_code=None,
        description=draw(storable).replace("|", "/"),
    )


@pytest.mark.parametrize(
    ("kind", "adapter", "options"),
    [
        ("dvcqg", DVCQG, {"partner_code": "DVC-TEST", "failed_codes": ["99"]}),
        ("vnpay", VNPAY, {"terminal_code": "PAYGATE1"}),
        ("standardwebhooks", STANDARD, {}),
    ],
    ids=["dvcqg", "vnpay", "standardwebhooks"],
)
@law
@given(said=facts())
def test_whatever_is_said_is_understood(
    kind: str, adapter: Adapter, options: dict[str, Any], said: NoticeFacts
) -> None:
    assume(kind != "vnpay" or said.transaction_id != "0")
    method, body, headers = registry.simulator(kind, SECRET, options).request(said, NOW)
    assert adapter.translate(adapter.verify(RawNotice(method, body, headers), NOW).payload) == said


def translated(adapter: Adapter, payload: object) -> NoticeFacts | None:
    """The facts, checked to be such as the database can keep; None when the notice would be quarantined."""
    try:
        found = adapter.translate(payload)
    except UnreadableNoticeError:
        return None
    for text in (found.reference, found.transaction_id, found.description, found.dossier_code or ""):
        assert "\0" not in text
        assert text.encode().decode() == text
    assert 0 <= found.amount <= MAX_AMOUNT
    assert found.occurred_at is None or found.occurred_at.astimezone(UTC).year
    assert adapter.acknowledge(payload, repeated=False).status == 200
    return found


values = storable | st.integers(-(2**63), 2**63 - 1)
likely = {
    "LoaiBanTin": st.just("CONFIRM"),
    "MaLoi": st.sampled_from(["00", "99", "17"]),
    "MaDoiTac": st.just("DVC-TEST"),
    "SoTien": st.integers(-1, 2**63 - 1),
    "MaTienTe": st.just("VND"),
    "ThoiGianGD": st.just("20240508140712"),
}


@law
@given(
    fields=st.fixed_dictionaries(
        {name: st.one_of(likely[name], likely[name], values) if name in likely else values for name in SIGNED_FIELDS}
    )
)
def test_a_signed_confirm_is_believed_unless_a_field_holds_the_delimiter(fields: dict[str, str | int]) -> None:
    literal = [str(fields[name]) for name in SIGNED_FIELDS]
    raw = RawNotice("POST", json.dumps({**fields, "MaXacThuc": sign_dvcqg(literal, SECRET)}).encode())
    if any("|" in text for text in literal) or fields["MaDoiTac"] != "DVC-TEST":
        with pytest.raises(NotAuthenticError):
            DVCQG.verify(raw, NOW)
        return
    payload = DVCQG.verify(raw, NOW).payload
    event("understood" if translated(DVCQG, payload) else "named as unreadable")
    assert json.loads(DVCQG.acknowledge(payload, repeated=True).body)["MaThamChieu"] == str(fields["MaThamChieu"])


@law
@given(first=storable, middle=storable, last=storable)
def test_twins_that_differ_in_where_a_field_ends_have_one_signature_and_neither_is_believed(
    first: str, middle: str, last: str
) -> None:
    rest = ["CONFIRM", "00", "DVC-TEST", "ref", "1", "VND", "t", "970415"]
    twins = [[*rest, first, f"{middle}|{last}"], [*rest, f"{first}|{middle}", last]]
    assert sign_dvcqg(twins[0], SECRET) == sign_dvcqg(twins[1], SECRET)
    for twin in twins:
        message = dict(zip(SIGNED_FIELDS, twin, strict=True)) | {"MaXacThuc": sign_dvcqg(twin, SECRET)}
        with pytest.raises(NotAuthenticError):
            DVCQG.verify(RawNotice("POST", json.dumps(message).encode()), NOW)


MOMO = registry.build("momo", [SECRET], {"partner_code": "P", "access_key": "K"})
pieces = st.lists(st.sampled_from(["a", "=", "&", "0", "1", *(f"&{name}=" for name in MOMO_FIELDS)]), max_size=4).map(
    "".join
)


@law
@given(values=st.lists(pieces, min_size=len(MOMO_FIELDS), max_size=len(MOMO_FIELDS)), data=st.data())
def test_of_all_messages_with_one_momo_signature_at_most_one_is_believed(
    values: list[str], data: st.DataObject
) -> None:
    fields = dict(zip(MOMO_FIELDS, values, strict=True)) | {"partnerCode": "P"}
    text = string_to_sign("K", fields.items())
    taken_apart = [dict(zip(MOMO_FIELDS, found, strict=True)) for found in ways_apart(text.removeprefix("accessKey=K"))]
    assert fields in taken_apart
    twin = data.draw(st.sampled_from(taken_apart))
    raw = RawNotice("POST", json.dumps({**twin, "signature": sign_momo(text, SECRET)}).encode())
    event(f"{len(taken_apart)} ways to take it apart")
    if any(f"&{name}=" in value for value in twin.values() for name in MOMO_FIELDS):
        with pytest.raises(NotAuthenticError):
            MOMO.verify(raw, NOW)
        return
    assert len(taken_apart) == 1
    payload = MOMO.verify(raw, NOW).payload
    assert MOMO.acknowledge(payload, repeated=False).status == 204
    with suppress(UnreadableNoticeError):
        MOMO.translate(payload)


def ways_apart(text: str, names: tuple[str, ...] = MOMO_FIELDS) -> list[tuple[str, ...]]:
    """Every choice of values that joins to this text, found by trying every place where a field can end."""
    first, rest = names[0], names[1:]
    if not text.startswith(f"&{first}="):
        return []
    value = text.removeprefix(f"&{first}=")
    if not rest:
        return [(value,)]
    ends = [end for end in range(len(value)) if value.startswith(f"&{rest[0]}=", end)]
    return [(value[:end], *others) for end in ends for others in ways_apart(value[end:], rest)]


names = st.sampled_from(["vnp_OrderInfo", "vnp_TxnRef", "vnp_TransactionNo", "vnp_PayDate", "vnp_X"])
base = {"vnp_TmnCode": "PAYGATE1", "vnp_Amount": "100", "vnp_ResponseCode": "00", "vnp_TransactionStatus": "00"}


@law
@given(changed=st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=40)), data=st.data())
def test_a_signed_query_string_is_believed_in_any_order_and_escaping(
    changed: dict[str, str], data: st.DataObject
) -> None:
    sent = base | changed
    safe = data.draw(st.sampled_from(["", "*", "~", "!'()*~"]))
    escaped = {name: quote_plus(value, safe=safe) for name, value in sent.items()}
    signed = "&".join(f"{name}={value}" for name, value in sorted(escaped.items()) if value)
    pairs = data.draw(st.permutations([f"{name}={value}" for name, value in escaped.items()]))
    for text in (signed, encode(sent)):
        query = "&".join([*pairs, f"vnp_SecureHash={sign_vnpay(text, SECRET)}"])
        translated(VNPAY, VNPAY.verify(RawNotice("GET", query.encode()), NOW).payload)


@law
@given(changed=st.dictionaries(names, storable), name=st.sampled_from(sorted(base)), value=storable)
def test_a_changed_value_of_a_query_string_is_refused(changed: dict[str, str], name: str, value: str) -> None:
    signed = base | changed
    sent = signed | {name: value}
    assume(sent != signed)
    query = f"{encode(sent)}&vnp_SecureHash={sign_vnpay(encode(signed), SECRET)}"
    with pytest.raises(NotAuthenticError):
        VNPAY.verify(RawNotice("GET", query.encode()), NOW)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
    max_leaves=20,
)


@law
@given(
    data=st.fixed_dictionaries(
        {},
        optional={
            "reference": st.just("r") | json_values,
            "transaction_id": st.none() | json_values,
            "amount": st.integers() | json_values,
            "currency": st.just("VND") | json_values,
            "status": st.sampled_from(list(PaymentState)) | json_values,
            "paid_at": st.just("2024-05-08T14:07:12+07:00") | json_values,
            "dossier_code": json_values,
            "description": json_values,
        },
    ),
    sort=st.just("payment.paid") | json_values,
)
def test_any_signed_neutral_body_is_believed_and_then_understood_or_named(data: dict[str, Any], sort: object) -> None:
    body = json.dumps({"type": sort, "data": data}).encode()
    sent_at = str(int(NOW.timestamp()))
    signature = f"v1,{sign_standard('msg_1', sent_at, body, b64decode(SECRET)).decode()}"
    raw = RawNotice("POST", body, dict(zip(HEADERS, ("msg_1", sent_at, signature), strict=True)))
    said = translated(STANDARD, STANDARD.verify(raw, NOW).payload)
    event("understood" if said else "named as unreadable")


@law
@given(json_values)
def test_strict_json_reads_what_the_standard_library_wrote(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@law
@given(st.binary(max_size=100) | st.text('{}[]",:\\u0d8n1e-. ', max_size=60).map(str.encode))
def test_strict_json_reads_no_more_than_the_standard_library_and_refuses_in_one_way(body: bytes) -> None:
    try:
        value = parse(body)
    except InvalidInputError:
        return
    assert json.loads(body) == value
