import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.momo import Momo, MomoOptions
from adapters.momo.payloads import SIGNED_FIELDS
from adapters.momo.signature import sign, string_to_sign
from adapters.momo.translate import RESULTS
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"K951B6PE1waDMi640xX08PD3vg6EkVlz"
NOW = datetime(2024, 5, 8, 7, 8, tzinfo=UTC)
FIELDS: Mapping[str, Any] = {
    "partnerCode": "MOMOTEST",
    "orderId": "dvc0000012H23240508000120240508140634",
    "requestId": "dvc0000012H23240508000120240508140634",
    "amount": 150000,
    "orderInfo": "Lệ phí hồ sơ 000.00.12.H23-240508-0001",
    "orderType": "momo_wallet",
    "transId": 4088878653,
    "resultCode": 0,
    "message": "Thành công.",
    "payType": "qr",
    "responseTime": 1715152032000,
    "extraData": "eyJ1c2VybmFtZSI6Im5nYSJ9Cg==",
}
FACTS = NoticeFacts(
    reference="dvc0000012H23240508000120240508140634",
    transaction_id="4088878653",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="Lệ phí hồ sơ 000.00.12.H23-240508-0001",
)


def adapter() -> Momo:
    return Momo([SECRET], MomoOptions(partner_code="MOMOTEST", access_key="F8BBA842ECF85"))


def signature_of(fields: Mapping[str, Any]) -> str:
    return sign(string_to_sign("F8BBA842ECF85", ((name, str(fields[name])) for name in SIGNED_FIELDS)), SECRET)


def notice(beside: Mapping[str, Any] | None = None, /, **changed: Any) -> RawNotice:
    """A signed notification with the fields changed, and with others beside them that are not signed."""
    fields = {**FIELDS, **changed}
    return unsigned({**fields, "signature": signature_of(fields), **(beside or {})})


def unsigned(message: object) -> RawNotice:
    return RawNotice("POST", json.dumps(message).encode())


def facts(raw: RawNotice) -> NoticeFacts:
    return adapter().translate(adapter().verify(raw, NOW).payload)


def test_the_public_vector_is_authentic_and_paid(shared: Path) -> None:
    vector = json.loads((shared / "vectors/momo_ipn_v2.json").read_text(encoding="utf-8"))
    values = [(name, str(vector["body"][name])) for name in SIGNED_FIELDS]
    assert string_to_sign(vector["access_key"], values) == vector["string_to_sign"]
    momo = Momo(
        [vector["secret_key"].encode()], MomoOptions(partner_code="TESTPARTNER", access_key=vector["access_key"])
    )
    said = momo.translate(momo.verify(unsigned(vector["body"]), NOW).payload)
    assert (said.reference, said.transaction_id, said.state) == ("MM123", "9876543210", PaymentState.PAID)
    assert (said.amount, said.occurred_at) == (99_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))


def test_a_notification_says_what_was_paid_for_which_dossier() -> None:
    assert facts(notice()) == FACTS


def test_numbers_written_as_text_say_the_same() -> None:
    assert facts(notice(amount="150000", transId="4088878653", resultCode="0", responseTime="1715152032000")) == FACTS


def test_an_amount_beyond_32_bits_is_kept_whole() -> None:
    assert facts(notice(amount=MAX_AMOUNT)).amount == MAX_AMOUNT


def test_what_stands_outside_the_signature_is_not_read() -> None:
    assert facts(notice({"partnerUserId": "u", "storeId": {"deep": [1.5, None]}})) == FACTS


