"""What each source is asked, byte by byte, and what its codes mean in an answer."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters import registry
from adapters.vnpay.query import ANSWERED_FIELDS
from paygate.domain.adapter import Inquirer
from paygate.domain.errors import ConfigurationError, NotAPaymentError, NotAuthenticError, UnansweredError
from paygate.domain.inquiry import Asked
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
ASKED = Asked("dvc0012", NOW - timedelta(minutes=5), "q1f")
SECRET = b"a secret"

DVCQG = {"partner_code": "DVC-TEST", "failed_codes": ["99"]}
VNPAY = {"terminal_code": "PAYGATE1", "query_ip": "203.162.0.7"}
MOMO = {"partner_code": "MOMOTEST", "access_key": "F8BBA842ECF85"}
ZALOPAY = {"app_id": 2553, "key1": "a key"}


def asking(kind: str, options: dict[str, Any], *secrets: bytes) -> Inquirer:
    return registry.inquirer(kind, secrets or (SECRET,), options)


def test_dvcqg_is_asked_in_the_order_it_signs() -> None:
    question = asking("dvcqg", DVCQG).question(ASKED, NOW)
    text = "QUERY|1.0.6|DVC-TEST|dvc0012|20240508140330|a secret"
    assert json.loads(question.body) == {
        "LoaiBanTin": "QUERY",
        "PhienBan": "1.0.6",
        "MaDoiTac": "DVC-TEST",
        "MaThamChieu": "dvc0012",
        "ThoiGianGD": "20240508140330",
        "MaXacThuc": hashlib.sha256(text.encode()).hexdigest(),
    }
    assert "Authorization" not in question.headers


def test_the_token_of_a_service_bus_goes_along_and_only_where_it_is_configured() -> None:
    question = asking("dvcqg", DVCQG | {"query_token": "t0k"}).question(ASKED, NOW)
    assert question.headers["Authorization"] == "Bearer t0k"


def test_vnpay_is_asked_in_the_order_it_signs() -> None:
    message = json.loads(asking("vnpay", VNPAY).question(ASKED, NOW).body)
    text = "q1f|2.1.0|querydr|PAYGATE1|dvc0012|20240508140330|20240508140830|203.162.0.7|Tra cuu giao dich"
    assert message.pop("vnp_SecureHash") == hmac.new(SECRET, text.encode(), hashlib.sha512).hexdigest()
    assert "|".join(message.values()) == text


def test_momo_is_asked_in_the_order_it_signs() -> None:
    message = json.loads(asking("momo", MOMO).question(ASKED, NOW).body)
    text = "accessKey=F8BBA842ECF85&orderId=dvc0012&partnerCode=MOMOTEST&requestId=q1f"
    assert message["signature"] == hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()
    assert "accessKey" not in message


def test_zalopay_is_asked_with_key1_in_a_form() -> None:
    fields = {
        name: values[0] for name, values in parse_qs(asking("zalopay", ZALOPAY).question(ASKED, NOW).body).items()
    }
    mac = hmac.new(b"a key", b"2553|dvc0012|a key", hashlib.sha256).hexdigest().encode()
    assert fields == {b"app_id": b"2553", b"app_trans_id": b"dvc0012", b"mac": mac}


def test_zalopay_cannot_be_asked_without_key1() -> None:
    with pytest.raises(ConfigurationError, match="needs key1"):
        asking("zalopay", {"app_id": 2553})


def test_the_first_of_several_secrets_signs_what_is_asked() -> None:
    first = asking("dvcqg", DVCQG, b"new", b"old").question(ASKED, NOW)
    assert first == asking("dvcqg", DVCQG, b"new").question(ASKED, NOW)


def dvcqg_answer(status: object, code: str = "00", **changes: str) -> bytes:
    fields = {
        "LoaiBanTin": "CONFIRM",
        "MaLoi": code,
        "MaDoiTac": "DVC-TEST",
        "MaThamChieu": "dvc0012",
        "SoTien": "150000",
        "MaTienTe": "VND",
        "MaGiaoDich": "T1",
        "MaNganHang": "970415",
        "ThoiGianGD": "20240508140330",
        "ThongTinGiaoDich": "x",
    } | changes
    signature = hashlib.sha256("|".join((*fields.values(), "a secret")).encode()).hexdigest()
    beside = {} if status is None else {"TrangThaiGD": status}
    return json.dumps(fields | beside | {"MaXacThuc": signature, "MoTaLoi": ""}).encode()


def told(kind: str, options: dict[str, Any], body: bytes) -> NoticeFacts:
    inquirer = asking(kind, options)
    return inquirer.translate(ASKED, inquirer.verify(ASKED, body).payload)


@pytest.mark.parametrize(
    ("status", "code", "state", "alarmed"),
    [
        (1, "00", PaymentState.PAID, False),
        ("1", "00", PaymentState.PAID, False),
        (3, "00", PaymentState.PENDING, False),
        (4, "00", PaymentState.FAILED, False),
        (4, "07", PaymentState.FAILED, False),
        (1, "99", PaymentState.FAILED, False),
        (1, "07", PaymentState.PENDING, True),
        (2, "00", PaymentState.PENDING, True),
        (None, "00", PaymentState.PENDING, True),
        (True, "00", PaymentState.PENDING, True),
        (1.0, "00", PaymentState.PENDING, True),
        ("1 ", "00", PaymentState.PENDING, True),
    ],
)
def test_dvcqg_is_believed_to_be_paid_only_by_what_is_signed_and_what_is_not_together(
    status: object, code: str, state: PaymentState, *, alarmed: bool
) -> None:
    facts = told("dvcqg", DVCQG, dvcqg_answer(status, code))
    assert (facts.state, bool(facts.alarm)) == (state, alarmed)


def test_an_answer_of_dvcqg_may_call_itself_a_query() -> None:
    assert told("dvcqg", DVCQG, dvcqg_answer(1, LoaiBanTin="QUERY")).state is PaymentState.PAID


def test_dvcqgs_word_that_it_knows_nothing_needs_no_signature_and_success_does() -> None:
    with pytest.raises(NotAPaymentError):
        asking("dvcqg", DVCQG).verify(ASKED, b'{"MaLoi": "01", "MoTaLoi": "x"}')
    with pytest.raises(NotAuthenticError):
        asking("dvcqg", DVCQG).verify(ASKED, b'{"MaLoi": "00", "TrangThaiGD": 1}')


def vnpay_answer(**changes: str) -> bytes:
    fields = dict.fromkeys(ANSWERED_FIELDS, "") | {
        "vnp_ResponseId": "r1",
        "vnp_Command": "querydr",
        "vnp_ResponseCode": "00",
        "vnp_TmnCode": "PAYGATE1",
        "vnp_TxnRef": "dvc0012",
        "vnp_Amount": "15000000",
        "vnp_PayDate": "20240508140330",
        "vnp_TransactionNo": "14422574",
        "vnp_TransactionType": "01",
        "vnp_TransactionStatus": "00",
    }
    fields |= {f"vnp_{name}": value for name, value in changes.items()}
    signature = hmac.new(SECRET, "|".join(fields.values()).encode(), hashlib.sha512).hexdigest().upper()
    sent = {name: value for name, value in fields.items() if value}  # what is empty may be left out
    return json.dumps(sent | {"vnp_SecureHash": signature}).encode()


@pytest.mark.parametrize(
    ("changes", "state", "alarmed"),
    [
        ({}, PaymentState.PAID, False),
        ({"TransactionStatus": "01"}, PaymentState.PENDING, False),
        ({"TransactionStatus": "02"}, PaymentState.FAILED, False),
        ({"TransactionStatus": "04"}, PaymentState.PENDING, True),
        ({"TransactionStatus": "07"}, PaymentState.PENDING, True),
        ({"TransactionStatus": "88"}, PaymentState.PENDING, True),
        ({"TransactionStatus": ""}, PaymentState.PENDING, True),
        ({"TransactionType": "02"}, PaymentState.PENDING, True),
        ({"TransactionType": "03", "TransactionStatus": "00"}, PaymentState.PENDING, True),
    ],
)
def test_vnpays_status_tells_of_the_payment(changes: dict[str, str], state: PaymentState, *, alarmed: bool) -> None:
    facts = told("vnpay", VNPAY, vnpay_answer(**changes))
    assert (facts.state, bool(facts.alarm)) == (state, alarmed)
    assert facts.amount == 150_000


@pytest.mark.parametrize("code", ["02", "03", "94", "97", "99", ""])
def test_vnpays_code_tells_how_the_question_fared(code: str) -> None:
    with pytest.raises(UnansweredError):
        told("vnpay", VNPAY, vnpay_answer(ResponseCode=code))


def test_a_delimiter_in_an_answer_of_vnpay_is_not_authenticated() -> None:
    with pytest.raises(NotAuthenticError, match="delimiter"):
        told("vnpay", VNPAY, vnpay_answer(Message="a|b"))


def momo_answer(**changes: object) -> bytes:
    answer: dict[str, object] = {
        "partnerCode": "MOMOTEST",
        "orderId": "dvc0012",
        "requestId": "q1f",
        "amount": 150_000,
        "transId": 2_755_874_413,
        "resultCode": 0,
        "responseTime": 1_715_152_110_000,
    }
    return json.dumps(answer | changes).encode()


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, PaymentState.PAID),
        (1000, PaymentState.PENDING),
        (7002, PaymentState.PENDING),
        (9000, PaymentState.PENDING),
        (1001, PaymentState.FAILED),
        (1005, PaymentState.EXPIRED),
        (1006, PaymentState.ABANDONED),
        (4242, PaymentState.PENDING),
    ],
)
def test_momos_code_tells_of_the_payment(code: int, state: PaymentState) -> None:
    assert told("momo", MOMO, momo_answer(resultCode=code)).state is state


@pytest.mark.parametrize("code", [10, 11, 13, 20, 40, 41])
def test_a_code_of_momo_about_the_question_says_nothing_of_the_payment(code: int) -> None:
    with pytest.raises(UnansweredError):
        told("momo", MOMO, momo_answer(resultCode=code))


@pytest.mark.parametrize("field", ["partnerCode", "orderId", "requestId"])
def test_an_answer_of_momo_to_another_question_is_not_believed(field: str) -> None:
    with pytest.raises(NotAuthenticError, match="another"):
        told("momo", MOMO, momo_answer(**{field: "other"}))


def test_momo_is_taken_at_when_the_transaction_last_changed() -> None:
    facts = told("momo", MOMO, momo_answer(lastUpdated=1_715_152_000_000))
    assert facts.occurred_at == datetime(2024, 5, 8, 7, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "state", "outcome"),
    [
        ({"return_code": 1, "amount": 5, "zp_trans_id": 7}, PaymentState.PAID, Outcome.PAID),
        ({"return_code": 1, "amount": 5, "zp_trans_id": 7, "is_processing": True}, PaymentState.PENDING, None),
        ({"return_code": 3, "is_processing": True}, PaymentState.PENDING, Outcome.PENDING),
        ({"return_code": 2, "sub_return_code": -54}, PaymentState.EXPIRED, Outcome.PAYER_LEFT),
        ({"return_code": 2, "sub_return_code": -49}, PaymentState.FAILED, Outcome.DECLINED),
        ({"return_code": 9}, PaymentState.PENDING, Outcome.PENDING),
    ],
)
def test_zalopays_codes_tell_of_the_payment(
    answer: dict[str, object], state: PaymentState, outcome: Outcome | None
) -> None:
    facts = told("zalopay", ZALOPAY, json.dumps(answer).encode())
    assert facts.state is state
    assert outcome is None or facts.outcome is outcome


@pytest.mark.parametrize("code", [-401, -402, -429, -500, -999])
def test_a_code_of_zalopay_about_the_question_says_nothing_of_the_payment(code: int) -> None:
    with pytest.raises(UnansweredError):
        told("zalopay", ZALOPAY, json.dumps({"return_code": 2, "sub_return_code": code}).encode())
