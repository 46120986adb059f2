import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.vietinbank import Vietinbank, VietinbankOptions
from adapters.vietinbank.payloads import FIELDS, SIGNED, Notice
from adapters.vietinbank.signature import signed_text
from adapters.vietinbank.simulator import VietinbankSimulator
from adapters.vietinbank.translate import TYPES, WENT
from paygate.domain.errors import ConfigurationError, NotAPaymentError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice
from tests.certificates import (
    VALID_FROM,
    VALID_UNTIL,
    certificate_for,
    elliptic_key,
    private_pem,
    rsa_key,
)

NOW = datetime(2024, 2, 1, 7, 6, 40, tzinfo=UTC)
KEY = rsa_key()
CERTIFICATE = certificate_for(KEY)
TRANSACTION = "[0-9]{9}"
CUSTOMER = "2NDV[A-Z]{3}[0-9]{11}"
BANK_TRANSACTION = "[0-9]{3}[A-Z][0-9]{5}[A-Z0-9]{7}"
BODY: Mapping[str, Any] = {
    "msgId": "ea6e8f1b3d28438c89290c152b66ebeb",
    "providerId": "9111",
    "transId": "501690869",
    "transTime": "20240201140634",
    "transType": "3",
    "custCode": "2NDVNDV24012358711",
    "sendAcctId": "66666666",
    "recvAcctId": "116002680669",
    "recvVirtualAcctId": "2NDVNDV24012358711",
    "bankTransId": "164T24200GKAJ7BY",
    "amount": "875800",
    "remark": "CT DEN:164T24200GKAJ7BY CK 000.00.12.H23-240201-0001",
    "currencyCode": "VND",
}
FACTS = NoticeFacts(
    reference="2NDVNDV24012358711",
    transaction_id="501690869",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=875_800,
    currency="VND",
    occurred_at=datetime(2024, 2, 1, 7, 6, 34, tzinfo=UTC),
    dossier_code="000.00.12.H23-240201-0001",
    description="CT DEN:164T24200GKAJ7BY CK 000.00.12.H23-240201-0001",
)


def options(**changed: str) -> VietinbankOptions:
    return VietinbankOptions.model_validate({"provider_id": "9111", **changed})


def pinned() -> VietinbankOptions:
    return options(
        transaction_id_pattern=TRANSACTION,
        customer_code_pattern=CUSTOMER,
        bank_transaction_pattern=BANK_TRANSACTION,
    )


def adapter(chosen: VietinbankOptions | None = None, *certificates: bytes) -> Vietinbank:
    return Vietinbank(certificates or [CERTIFICATE], chosen or options())