def test_the_message_is_signed_as_it_is_written() -> None:
    assert facts(notice(message="Giao  dịch thành công. 100%25 + é\u0301")) == FACTS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # What stands at the end of one field begins the next one in its twin.
        ({"orderInfo": "A&orderType=B", "orderType": "C"}, {"orderInfo": "A", "orderType": "B&orderType=C"}),
        ({"message": "m&orderId=R1", "orderId": "R2"}, {"message": "m", "orderId": "R1&orderId=R2"}),
        ({"extraData": "&message=x", "message": "y"}, {"extraData": "", "message": "x&message=y"}),
    ],
)
def test_twins_that_differ_in_where_a_field_ends_have_one_signature_and_neither_is_believed(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert signature_of({**FIELDS, **one}) == signature_of({**FIELDS, **other})
    for twin in (one, other):
        with pytest.raises(NotAuthenticError, match="delimiter"):
            adapter().verify(notice(**twin), NOW)


@pytest.mark.parametrize("field", [name for name in SIGNED_FIELDS if name != "partnerCode"])
@pytest.mark.parametrize("next_name", SIGNED_FIELDS)
def test_what_could_begin_any_field_is_refused_in_any_field(field: str, next_name: str) -> None:
    with pytest.raises(NotAuthenticError, match="delimiter"):
        adapter().verify(notice(**{field: f"x&{next_name}=1"}), NOW)


def test_an_honest_ampersand_in_a_description_is_believed() -> None:
    said = facts(notice(orderInfo="Phí & lệ phí a=b&c=d, amount=1"))
    assert said == FACTS._replace(description="Phí & lệ phí a=b&c=d, amount=1", dossier_code=None)


@pytest.mark.parametrize("field", [*SIGNED_FIELDS, "signature"])
def test_a_missing_field_is_not_authenticated(field: str) -> None:
    message = json.loads(notice().body)
    del message[field]
    with pytest.raises(NotAuthenticError, match=f"{field} is missing"):
        adapter().verify(unsigned(message), NOW)


@pytest.mark.parametrize("field", ["amount", "extraData", "signature"])
@pytest.mark.parametrize("value", [None, True, 150000.0, ["x"], {"a": 1}])
def test_a_signed_field_is_text_or_an_integer(field: str, value: object) -> None:
    message = json.loads(notice().body) | {field: value}
    with pytest.raises(NotAuthenticError, match="neither text nor an integer"):
        adapter().verify(unsigned(message), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        notice().body[:-1],
        notice().body.replace(b'"amount"', b'"amount": 1, "amount"'),
        notice().body.replace(b"150000", b"9223372036854775808"),
        notice().body.replace(b"150000", b"1.5e5"),
        notice().body.replace(b"150000", b"NaN"),
        notice().body.replace(b"momo_wallet", b"\\u0000"),
        notice().body.replace(b"momo_wallet", b"\\ud800"),
        b"\xff" + notice().body,
    ],
    ids=range(11),
)
def test_a_body_that_has_no_one_meaning_is_not_authenticated_and_cannot_be_read(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(RawNotice("POST", body), NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().read(RawNotice("POST", body))


def test_a_notice_signed_for_another_partner_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="another partner"):
        adapter().verify(notice(partnerCode="MOMOOTHER"), NOW)


def test_another_access_key_makes_another_signature() -> None:
    other = Momo([SECRET], MomoOptions(partner_code="MOMOTEST", access_key="other"))
    with pytest.raises(NotAuthenticError):
        other.verify(notice(), NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", -1),
        ("amount", "1.5"),
        ("amount", "150.000"),
        ("amount", ""),
        ("amount", "9223372036854775808"),
        ("amount", "٣"),
        ("orderId", ""),
        ("orderId", "x" * 256),
        ("orderId", "a\nb"),
        ("transId", -1),
        ("transId", ""),
        ("transId", "T1"),
        ("resultCode", ""),
        ("resultCode", -1),
        ("resultCode", "0 0"),
        ("resultCode", "00\n"),
        ("responseTime", 0),
        ("responseTime", -1),
        ("responseTime", "2024-05-08 14:07:12"),
        ("responseTime", 99999999999999),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: object) -> None:
    payload = adapter().verify(notice(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 204


@pytest.mark.parametrize(
    ("code", "state", "outcome"),
    [
        (0, PaymentState.PAID, Outcome.PAID),
        (9000, PaymentState.PENDING, Outcome.PENDING),
        (7002, PaymentState.PENDING, Outcome.PENDING),
        (1001, PaymentState.FAILED, Outcome.DECLINED),
        (1005, PaymentState.EXPIRED, Outcome.PAYER_LEFT),
        (1006, PaymentState.ABANDONED, Outcome.PAYER_LEFT),
        (1017, PaymentState.FAILED, Outcome.OUR_FAULT),
        (10, PaymentState.FAILED, Outcome.GATEWAY_FAULT),
    ],
)
def test_a_listed_code_has_its_outcome_and_no_alarm(code: int, state: PaymentState, outcome: Outcome) -> None:
    assert facts(notice(resultCode=code)) == FACTS._replace(state=state, outcome=outcome)


def test_one_code_alone_is_paid() -> None:
    assert [code for code, (state, _) in RESULTS.items() if state is PaymentState.PAID] == ["0"]


@pytest.mark.parametrize("code", ["00", "1", "99", "98", "1080", "1081", "7001", "999999"])
def test_any_other_code_is_pending_with_an_alarm(code: str) -> None:
    said = facts(notice(resultCode=code))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == f"resultCode {code} is not a listed code"


def test_an_attempt_that_made_no_transaction_has_none() -> None:
    assert facts(notice(resultCode=1006, transId=0)).transaction_id == ""


def test_it_answers_204_and_refuses_with_401_both_without_a_body() -> None:
    stored = adapter().acknowledge(adapter().read(notice()), repeated=True)
    assert (stored.status, stored.body) == (204, b"")
    assert (adapter().refuse().status, adapter().refuse().body) == (401, b"")
