import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest

from adapters.vnpay import Vnpay, VnpayOptions
from adapters.vnpay.payloads import MAX_PAIRS
from adapters.vnpay.signature import encode, sign
from adapters.vnpay.translate import FAILURES, translate
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"test_secret"
NOW = datetime(2024, 5, 21, 2, 18, 10, tzinfo=UTC)
VALUES = {
    "vnp_Amount": "15000000",
    "vnp_BankCode": "NCB",
    "vnp_OrderInfo": "Le phi ho so 000.00.12.H23-240508-0001",
    "vnp_PayDate": "20240521091806",
    "vnp_ResponseCode": "00",
    "vnp_TmnCode": "PAYGATE1",
    "vnp_TransactionNo": "14422574",
    "vnp_TransactionStatus": "00",
    "vnp_TxnRef": "1716257871703",
}
FACTS = NoticeFacts(
    reference="1716257871703",
    transaction_id="14422574",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 21, 2, 18, 6, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="Le phi ho so 000.00.12.H23-240508-0001",
)


def adapter(terminal_code: str = "PAYGATE1") -> Vnpay:
    return Vnpay([SECRET], VnpayOptions(terminal_code=terminal_code))


def query(**changed: str) -> str:
    """A signed query string with the values changed; an empty one is sent but not signed."""
    values = VALUES | changed
    return f"{urlencode(values)}&vnp_SecureHash={sign(encode(values), SECRET)}"


def verify(text: str, vnpay: Vnpay | None = None) -> NoticeFacts:
    vnpay = vnpay or adapter()
    return vnpay.translate(vnpay.verify(RawNotice("GET", text.encode()), NOW).payload)


def facts(**changed: str) -> NoticeFacts:
    return verify(query(**changed))


def test_the_public_vectors_are_reproduced_and_judged(shared: Path) -> None:
    cases = json.loads((shared / "vectors/vnpay_ipn.json").read_text())["cases"]
    states: dict[str, PaymentState | None] = {}
    for case in cases:
        if "string_to_sign" in case:
            assert encode(case["params"]) == case["string_to_sign"]
            assert sign(case["string_to_sign"], case["secret"].encode()) == case["vnp_SecureHash"]
        text = urlencode({**case["params"], "vnp_SecureHash": case["vnp_SecureHash"]})
        try:
            states[case["name"]] = verify(text, adapter("TEST_TMN_CODE")).state
        except NotAuthenticError:
            states[case["name"]] = None
    assert states == {
        "success": PaymentState.PAID,
        "failed_responsecode_99_valid_hash": PaymentState.PENDING,
        "tampered": None,
    }


def test_a_notification_says_what_was_paid_for_which_dossier() -> None:
    assert facts() == FACTS


def test_the_order_of_the_pairs_does_not_matter() -> None:
    assert verify("&".join(reversed(query().split("&")))) == FACTS


def test_the_hash_may_be_in_upper_case() -> None:
    pairs, _, signature = query().rpartition("=")
    assert verify(f"{pairs}={signature.upper()}") == FACTS


def test_names_that_are_not_vnpays_are_neither_signed_nor_read() -> None:
    assert verify(f"tenant=x&{query()}&amount=1&vnp%5FAmount=100") == FACTS


def test_empty_values_and_the_old_hash_type_are_not_signed() -> None:
    assert facts(vnp_CardType="") == FACTS
    assert verify(f"{query()}&vnp_SecureHashType=HMACSHA512") == FACTS


@pytest.mark.parametrize(
    "escape",
    [
        quote_plus,  # Python: leaves ~
        lambda text: quote_plus(text).replace("~", "%7E"),  # PHP urlencode: leaves none
        lambda text: quote_plus(text, safe="*").replace("~", "%7E"),  # Java URLEncoder, URLSearchParams
        lambda text: quote(text, safe="!'()*~"),  # encodeURIComponent: a space is %20
        lambda text: quote_plus(text).replace("%2A", "%2a"),  # hexadecimal digits in lower case
    ],
    ids=["python", "php", "java", "javascript", "lower"],
)
def test_what_the_senders_own_library_escaped_is_what_is_verified(escape: object) -> None:
    assert callable(escape)
    values = VALUES | {"vnp_OrderInfo": "Lệ phí * ~ ! ' ( ) hồ sơ"}
    signed = "&".join(f"{name}={escape(value)}" for name, value in sorted(values.items()))
    said = verify(f"{signed}&vnp_SecureHash={sign(signed, SECRET)}")
    assert said.description == "Lệ phí * ~ ! ' ( ) hồ sơ"


def test_what_was_escaped_anew_on_its_way_is_still_verified() -> None:
    values = VALUES | {"vnp_OrderInfo": "Lệ phí hồ sơ"}
    sent = "&".join(f"{name}={quote(value)}" for name, value in values.items())
    assert verify(f"{sent}&vnp_SecureHash={sign(encode(values), SECRET)}").description == "Lệ phí hồ sơ"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vnp_SecureHash=",
        "&&&",
        query().replace("15000000", "1500000"),
        query().rpartition("&")[0],
        f"{query()}&vnp_Amount=100",
        f"{query()}&vnp_Amoun%74=100",
        f"{query()}&vnp_SecureHash=00",
        f"vnp_Amount=&{query()}",
        f"{query()}&vnp_Extra=1",
        f"{query()}&vnp_PromotionAmount=\N{LATIN SMALL LETTER E WITH ACUTE}",
        "&".join([query(), *(f"vnp_{number}=" for number in range(MAX_PAIRS))]),
    ],
    ids=range(12),
)
def test_anything_else_than_what_was_signed_is_refused(text: str) -> None:
    with pytest.raises(NotAuthenticError):
        verify(text)


