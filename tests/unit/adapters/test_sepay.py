import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.sepay import Sepay, SepayOptions
from adapters.sepay.simulator import SepaySimulator
from paygate.domain.errors import NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"sepay-webhook-secret"
NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
MESSAGE: Mapping[str, Any] = {
    "id": 92704,
    "gateway": "Vietcombank",
    "transactionDate": "2024-05-08 14:07:12",
    "accountNumber": "0123499999",
    "subAccount": None,
    "code": "HS24050801",
    "content": "HS24050801 le phi 000.00.12.H23-240508-0001",
    "transferType": "in",
    "transferAmount": 150000,
    "accumulated": 19077000,
    "referenceCode": "MBVCB.3278907687",
    "description": "",
}
BANK_HUB: Mapping[str, Any] = {
    "gateway": "MBBank",
    "transaction_date": "2024-05-08 14:07:12",
    "account_number": "0123499999",
    "bank_account_xid": "628af450-6f83-443f-b2f1-7d8ae4664e45",
    "va": None,
    "payment_code": "HS24050801",
    "content": "HS24050801 le phi 000.00.12.H23-240508-0001",
    "transfer_type": "credit",
    "amount": 150000,
    "reference_code": "FT24129999",
    "accumulated": 0,
    "transaction_id": "92704",
}
FACTS = NoticeFacts(
    reference="HS24050801",
    transaction_id="92704",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="HS24050801 le phi 000.00.12.H23-240508-0001",
)


def adapter() -> Sepay:
    return Sepay([SECRET], SepayOptions())


def keyed(api_key: str = "K-1") -> Sepay:
    return Sepay([], SepayOptions(api_key=SecretStr(api_key)))


def headers(body: bytes, sent_at: str) -> Mapping[str, str]:
    """The headers as SePay's documentation computes them."""
    digest = hmac.new(SECRET, sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-sepay-signature": f"sha256={digest}", "x-sepay-timestamp": sent_at}


def sent(message: object, at: datetime = NOW) -> RawNotice:
    body = json.dumps(message).encode()
    return RawNotice("POST", body, headers(body, str(int(at.timestamp()))))


def facts(message: object) -> NoticeFacts:
    return adapter().translate(adapter().verify(sent(message), NOW).payload)


def changed(name: str, value: Any) -> Mapping[str, Any]:
    return {**MESSAGE, name: value}


def test_a_webhook_says_what_came_for_which_dossier() -> None:
    assert facts(MESSAGE) == FACTS


def test_the_bank_hub_variant_says_the_same() -> None:
    assert facts(BANK_HUB) == FACTS


def test_without_a_payment_code_the_banks_reference_names_the_payment() -> None:
    assert facts(changed("code", None)).reference == "MBVCB.3278907687"
    assert facts({**MESSAGE, "code": "", "referenceCode": None}).reference == "92704"
    assert facts({**BANK_HUB, "payment_code": None}).reference == "FT24129999"


@pytest.mark.parametrize("message", [changed("transferType", "out"), {**BANK_HUB, "transfer_type": "debit"}])
def test_money_that_went_out_is_no_payment(message: object) -> None:
    payload = adapter().verify(sent(message), NOW).payload
    with pytest.raises(NotAPaymentError, match="money that went out"):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 200


def test_another_direction_is_pending_with_an_alarm() -> None:
    said = facts(changed("transferType", "hold"))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == "transferType hold is not listed"


def test_a_body_of_both_variants_or_of_neither_is_unreadable() -> None:
    for message in ({**BANK_HUB, **MESSAGE}, {}, [], "in"):
        with pytest.raises(UnreadableNoticeError):
            facts(message)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transferAmount", -1),
        ("transferAmount", 150000.0),
        ("transferAmount", 1.5),
        ("transferAmount", "150000"),
        ("transferAmount", True),
        ("transferAmount", None),
        ("transferType", None),
        ("transferType", ""),
        ("transferType", 1),
        ("transferType", "x" * 21),
        ("transactionDate", "20240508140712"),
        ("transactionDate", "2024-02-30 14:07:12"),
        ("transactionDate", "2024-05-08T14:07:12"),
        ("transactionDate", 1715152110),
        ("id", None),
        ("id", ""),
        ("id", 1.5),
        ("id", True),
        ("code", 7),
        ("code", "x" * 256),
        ("code", "a\nb"),
        ("referenceCode", ["x"]),
        ("content", {"a": 1}),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable(field: str, value: object) -> None:
    with pytest.raises(UnreadableNoticeError, match=field):
        facts(changed(field, value))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        json.dumps(MESSAGE).encode().replace(b'"id": 92704', b'"id": 92704, "id": 92705'),
        json.dumps(MESSAGE).encode().replace(b"150000", b"NaN"),
        json.dumps(MESSAGE).encode().replace(b"150000", b"9223372036854775808"),
        json.dumps(MESSAGE).encode().replace(b"HS24", b"\\u0000"),
        b"\xff",
    ],
    ids=range(7),
)
def test_a_signed_body_that_is_no_strict_json_is_authentic_and_unreadable(body: bytes) -> None:
    raw = RawNotice("POST", body, headers(body, str(int(NOW.timestamp()))))
    payload = adapter().verify(raw, NOW).payload
    with pytest.raises(UnreadableNoticeError):
        adapter().translate(payload)