def signature(text: bytes, key: RSAPrivateKey = KEY, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    return key.sign(text, padding.PKCS1v15(), algorithm or hashes.SHA256())


def notice(*, key: RSAPrivateKey = KEY, **changed: Any) -> RawNotice:
    """A notice with the fields changed, signed as the bank signs; None leaves one out."""
    message = {name: value for name, value in {**BODY, **changed}.items() if value is not None}
    text = "".join(str(message.get(name, "")) for name in FIELDS[:SIGNED]).encode()
    return raw({**message, "signature": base64.b64encode(signature(text, key)).decode()})


def raw(message: object) -> RawNotice:
    return RawNotice("POST", json.dumps(message).encode())


def facts(notified: RawNotice, chosen: VietinbankOptions | None = None) -> NoticeFacts:
    vietinbank = adapter(chosen)
    return vietinbank.translate(vietinbank.verify(notified, NOW).payload)


def test_the_public_string_to_sign_is_reproduced(shared: Path) -> None:
    vector = json.loads((shared / "vectors/vietinbank_notify_string_to_sign.json").read_text())
    text = signed_text([vector["body"].get(name, "") for name in FIELDS[:SIGNED]])
    assert text.decode() == vector["string_to_sign"]
    message = {**vector["body"], "signature": base64.b64encode(signature(text)).decode()}
    said = facts(raw(message), pinned())
    assert (said.state, said.reference, said.amount) == (PaymentState.PAID, "2NDVNDV24012358711", 875_800)


def test_a_notice_says_what_came_to_which_virtual_account() -> None:
    assert facts(notice()) == FACTS
    assert facts(notice(), pinned()) == FACTS


def test_a_deposit_at_the_counter_may_have_no_bank_transaction() -> None:
    assert facts(notice(bankTransId=None)) == FACTS
    assert facts(notice(bankTransId="")) == FACTS


def test_with_its_pattern_configured_a_missing_bank_transaction_leaves_the_amount_open() -> None:
    said = facts(notice(bankTransId=None), pinned())
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == "without bankTransId the signature does not say where amount ends"


def doubles(notified: RawNotice) -> Iterator[RawNotice]:
    """Every other way of cutting the signed text into the six fields, under the same signature."""
    message = json.loads(notified.body)
    text = "".join(message[name] for name in FIELDS[:SIGNED])
    original = [message[name] for name in FIELDS[:SIGNED]]
    for cuts in combinations_with_replacement(range(len(text) + 1), SIGNED - 1):
        parts = [text[start:end] for start, end in zip((0, *cuts), (*cuts, len(text)), strict=True)]
        if parts != original:
            yield RawNotice("POST", json.dumps({**message, **dict(zip(FIELDS, parts, strict=False))}).encode())


def short() -> RawNotice:
    """As few characters as keep the count of its doubles small."""
    return notice(transId="5", custCode="2N7", bankTransId="1T", amount="875", remark="C")


def passing(chosen: VietinbankOptions) -> list[NoticeFacts]:
    """What the doubles of a short notice say, of those that are taken for a payment."""
    vietinbank, tried, passed = adapter(chosen), 0, []
    for tried, double in enumerate(doubles(short()), start=1):  # noqa: B007 -- counted below
        try:
            said = vietinbank.translate(vietinbank.read(double))
        except UnreadableNoticeError:
            continue
        if said.state is PaymentState.PAID:
            passed.append(said)
    assert tried > 100_000
    return passed


def test_with_its_patterns_no_other_reading_of_a_signed_text_is_paid() -> None:
    patterns = options(
        transaction_id_pattern="[0-9]", customer_code_pattern="2N[0-9]", bank_transaction_pattern="[0-9][A-Z]"
    )
    assert passing(patterns) == []


def test_without_patterns_digits_beside_the_amount_can_move_and_nothing_else_of_the_payment() -> None:
    passed = passing(options())
    assert {(one.transaction_id, one.occurred_at) for one in passed} == {("5", FACTS.occurred_at)}
    readings = {(one.reference, one.amount) for one in passed}
    assert ("2N7", 875) in readings  # bankTransId and remark alone are read otherwise
    assert ("2N", 78751) in readings
    assert {f"{reference}{amount}" for reference, amount in readings} <= {"2N7875"[:size] for size in range(3, 7)} | {
        "2N78751"
    }


def test_a_remark_that_spells_out_a_notice_makes_none_where_transaction_ids_have_a_fixed_length() -> None:
    written = {
        "transTime": "20240201140700",
        "custCode": "2NDVNDV24012359999",
        "amount": "99000000",
        "bankTransId": "164T24200AAAAAAA",
    }
    honest = json.loads(notice(transId="5", amount="1", bankTransId=None, remark="".join(written.values())).body)
    swallowed = f"5{BODY['transTime']}{BODY['custCode']}1"
    double = raw({**honest, **written, "transId": swallowed, "remark": ""})
    unfixed = options(customer_code_pattern=CUSTOMER, bank_transaction_pattern=BANK_TRANSACTION)
    assert facts(double, unfixed).amount == 99_000_000
    with pytest.raises(UnreadableNoticeError, match="transId"):
        facts(double, pinned())


def test_a_double_is_authentic_by_its_signature_and_so_must_be_told_by_its_fields() -> None:
    moved = json.loads(notice().body) | {"custCode": "2NDVNDV2401235871", "amount": "1875800"}
    payload = adapter(pinned()).verify(raw(moved), NOW).payload
    with pytest.raises(UnreadableNoticeError, match="custCode"):
        adapter(pinned()).translate(payload)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transId", "5016 0869"),
        ("transId", "5" * 51),
        ("transTime", "2024020114063"),
        ("transTime", "20240230140634"),
        ("transTime", "02402011406341"),
        ("custCode", None),
        ("custCode", ""),
        ("custCode", "2N DV"),
        ("custCode", "2" * 31),
        ("amount", "0"),
        ("amount", "0875800"),
        ("amount", "-875800"),
        ("amount", "+875800"),
        ("amount", "875800.00"),
        ("amount", "875.800"),
        ("amount", "1" * 16),
        ("amount", "٨٧٥٨٠٠"),
        ("amount", "875800 "),
        ("bankTransId", "164T 24200"),
        ("bankTransId", "1" * 31),
        ("currencyCode", "USD"),
        ("currencyCode", "vnd"),
        ("transType", "x" * 21),
        ("transType", "3\n"),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: object) -> None:
    payload = adapter().verify(notice(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    assert adapter().acknowledge(payload, repeated=False).status == 200


@pytest.mark.parametrize("field", ["transId", "transTime", "amount", "providerId", "transType", "currencyCode"])
def test_a_notice_without_a_field_it_always_has_is_not_authentic(field: str) -> None:
    for absent in (None, ""):
        with pytest.raises(NotAuthenticError, match=f"{field} is missing"):
            adapter().verify(notice(**{field: absent}), NOW)


@pytest.mark.parametrize("value", [875800, 875800.0, True, ["875800"], {"a": 1}])
def test_every_field_is_a_text(value: object) -> None:
    with pytest.raises(NotAuthenticError, match="amount is not a text"):
        adapter().verify(notice(amount=value), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        notice().body[:-1],
        notice().body.replace(b'"amount"', b'"amount": "875800", "amount"'),
        notice().body.replace(b'"875800"', b"NaN"),
        notice().body.replace(b"66666666", b"\\u0000"),
        b"\xff" + notice().body,
    ],
    ids=range(8),
)
def test_a_body_that_has_no_one_meaning_is_not_authenticated_and_cannot_be_read(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(RawNotice("POST", body), NOW)
    with pytest.raises(UnreadableNoticeError):
        adapter().read(RawNotice("POST", body))


def test_a_notice_to_another_provider_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="another provider"):
        adapter().verify(notice(providerId="9112"), NOW)


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_the_listed_types_are_money_that_came(kind: str) -> None:
    assert facts(notice(transType=kind)) == FACTS


@pytest.mark.parametrize("kind", sorted(WENT))
def test_money_that_went_out_is_no_payment(kind: str) -> None:
    payload = adapter().verify(notice(transType=kind), NOW).payload
    with pytest.raises(NotAPaymentError, match="money that went out"):
        adapter().translate(payload)


@pytest.mark.parametrize("kind", ["2", "O", "0", "33", "c"])
def test_any_other_type_is_pending_with_an_alarm(kind: str) -> None:
    said = facts(notice(transType=kind))
    assert said == FACTS._replace(
        state=PaymentState.PENDING, outcome=Outcome.PENDING, alarm=f"transType {kind} is not listed"
    )


def test_a_certificate_counts_from_its_first_to_its_last_second() -> None:
    second = timedelta(seconds=1)
    for moment in (VALID_FROM, VALID_UNTIL):
        assert adapter().verify(notice(), moment).key_id == 0
    with pytest.raises(NotAuthenticError, match=r"expired at 2025-01-01T00:00:00\+00:00"):
        adapter().verify(notice(), VALID_UNTIL + second)
    with pytest.raises(NotAuthenticError, match=r"not valid before 2024-01-01T00:00:00\+00:00"):
        adapter().verify(notice(), VALID_FROM - second)


def test_during_rotation_the_old_and_the_new_certificate_live_side_by_side() -> None:
    new_key = rsa_key()
    new = certificate_for(
        new_key, valid_from=datetime(2024, 6, 1, tzinfo=UTC), valid_until=datetime(2026, 1, 1, tzinfo=UTC)
    )
    vietinbank = adapter(None, CERTIFICATE, new)
    july, next_year = datetime(2024, 7, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
    assert vietinbank.verify(notice(), july).key_id == 0
    assert vietinbank.verify(notice(key=new_key), july).key_id == 1
    assert vietinbank.verify(notice(key=new_key), next_year).key_id == 1
    with pytest.raises(NotAuthenticError, match="expired"):
        vietinbank.verify(notice(), next_year)
    with pytest.raises(NotAuthenticError, match="not valid before"):
        vietinbank.verify(notice(key=new_key), NOW)


def test_a_certificate_renewed_for_the_same_key_takes_over_from_the_expired_one() -> None:
    renewed = certificate_for(KEY, valid_from=VALID_UNTIL, valid_until=datetime(2026, 1, 1, tzinfo=UTC))
    moment = VALID_UNTIL + timedelta(days=1)
    assert adapter(None, CERTIFICATE, renewed).verify(notice(), moment).key_id == 1


def test_the_hash_and_the_encoding_are_the_configured_ones() -> None:
    text = signed_text([str(BODY[name]) for name in FIELDS[:SIGNED]])
    chosen = options(hash="sha512", encoding="hex")
    right = raw({**BODY, "signature": signature(text, algorithm=hashes.SHA512()).hex()})
    assert facts(right, chosen) == FACTS
    for wrong in (
        signature(text, algorithm=hashes.SHA256()).hex(),
        base64.b64encode(signature(text, algorithm=hashes.SHA512())).decode(),
        signature(text, algorithm=hashes.SHA512()).hex()[:-1],
        "",
    ):
        with pytest.raises(NotAuthenticError):
            adapter(chosen).verify(raw({**BODY, "signature": wrong}), NOW)
    for wrong in (signature(text).hex(), "****", "é", base64.b64encode(signature(text)).decode() + "\n"):
        with pytest.raises(NotAuthenticError):
            adapter().verify(raw({**BODY, "signature": wrong}), NOW)


def test_a_signature_by_pss_or_by_a_sha1_is_refused() -> None:
    text = signed_text([str(BODY[name]) for name in FIELDS[:SIGNED]])
    by_pss = KEY.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    for wrong in (by_pss, signature(text, algorithm=hashes.SHA1())):
        with pytest.raises(NotAuthenticError, match="no live certificate"):
            adapter().verify(raw({**BODY, "signature": base64.b64encode(wrong).decode()}), NOW)


def test_another_banks_signature_is_refused() -> None:
    with pytest.raises(NotAuthenticError, match="no live certificate"):
        adapter().verify(notice(key=rsa_key()), NOW)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"secret", "not one X.509 certificate in PEM"),
        (private_pem(KEY), "not one X.509 certificate in PEM"),
        (KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "not one X.509 certificate"),
        (CERTIFICATE + CERTIFICATE, "not one X.509 certificate in PEM"),
        (CERTIFICATE[:200], "not a readable X.509 certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "not a readable X.509 certificate"),
        (certificate_for(elliptic_key()), "a certificate for no RSA key"),
        (certificate_for(rsa_key(1024)), "a key of less than 2048 bits"),
    ],
    ids=range(8),
)
def test_a_secret_that_is_no_certificate_of_the_bank_is_a_wrong_configuration(pem: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        adapter(None, CERTIFICATE, pem)
    assert str(refused.value).startswith("secret 2 of the adapter vietinbank")


def test_an_expired_certificate_does_not_stop_the_service_from_starting() -> None:
    past = certificate_for(
        KEY, valid_from=datetime(2020, 1, 1, tzinfo=UTC), valid_until=datetime(2021, 1, 1, tzinfo=UTC)
    )
    assert adapter(None, past, CERTIFICATE).verify(notice(), NOW).key_id == 1


def test_the_simulator_signs_by_rsa_alone() -> None:
    with pytest.raises(ConfigurationError, match="RSA"):
        VietinbankSimulator(private_pem(elliptic_key()), options())


def test_the_answer_names_the_notice_and_the_refusal_a_reason() -> None:
    payload = adapter().read(notice(transId='5"1'))
    assert isinstance(payload, Notice)
    assert json.loads(adapter().acknowledge(payload, repeated=True).body) == {
        "transId": '5"1',
        "providerId": "9111",
        "errorCode": "00",
        "errorDesc": "Success",
    }
    assert (adapter().refuse().status, json.loads(adapter().refuse().body)["errorCode"]) == (401, "01")
