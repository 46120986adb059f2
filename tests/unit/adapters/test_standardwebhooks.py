import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from adapters.standardwebhooks import StandardWebhooks, StandardWebhooksOptions
from adapters.standardwebhooks.signature import HEADERS, sign
from adapters.standardwebhooks.simulator import StandardWebhooksSimulator
from adapters.standardwebhooks.translate import OUTCOMES
from paygate.domain.errors import ConfigurationError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2024, 5, 8, 7, 7, 30, tzinfo=UTC)
FACTS = NoticeFacts(
    reference="HD-2024-000017",
    transaction_id="T-9",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="Lệ phí hộ tịch",
)


def adapter(*secrets: bytes) -> StandardWebhooks:
    return StandardWebhooks(secrets or [SECRET], StandardWebhooksOptions())


def body(beside: dict[str, Any] | None = None, /, **changed: Any) -> bytes:
    """A neutral body with fields of `data` changed, and whole keys beside `data`."""
    data = {
        "reference": "HD-2024-000017",
        "dossier_code": "000.00.12.H23-240508-0001",
        "transaction_id": "T-9",
        "amount": 150000,
        "currency": "VND",
        "status": "paid",
        "paid_at": "2024-05-08T14:07:12+07:00",
        "description": "Lệ phí hộ tịch",
        "payer_name": "Nguyễn Văn A",
    } | changed
    message = {"type": f"payment.{data['status']}", "timestamp": "2024-05-08T07:07:13Z", "data": data}
    return json.dumps(message | (beside or {})).encode()


def test_every_vector_has_the_verdict_it_should(shared: Path) -> None:
    verdicts = []
    vectors = json.loads((shared / "vectors/standard_webhooks.json").read_text())
    for vector in vectors:
        if vector["expect"] == "parse-only":
            continue
        try:
            raw = RawNotice("POST", vector["body"].encode(), vector["headers"])
            adapter(vector["secret"].encode()).verify(raw, datetime.fromtimestamp(vector["now"], UTC))
            verdict = "accept"
        except NotAuthenticError:
            verdict = "reject"
        except ConfigurationError:
            verdict = "config-error"
        assert verdict == vector["expect"], vector["name"]
        verdicts.append(verdict)
    assert (len(vectors), verdicts.count("accept"), verdicts.count("reject")) == (14, 3, 9)


