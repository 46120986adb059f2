import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.payos import Payos, PayosOptions
from adapters.payos.signature import sign, string_to_sign
from paygate.domain.errors import NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"1a54716c8f0efb2744fb28b6e38b25da7f67a925d98bc1c18bd8faaecadd7675"
NOW = datetime(2024, 5, 8, 7, 8, tzinfo=UTC)
DATA: Mapping[str, Any] = {
    "orderCode": 2405080001,
    "amount": 150000,
    "description": "CSWR8 000.00.12.H23-240508-0001",
    "accountNumber": "0011007654321",
    "reference": "FT24129123456789",
    "transactionDateTime": "2024-05-08 14:07:12",
    "currency": "VND",
    "paymentLinkId": "9f2c33293c43417ab7879e14c8d9eb77",
    "code": "00",
    "desc": "Thành công",
    "counterAccountBankId": None,
    "counterAccountBankName": "",
    "counterAccountName": "NGUYEN THI ANH",
    "counterAccountNumber": "1234",
    "virtualAccountName": None,
    "virtualAccountNumber": "",
}
FACTS = NoticeFacts(
    reference="2405080001",
    transaction_id="FT24129123456789",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="CSWR8 000.00.12.H23-240508-0001",
)


def adapter() -> Payos:
    return Payos([SECRET], PayosOptions())


def signature_of(data: Mapping[str, Any]) -> str:
    return sign(string_to_sign({name: "" if value is None else str(value) for name, value in data.items()}), SECRET)


def signed(data: Mapping[str, Any], **beside: Any) -> RawNotice:
    message = {"code": "00", "desc": "success", "success": True, "data": data, "signature": signature_of(data)}
    return unsigned(message | beside)


def notice(**changed: Any) -> RawNotice:
    return signed({**DATA, **changed})


def unsigned(message: object) -> RawNotice:
    return RawNotice("POST", json.dumps(message).encode())


def facts(raw: RawNotice) -> NoticeFacts:
    return adapter().translate(adapter().verify(raw, NOW).payload)


def test_the_published_sample_is_authentic_and_a_trial_of_the_connection(shared: Path) -> None:
    vector = json.loads((shared / "vectors/payos_webhook.json").read_text(encoding="utf-8"))
    payos = Payos([vector["checksum_key"].encode()], PayosOptions())
    payload = payos.verify(unsigned(vector["body"]), NOW).payload
    assert string_to_sign(payos.read(unsigned(vector["body"])).values) == vector["string_to_sign"]
    with pytest.raises(NotAPaymentError, match="tried the connection"):
        payos.translate(payload)


def test_a_payer_who_writes_the_words_of_the_trial_still_pays() -> None:
    said = facts(notice(description="VQRIO123", reference="TF230204212323", orderCode=123))
    assert (said.state, said.amount) == (PaymentState.PAID, 150_000)


def test_a_webhook_says_what_came_for_which_dossier() -> None:
    assert facts(notice()) == FACTS


def test_fields_that_are_new_to_us_are_signed_and_passed_over() -> None:
    assert facts(notice(batchNo=7, aNote="x", zone=None)) == FACTS


def test_fields_may_come_in_any_order() -> None:
    assert facts(signed(dict(reversed(DATA.items())))) == FACTS


def test_a_null_is_signed_as_nothing() -> None:
    assert facts(notice(description=None)) == FACTS._replace(description="", dossier_code=None)


@pytest.mark.parametrize("word", ["null", "undefined"])
def test_a_word_that_is_signed_as_nothing_is_read_as_nothing(word: str) -> None:
    said = json.loads(notice(description="").body)
    said["data"]["description"] = word
    assert facts(unsigned(said)) == FACTS._replace(description="", dossier_code=None)


def test_what_stands_around_the_data_is_not_believed() -> None:
    assert facts(signed(DATA, code="99", success=False, desc="failed")) == FACTS