def test_another_terminals_notification_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="another terminal"):
        facts(vnp_TmnCode="PAYGATE2")


def test_what_cannot_be_taken_apart_cannot_be_read() -> None:
    with pytest.raises(UnreadableNoticeError, match="stands twice"):
        adapter().read(RawNotice("GET", f"{query()}&vnp_Amount=1".encode()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vnp_Amount", ""),
        ("vnp_Amount", "-100"),
        ("vnp_Amount", "15000050"),
        ("vnp_Amount", "150.00"),
        ("vnp_Amount", "922337203685477580800"),
        ("vnp_Amount", "9" * 22),
        ("vnp_ResponseCode", ""),
        ("vnp_ResponseCode", "0 0"),
        ("vnp_TransactionStatus", ""),
        ("vnp_TxnRef", ""),
        ("vnp_TxnRef", "x" * 256),
        ("vnp_TransactionNo", "x" * 256),
        ("vnp_PayDate", "20240521"),
        ("vnp_PayDate", "20240231000000"),
        ("vnp_OrderInfo", "a\x00b"),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable(field: str, value: str) -> None:
    with pytest.raises(UnreadableNoticeError, match=field):
        facts(**{field: value})


def test_text_that_is_not_utf8_is_kept_legible() -> None:
    signed = encode(VALUES).replace("Le+phi", "L%EA+phi")
    assert verify(f"{signed}&vnp_SecureHash={sign(signed, SECRET)}").description.startswith("L\ufffd phi")


@pytest.mark.parametrize("number", ["0", ""])
def test_transaction_number_nought_is_none(number: str) -> None:
    assert facts(vnp_TransactionNo=number).transaction_id == ""


def test_the_time_of_payment_may_be_absent() -> None:
    assert facts(vnp_PayDate="") == FACTS._replace(occurred_at=None)


def test_the_largest_amount_is_64_bits_of_dong() -> None:
    assert facts(vnp_Amount=f"{MAX_AMOUNT}00").amount == MAX_AMOUNT


@pytest.mark.parametrize(
    ("response", "status", "state", "outcome"),
    [
        ("24", "02", PaymentState.ABANDONED, Outcome.PAYER_LEFT),
        ("11", "02", PaymentState.EXPIRED, Outcome.PAYER_LEFT),
        ("24", "01", PaymentState.ABANDONED, Outcome.PAYER_LEFT),
        ("09", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("10", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("12", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("13", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("51", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("65", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("79", "02", PaymentState.FAILED, Outcome.DECLINED),
        ("75", "02", PaymentState.FAILED, Outcome.GATEWAY_FAULT),
        ("99", "02", PaymentState.FAILED, Outcome.GATEWAY_FAULT),
    ],
)
def test_a_listed_failure_has_its_outcome(response: str, status: str, state: PaymentState, outcome: Outcome) -> None:
    said = facts(vnp_ResponseCode=response, vnp_TransactionStatus=status)
    assert (said.state, said.outcome, said.alarm) == (state, outcome, None)


@pytest.mark.parametrize(
    ("response", "status", "why"),
    [
        ("07", "00", "suspicious"),
        ("07", "07", "suspicious"),
        ("00", "07", "suspicious"),
        ("00", "04", "suspicious"),
        ("51", "04", "suspicious"),
        ("00", "01", "contradict"),
        ("00", "02", "contradict"),
        ("99", "00", "contradict"),
        ("24", "00", "contradict"),
        ("00", "05", "contradict"),
        ("98", "02", "not listed"),
        ("51", "06", "not listed"),
        ("0", "0", "not listed"),
        ("AB", "02", "not listed"),
    ],
)
def test_suspicious_contradictory_and_unlisted_codes_are_pending_with_an_alarm(
    response: str, status: str, why: str
) -> None:
    said = facts(vnp_ResponseCode=response, vnp_TransactionStatus=status)
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm is not None
    assert why in said.alarm


def test_of_all_pairs_of_codes_only_00_and_00_is_paid() -> None:
    codes = [f"{number:02}" for number in range(100)]
    paid = [
        (response, status)
        for response in codes
        for status in codes
        if translate(VALUES | {"vnp_ResponseCode": response, "vnp_TransactionStatus": status}).state
        is PaymentState.PAID
    ]
    assert paid == [("00", "00")]
    assert {"00", "07"}.isdisjoint(FAILURES)


def test_a_notice_is_confirmed_a_repeat_is_already_confirmed_a_forgery_fails_the_checksum() -> None:
    payload = adapter().read(RawNotice("GET", query().encode()))
    replies = [
        adapter().acknowledge(payload, repeated=False),
        adapter().acknowledge(payload, repeated=True),
        adapter().refuse(),
    ]
    assert [(reply.status, json.loads(reply.body)["RspCode"]) for reply in replies] == [
        (200, "00"),
        (200, "02"),
        (401, "97"),
    ]