def test_a_list_of_schemes_is_taken_apart_and_refused_for_want_of_the_key(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/standard_webhooks.json").read_text())
    (vector,) = [one for one in vectors if one["expect"] == "parse-only"]
    sent = datetime.fromtimestamp(int(vector["headers"]["webhook-timestamp"]), UTC)
    with pytest.raises(NotAuthenticError, match="no live secret"):
        adapter().verify(RawNotice("POST", b"{}", vector["headers"]), sent)


def test_the_reference_implementation_believes_what_we_sign() -> None:
    _, sent, headers = StandardWebhooksSimulator(SECRET, StandardWebhooksOptions()).request(FACTS, datetime.now(UTC))
    assert standardwebhooks.Webhook(SECRET.decode()).verify(sent, dict(headers))


def test_we_believe_what_the_reference_implementation_signs() -> None:
    signature = standardwebhooks.Webhook(SECRET.decode()).sign("msg_1", NOW, body().decode())
    headers = dict(zip(HEADERS, ("msg_1", str(int(NOW.timestamp())), signature), strict=True))
    assert adapter().verify(RawNotice("POST", body(), headers), NOW).payload == body()


def signed(message_id: str, sent_at: str, *, scheme: str = "v1") -> RawNotice:
    key = adapter()._keys[0]  # noqa: SLF001 -- what is signed here no sender would sign
    signature = f"{scheme},{sign(message_id, sent_at, body(), key).decode()}"
    return RawNotice("POST", body(), dict(zip(HEADERS, (message_id, sent_at, signature), strict=True)))


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a" * 129, "é", "a\n", "../x"])
def test_an_id_of_other_characters_is_refused_though_signed(message_id: str) -> None:
    with pytest.raises(NotAuthenticError, match="webhook-id"):
        adapter().verify(signed(message_id, str(int(NOW.timestamp()))), NOW)


@pytest.mark.parametrize("sent_at", ["", "hello", "-1", "1e9", "1715152050.5", "9" * 13, " 1715152050", "١٧١٥١٥٢٠٥٠"])
def test_a_time_that_is_not_in_seconds_is_refused_though_signed(sent_at: str) -> None:
    with pytest.raises(NotAuthenticError, match="webhook-timestamp"):
        adapter().verify(signed("msg_1", sent_at), NOW)


def test_another_scheme_is_passed_over() -> None:
    for scheme in ("v2", "v1a", "V1", "v0"):
        with pytest.raises(NotAuthenticError):
            adapter().verify(signed("msg_1", str(int(NOW.timestamp())), scheme=scheme), NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_edge_of_the_tolerance_is_exact(seconds: int) -> None:
    raw = signed("msg_1", str(int(NOW.timestamp())))
    adapter().verify(raw, NOW + timedelta(seconds=seconds))
    with pytest.raises(NotAuthenticError, match="300 s"):
        adapter().verify(raw, NOW + timedelta(seconds=seconds + (1 if seconds > 0 else -1)))


def test_bytes_that_are_no_text_in_a_header_are_a_refusal() -> None:
    raw = signed("msg_1", str(int(NOW.timestamp())))
    for name in HEADERS:
        with pytest.raises(NotAuthenticError):
            adapter().verify(RawNotice("POST", body(), {**raw.headers, name: "v1,\udcff"}), NOW)


@pytest.mark.parametrize("secret", [b"whsec_", b"not base64!", b"whsec_abc", b"\xff\xfe"])
def test_a_secret_that_is_not_base64_is_a_fault_of_the_configuration(secret: bytes) -> None:
    with pytest.raises(ConfigurationError, match="Standard Webhooks secret") as refused:
        adapter(SECRET, secret)
    assert "abc" not in str(refused.value)


def test_the_neutral_body_says_what_was_paid_for_which_dossier() -> None:
    assert adapter().translate(body()) == FACTS


def test_keys_we_do_not_know_are_let_be() -> None:
    assert adapter().translate(body({"version": 3}, channel="qr")) == FACTS


def test_what_is_optional_may_be_absent_or_null() -> None:
    bare = b'{"type":"payment.pending","data":{"reference":"r","amount":0,"currency":"VND","status":"pending"}}'
    nulls = body(transaction_id=None, dossier_code=None, paid_at=None, description=None, payer_name=None)
    said = adapter().translate(bare)
    assert (said.transaction_id, said.dossier_code, said.occurred_at, said.description) == ("", None, None, "")
    said = adapter().translate(nulls)
    assert (said.transaction_id, said.dossier_code, said.occurred_at, said.description) == ("", None, None, "")


def test_a_dossier_not_named_is_looked_for_in_the_description() -> None:
    said = adapter().translate(body(dossier_code=None, description="ho so H23.12-240508-0001"))
    assert said.dossier_code == "H23.12-240508-0001"


@pytest.mark.parametrize("state", PaymentState)
def test_every_payment_state_can_be_said(state: PaymentState) -> None:
    said = adapter().translate(body(status=state))
    assert (said.state, said.outcome, said.alarm) == (state, OUTCOMES[state], None)


def test_a_type_that_contradicts_the_status_is_pending_with_an_alarm() -> None:
    said = adapter().translate(body({"type": "payment.failed"}, status="paid"))
    assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
    assert said.alarm == "type says failed, data.status says paid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", ""),
        ("reference", 17),
        ("reference", None),
        ("reference", "x" * 256),
        ("reference", "a\nb"),
        ("transaction_id", 9),
        ("transaction_id", "x" * 256),
        ("dossier_code", "x" * 101),
        ("dossier_code", ["x"]),
        ("amount", -1),
        ("amount", 1.0),
        ("amount", "150000"),
        ("amount", True),
        ("amount", 2**63),
        ("currency", "vnd"),
        ("currency", "DONG"),
        ("status", "PAID"),
        ("status", "settled"),
        ("paid_at", 1715152032),
        ("paid_at", "1715152032"),
        ("paid_at", "2024-05-08"),
        ("paid_at", "2024-05-08T14:07:12"),
        ("paid_at", "2024-02-30T14:07:12Z"),
        ("paid_at", "0001-01-01T00:00:00+07:00"),
        ("description", 1),
        ("description", "\x00"),
        ("description", "\ud800"),
    ],
)
def test_a_field_in_another_format_is_unreadable_and_never_quoted(field: str, value: object) -> None:
    with pytest.raises(UnreadableNoticeError) as refused:
        adapter().translate(body(**{field: value}))
    assert "Nguyễn" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "sent",
    [b"", b"not JSON", b"[]", b"null", b"{}", b'{"test": 2432232314}', b'{"type":"payment.paid","data":null}', b"\xff"],
)
def test_an_authentic_body_that_is_no_notice_is_unreadable_and_acknowledged(sent: bytes) -> None:
    with pytest.raises(UnreadableNoticeError):
        adapter().translate(sent)
    assert adapter().acknowledge(sent, repeated=False).status == 200


def test_a_key_given_twice_is_unreadable() -> None:
    with pytest.raises(UnreadableNoticeError, match="stands twice"):
        adapter().translate(body().replace(b'"amount":', b'"amount": 1, "amount":'))
