import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.viettelpay import Viettelpay, ViettelpayOptions
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"viettel-hash-key"
NOW = datetime(2024, 5, 8, 7, 8, 30, tzinfo=UTC)
ATTESTED = ("access_code", "error_code", "merchant_code", "order_id")
COVERING = ("access_code", "billcode", "merchant_code", "order_id", "payment_status", "trans_amount")
WITH_TRANSACTION = (*COVERING, "vt_transaction_id")
FORM: Mapping[str, str] = {
    "billcode": "LP-000.00.12.H23-240508-0002",
    "cust_msisdn": "84987654321",
    "error_code": "00",
    "merchant_code": "HAIDUONG",
    "order_id": "HD240508000001",
    "payment_status": "1",
    "trans_amount": "150000",
    "vt_transaction_id": "240508123456789",
}
FACTS = NoticeFacts(
    reference="HD240508000001",
    transaction_id="240508123456789",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=None,
    dossier_code="000.00.12.H23-240508-0002",
    description="LP-000.00.12.H23-240508-0002",
)


def adapter(signed: tuple[str, ...] = WITH_TRANSACTION, **options: Any) -> Viettelpay:
    return Viettelpay(
        [SECRET],
        ViettelpayOptions.model_validate(
            {"merchant_code": "HAIDUONG", "access_code": "ACCESS", "signed_fields": signed, **options}
        ),
    )


def check_sum(signed: tuple[str, ...], form: Mapping[str, str], secret: bytes = SECRET) -> bytes:
    """The HMAC as the gateway's documentation computes it: values joined by nothing."""
    text = "".join({"access_code": "ACCESS", **form}.get(field, "") for field in signed)
    return hmac.new(secret, text.encode(), hashlib.sha1).digest()


def result(signed: tuple[str, ...] = WITH_TRANSACTION, /, **changed: str | None) -> RawNotice:
    """A signed result with the fields changed; None leaves one out."""
    form = {name: value for name, value in {**FORM, **changed}.items() if value is not None}
    return RawNotice("POST", urlencode({**form, "check_sum": check_sum(signed, form).hex()}).encode())


def facts(raw: RawNotice, viettelpay: Viettelpay | None = None) -> NoticeFacts:
    viettelpay = viettelpay or adapter()
    return viettelpay.translate(viettelpay.verify(raw, NOW).payload)


def test_a_result_whose_amount_and_status_are_signed_is_paid() -> None:
    assert facts(result()) == FACTS


def test_a_success_outside_the_signature_is_pending_with_an_alarm() -> None:
    said = facts(result(ATTESTED), adapter(ATTESTED))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == (
        "error_code 00 with payment_status 1, but the signature leaves out payment_status and trans_amount"
    )
    assert (said.reference, said.transaction_id, said.amount) == (FACTS.reference, FACTS.transaction_id, FACTS.amount)


@pytest.mark.parametrize("left_out", ["payment_status", "trans_amount"])
def test_each_of_amount_and_status_must_be_signed(left_out: str) -> None:
    signed = tuple(field for field in WITH_TRANSACTION if field != left_out)
    said = facts(result(signed), adapter(signed))
    assert said.state is PaymentState.PENDING
    assert said.alarm is not None
    assert said.alarm.endswith(f"the signature leaves out {left_out}")


def test_a_transaction_outside_the_signature_makes_no_second_payment_of_the_first() -> None:
    first = facts(result(COVERING), adapter(COVERING))
    altered = facts(result(COVERING, vt_transaction_id="9"), adapter(COVERING))
    assert first == altered == FACTS._replace(transaction_id="")


def test_a_dossier_outside_the_signature_is_not_believed() -> None:
    said = facts(result(ATTESTED), adapter(ATTESTED))
    assert (said.dossier_code, said.description) == (None, "")
    in_order = "000.00.12.H23-240508-0001"
    assert facts(result(ATTESTED, order_id=in_order), adapter(ATTESTED)).dossier_code == in_order


def test_the_payers_telephone_is_nowhere_in_the_facts() -> None:
    signed = (*WITH_TRANSACTION, "cust_msisdn")
    assert FORM["cust_msisdn"] not in repr(facts(result(signed), adapter(signed)))


def test_the_check_sum_may_be_hexadecimal_or_base64() -> None:
    for written in (
        check_sum(WITH_TRANSACTION, FORM).hex(),
        base64.b64encode(check_sum(WITH_TRANSACTION, FORM)).decode(),
    ):
        raw = RawNotice("POST", urlencode({**FORM, "check_sum": written}).encode())
        assert facts(raw) == FACTS


def test_either_way_of_writing_names_the_secret_that_signed() -> None:
    options = ViettelpayOptions(merchant_code="HAIDUONG", access_code="ACCESS", signed_fields=WITH_TRANSACTION)
    viettelpay = Viettelpay([b"old", SECRET, b"new"], options)
    for number, secret in enumerate((b"old", SECRET, b"new")):
        digest = check_sum(WITH_TRANSACTION, FORM, secret)
        for written in (digest.hex(), base64.b64encode(digest).decode()):
            raw = RawNotice("POST", urlencode({**FORM, "check_sum": written}).encode())
            assert viettelpay.verify(raw, NOW).key_id == number


def test_anything_else_for_a_check_sum_is_refused() -> None:
    digest = check_sum(WITH_TRANSACTION, FORM)
    sha256 = hmac.new(SECRET, b"", hashlib.sha256).hexdigest()
    for wrong in ("", digest.hex().upper(), digest.hex()[:-1], f" {digest.hex()}", sha256, "é"):
        raw = RawNotice("POST", urlencode({**FORM, "check_sum": wrong}).encode())
        with pytest.raises(NotAuthenticError):
            adapter().verify(raw, NOW)