@pytest.mark.parametrize(("seconds", "passes"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_clock_may_be_five_minutes_off_and_no_second_more(seconds: int, *, passes: bool) -> None:
    raw = sent(MESSAGE, NOW + timedelta(seconds=seconds))
    if passes:
        assert adapter().verify(raw, NOW).key_id == 0
    else:
        with pytest.raises(NotAuthenticError, match="300 s"):
            adapter().verify(raw, NOW)


@pytest.mark.parametrize("sent_at", ["", "now", "-1", "1e9", "1715152110.5", "9" * 13, " 1715152110", "١٧١٥١٥٢١١٠"])
def test_a_time_that_is_not_in_seconds_is_refused_though_signed(sent_at: str) -> None:
    body = json.dumps(MESSAGE).encode()
    with pytest.raises(NotAuthenticError, match="x-sepay-timestamp"):
        adapter().verify(RawNotice("POST", body, headers(body, sent_at)), NOW)


def test_the_signature_is_of_the_time_and_the_body_and_has_its_prefix() -> None:
    body, at = json.dumps(MESSAGE).encode(), str(int(NOW.timestamp()))
    right = headers(body, at)["x-sepay-signature"]
    body_alone = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    others = ["", right.removeprefix("sha256="), right.upper(), f"sha256={body_alone}", f"{right} ", "sha256=\udcff"]
    for other in others:
        with pytest.raises(NotAuthenticError):
            adapter().verify(RawNotice("POST", body, {**headers(body, at), "x-sepay-signature": other}), NOW)


def test_the_signature_of_an_earlier_time_does_not_serve_a_later_one() -> None:
    raw = sent(MESSAGE, NOW - timedelta(seconds=600))
    replayed = raw._replace(headers={**raw.headers, "x-sepay-timestamp": str(int(NOW.timestamp()))})
    with pytest.raises(NotAuthenticError):
        adapter().verify(replayed, NOW)


def test_an_api_key_authenticates_and_is_never_kept() -> None:
    sepay = keyed()
    body = json.dumps(BANK_HUB).encode()
    verified = sepay.verify(RawNotice("POST", body, {"authorization": "Apikey K-1"}), NOW)
    assert sepay.translate(verified.payload) == FACTS
    assert sepay.signed_headers == ("authorization",)
    assert sepay.secret_headers == {"authorization"}
    assert adapter().secret_headers == frozenset()


@pytest.mark.parametrize(
    "authorization",
    [None, "", "K-1", "Apikey", "Apikey ", "Apikey K-2", "apikey K-1", "Bearer K-1", "Apikey K-1 ", "\udcff"],
)
def test_another_api_key_is_refused(authorization: str | None) -> None:
    given = {} if authorization is None else {"authorization": authorization}
    with pytest.raises(NotAuthenticError, match="API key"):
        keyed().verify(RawNotice("POST", json.dumps(MESSAGE).encode(), given), NOW)


def test_where_signatures_are_expected_an_api_key_does_not_replace_them() -> None:
    raw = RawNotice("POST", json.dumps(MESSAGE).encode(), {"authorization": f"Apikey {SECRET.decode()}"})
    with pytest.raises(NotAuthenticError):
        adapter().verify(raw, NOW)


def test_the_simulator_sends_the_api_key_where_one_is_configured() -> None:
    _, body, given = SepaySimulator(b"", SepayOptions(api_key=SecretStr("K-1"))).request(FACTS, NOW)
    assert given["authorization"] == "Apikey K-1"
    assert keyed().translate(keyed().verify(RawNotice("POST", body, given), NOW).payload) == FACTS


def test_every_answer_is_success_but_the_refusal() -> None:
    payload = adapter().read(sent(MESSAGE))
    answers = [adapter().acknowledge(payload, repeated=False), adapter().acknowledge(payload, repeated=True)]
    assert [(answer.status, json.loads(answer.body)) for answer in answers] == [(200, {"success": True})] * 2
    assert (adapter().refuse().status, json.loads(adapter().refuse().body)) == (401, {"success": False})