def test_numbers_written_as_text_say_the_same() -> None:
    assert facts(notice(orderCode="2405080001", amount="150000")) == FACTS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # A value takes in its neighbour, so that a field vanishes; a value lets one out, so that a field appears.
        ({"accountNumber": "1&amount=5", "code": "00"}, {"accountNumber": "1", "amount": "5", "code": "00"}),
        ({"description": "d&orderCode=7", "reference": "r"}, {"description": "d", "orderCode": "7", "reference": "r"}),
        ({"description": "d&extra=1", "orderCode": "7"}, {"description": "d", "extra": "1", "orderCode": "7"}),
    ],
)
def test_of_twins_with_one_signature_only_the_one_without_a_delimiter_in_a_value_is_believed(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert signature_of(one) == signature_of(other)
    with pytest.raises(NotAuthenticError, match="delimiter"):
        adapter().verify(signed(one), NOW)
    adapter().verify(signed(other), NOW)


@pytest.mark.parametrize("field", DATA)
def test_what_could_begin_another_field_is_refused_in_any_field(field: str) -> None:
    with pytest.raises(NotAuthenticError, match="delimiter"):
        adapter().verify(notice(**{field: "x&orderCode=1"}), NOW)


@pytest.mark.parametrize("name", ["", "a=b", "a&b", "orderCode=1&x", "é", "a b", "1a", "x" * 65])
def test_a_name_that_could_move_the_border_to_its_value_is_refused(name: str) -> None:
    with pytest.raises(NotAuthenticError, match="a name in data"):
        adapter().verify(notice(**{name: "x"}), NOW)


def test_an_honest_ampersand_in_a_narrative_is_believed() -> None:
    assert facts(notice(description="Phi & le phi, a=b & c")).description == "Phi & le phi, a=b & c"


@pytest.mark.parametrize("value", [True, 150000.0, 1.5, ["x"], {"a": 1}])
def test_a_signed_field_is_text_an_integer_or_null(value: object) -> None:
    with pytest.raises(NotAuthenticError, match="neither text nor an integer"):
        adapter().verify(notice(amount=value), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps({"data": DATA}).encode(),
        json.dumps({"data": [DATA], "signature": "x"}).encode(),
        json.dumps({"data": DATA, "signature": None}).encode(),
        json.dumps({"data": {f"f{n}": n for n in range(65)}, "signature": "x"}).encode(),
        notice().body[:-1],
        notice().body.replace(b'"amount"', b'"amount": 1, "amount"'),
        notice().body.replace(b"150000", b"9223372036854775808"),
        notice().body.replace(b"150000", b"NaN"),
        notice().body.replace(b"CSWR8", b"\\u0000"),
        notice().body.replace(b"CSWR8", b"\\ud800"),
        b"\xff",
    ],
    ids=range(14),
)
def test_a_body_that_has_no_one_meaning_is_not_authenticated_and_cannot_be_read(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(RawNotice("POST", body), NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().read(RawNotice("POST", body))


def test_data_without_a_field_is_authentic_and_unreadable() -> None:
    with pytest.raises(UnreadableNoticeError, match="is missing"):
        facts(signed({}))


@pytest.mark.parametrize("field", ["orderCode", "amount", "reference", "transactionDateTime", "currency", "code"])
def test_a_missing_field_is_unreadable_and_cannot_be_taken_out(field: str) -> None:
    rest = {name: value for name, value in DATA.items() if name != field}
    with pytest.raises(UnreadableNoticeError, match=f"{field} is missing"):
        facts(signed(rest))
    with pytest.raises(NotAuthenticError):
        adapter().verify(signed(rest, signature=signature_of(DATA)), NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", -1),
        ("amount", ""),
        ("amount", None),
        ("amount", "1.5"),
        ("amount", "3,000"),
        ("amount", "9223372036854775808"),
        ("orderCode", -1),
        ("orderCode", "A1"),
        ("orderCode", ""),
        ("reference", ""),
        ("reference", None),
        ("reference", "x" * 256),
        ("reference", "a\nb"),
        ("currency", "vnd"),
        ("currency", ""),
        ("transactionDateTime", "2024-05-08T14:07:12"),
        ("transactionDateTime", "2024-02-30 14:07:12"),
        ("code", ""),
        ("code", "x" * 21),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: object) -> None:
    payload = adapter().verify(notice(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 200


@pytest.mark.parametrize("code", ["01", "0", "000"])
def test_a_code_that_is_not_listed_is_pending_with_an_alarm(code: str) -> None:
    said = facts(notice(code=code))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == f"code {code} is not a listed code"


def test_a_refusal_is_401() -> None:
    assert (adapter().refuse().status, json.loads(adapter().refuse().body)) == (401, {"success": False})