@pytest.mark.parametrize("field", ["billcode", "order_id", "payment_status", "trans_amount", "vt_transaction_id"])
def test_a_signed_field_that_was_changed_or_left_out_is_refused(field: str) -> None:
    pairs = dict(pair.split("=") for pair in result().body.decode().split("&"))
    for changed in ({**pairs, field: "7"}, {name: value for name, value in pairs.items() if name != field}):
        with pytest.raises(NotAuthenticError):
            adapter().verify(RawNotice("POST", urlencode(changed).encode()), NOW)


def test_a_result_for_another_merchant_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="another merchant"):
        adapter().verify(result(merchant_code="OTHER"), NOW)
    unsigned = ("access_code", "order_id")
    with pytest.raises(NotAuthenticError, match="another merchant"):
        adapter(unsigned).verify(result(unsigned, merchant_code="OTHER"), NOW)


@pytest.mark.parametrize("field", ["merchant_code", "order_id", "check_sum"])
def test_without_the_fields_that_make_it_one_it_is_no_result(field: str) -> None:
    form = {**FORM, "check_sum": check_sum(WITH_TRANSACTION, FORM).hex()}
    for incomplete in ({**form, field: ""}, {name: value for name, value in form.items() if name != field}):
        raw = RawNotice("POST", urlencode(incomplete).encode())
        with pytest.raises(NotAuthenticError, match=f"{field} is missing"):
            adapter().verify(raw, NOW)
        with pytest.raises(UnreadableNoticeError, match=f"{field} is missing"):
            adapter().read(raw)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        json.dumps(dict(FORM)).encode(),
        result().body + b"&trans_amount=1",
        result().body + b"&trans%5Famount=1",
        result().body + b"&note=%",
        result().body + b"&note=%00",
        result().body + b"&note=\xff",
        result().body + b"&",
        b"&".join([result().body, *(b"x%d=1" % number for number in range(64))]),
    ],
    ids=range(10),
)
def test_a_form_that_two_readers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(RawNotice("POST", body), NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().read(RawNotice("POST", body))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trans_amount", None),
        ("trans_amount", "-1"),
        ("trans_amount", "150000.0"),
        ("trans_amount", "150.000"),
        ("trans_amount", "0150000"),
        ("trans_amount", "1e5"),
        ("trans_amount", "9223372036854775808"),
        ("trans_amount", "9" * 30),
        ("trans_amount", "١٥٠٠٠٠"),
        ("error_code", None),
        ("error_code", "0 0"),
        ("error_code", "0" * 21),
        ("payment_status", None),
        ("payment_status", "paid"),
        ("payment_status", "1\n"),
        ("order_id", "HD 1"),
        ("order_id", "H" * 101),
        ("vt_transaction_id", "a\tb"),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: str | None) -> None:
    payload = adapter().verify(result(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 200


@pytest.mark.parametrize(
    ("error_code", "payment_status"), [("00", "0"), ("00", "2"), ("00", "-1"), ("00", "01"), ("22", "1"), ("V01", "0")]
)
def test_codes_that_are_not_listed_are_pending_with_an_alarm(error_code: str, payment_status: str) -> None:
    said = facts(result(error_code=error_code, payment_status=payment_status))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == f"error_code {error_code} with payment_status {payment_status} is not listed"


def test_the_largest_amount_is_64_bits_of_dong() -> None:
    assert facts(result(trans_amount=str(MAX_AMOUNT))).amount == MAX_AMOUNT


def test_digits_beside_a_signed_amount_can_move_unless_their_neighbours_have_a_fixed_length() -> None:
    honest = result(order_id="HD1", trans_amount="2500")
    signature = dict(pair.split("=") for pair in honest.body.decode().split("&"))["check_sum"]
    doubles = [
        {**FORM, "order_id": "HD", "trans_amount": "12500"},
        {**FORM, "order_id": "HD1", "trans_amount": "25002", "vt_transaction_id": "40508123456789"},
        {**FORM, "order_id": "HD1", "trans_amount": "250", "vt_transaction_id": "0240508123456789"},
    ]
    fixed = adapter(order_id_pattern="HD[0-9]", transaction_id_pattern="[0-9]{15}")
    assert facts(honest, fixed).amount == 2500
    for double in doubles:
        raw = RawNotice("POST", urlencode({**double, "check_sum": signature}).encode())
        assert facts(raw).state is PaymentState.PAID
        with pytest.raises(UnreadableNoticeError):
            facts(raw, fixed)


def test_what_it_cannot_know_depends_on_what_is_signed() -> None:
    assert adapter().capabilities.cannot_know == ("when it was paid", "why it was not")
    assert adapter(ATTESTED).capabilities.cannot_know[-1] == (
        "whether it was paid: the signature leaves out payment_status and trans_amount"
    )
    assert (adapter().capabilities.money_confirms, adapter(ATTESTED).capabilities.money_confirms) == (False, True)


def test_the_answer_is_signed_and_a_forgery_is_a_bad_check_sum() -> None:
    for repeated in (False, True):
        reply = adapter().acknowledge(adapter().read(result()), repeated=repeated)
        text = b"ACCESS" + b"00" + b"HAIDUONG" + b"HD240508000001"
        assert (reply.status, json.loads(reply.body)) == (
            200,
            {
                "error_code": "00",
                "merchant_code": "HAIDUONG",
                "order_id": "HD240508000001",
                "check_sum": hmac.new(SECRET, text, hashlib.sha1).hexdigest(),
            },
        )
    assert (adapter().refuse().status, json.loads(adapter().refuse().body)) == (401, {"error_code": "02"})
