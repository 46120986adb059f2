import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.dvcqg import Dvcqg, DvcqgOptions
from adapters.dvcqg.payloads import SIGNED_FIELDS
from adapters.dvcqg.signature import sign
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.notice import NoticeFacts, RawNotice

SECRET = b"SECRET_TEST_KEY"
NOW = datetime(2024, 5, 8, 7, 8, tzinfo=UTC)
FIELDS: Mapping[str, Any] = {
    "LoaiBanTin": "CONFIRM",
    "MaLoi": "00",
    "MaDoiTac": "DVC-TEST",
    "MaThamChieu": "dvc0000012H2324050800012024050814063400",
    "SoTien": 150000,
    "MaTienTe": "VND",
    "MaGiaoDich": "G22.99.3-240508000001",
    "MaNganHang": "970415",
    "ThoiGianGD": "20240508140712",
    "ThongTinGiaoDich": "THANH TOAN HO SO 000.00.12.H23-240508-0001",
}
FACTS = NoticeFacts(
    reference="dvc0000012H2324050800012024050814063400",
    transaction_id="G22.99.3-240508000001",
    state=PaymentState.PAID,
    outcome=Outcome.PAID,
    amount=150_000,
    currency="VND",
    occurred_at=datetime(2024, 5, 8, 7, 7, 12, tzinfo=UTC),
    dossier_code="000.00.12.H23-240508-0001",
    description="THANH TOAN HO SO 000.00.12.H23-240508-0001",
)


def adapter(*failed_codes: str) -> Dvcqg:
    return Dvcqg([SECRET], DvcqgOptions(partner_code="DVC-TEST", failed_codes=failed_codes))


def notice(beside: Mapping[str, Any] | None = None, /, **changed: Any) -> RawNotice:
    """A signed CONFIRM with the fields changed, and with others beside them that are not signed."""
    fields = {**FIELDS, **changed}
    signature = sign([str(fields[name]) for name in SIGNED_FIELDS], SECRET)
    return RawNotice("POST", json.dumps({**fields, "MaXacThuc": signature, **(beside or {})}).encode())


def unsigned(message: object) -> RawNotice:
    return RawNotice("POST", json.dumps(message).encode())


def facts(raw: RawNotice, *failed_codes: str) -> NoticeFacts:
    dvcqg = adapter(*failed_codes)
    return dvcqg.translate(dvcqg.verify(raw, NOW).payload)


def test_the_computed_vectors_are_reproduced(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/dvcqg_payplat_maxacthuc.json").read_text())
    read = [name for name in vectors if isinstance(vectors[name], dict) and "string" in vectors[name]]
    for name in read:
        vector = vectors[name]
        values = [str(value) for value in vector["fields"].values()]
        assert "|".join((*values, vectors["secret"])) == vector["string"]
        assert sign(values, vectors["secret"].encode()) == vector["MaXacThuc"]
    assert read == ["init", "confirm", "query"]


def test_the_confirm_vector_is_authentic_and_paid(shared: Path) -> None:
    vector = json.loads((shared / "vectors/dvcqg_payplat_maxacthuc.json").read_text())["confirm"]
    said = facts(unsigned({**vector["fields"], "MaXacThuc": vector["MaXacThuc"]}))
    assert (said.state, said.amount, said.dossier_code) == (PaymentState.PAID, 150_000, "000.00.12.H62-240508-0001")


def test_both_delimiter_injection_twins_are_refused(shared: Path) -> None:
    twins = json.loads((shared / "vectors/dvcqg_payplat_maxacthuc.json").read_text())["delimiter_injection_twins"]
    for name in ("a", "b"):
        assert sign([str(value) for value in twins[name].values()], SECRET) == twins["same_MaXacThuc"]
        with pytest.raises(NotAuthenticError, match="delimiter"):
            adapter().verify(unsigned({**twins[name], "MaXacThuc": twins["same_MaXacThuc"]}), NOW)


@pytest.mark.parametrize("field", [name for name in SIGNED_FIELDS if name != "SoTien"])
def test_a_delimiter_in_any_signed_field_is_refused(field: str) -> None:
    with pytest.raises(NotAuthenticError):
        adapter().verify(notice(**{field: f"{FIELDS[field]}|x"}), NOW)


def test_a_confirm_says_what_was_paid_for_which_dossier() -> None:
    assert facts(notice()) == FACTS


def test_an_amount_written_as_text_says_the_same() -> None:
    assert facts(notice(SoTien="150000")) == FACTS


def test_an_amount_beyond_32_bits_is_kept_whole() -> None:
    assert facts(notice(SoTien=3_000_000_000)).amount == 3_000_000_000
    assert facts(notice(SoTien=MAX_AMOUNT)).amount == MAX_AMOUNT


def test_the_dossier_named_outside_the_signature_is_not_believed() -> None:
    raw = notice({"MaHoSo": "000.00.12.H23-240508-9999"}, ThongTinGiaoDich="Thanh toán lệ phí")
    assert facts(raw).dossier_code is None


@pytest.mark.parametrize("field", [*SIGNED_FIELDS, "MaXacThuc"])
def test_a_missing_field_is_not_authenticated(field: str) -> None:
    message = json.loads(notice().body)
    del message[field]
    with pytest.raises(NotAuthenticError, match=f"{field} is missing"):
        adapter().verify(unsigned(message), NOW)


@pytest.mark.parametrize("value", [None, True, 1.5, ["x"], {"a": 1}])
def test_a_signed_field_is_text_or_an_integer(value: object) -> None:
    with pytest.raises(NotAuthenticError, match="neither text nor an integer"):
        adapter().verify(notice(SoTien=value), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"null",
        notice().body[:-1],
        notice().body.replace(b'"MaLoi"', b'"MaLoi": "00", "MaLoi"'),
        notice().body.replace(b"150000", b"NaN"),
        notice().body.replace(b"970415", b"\\u0000"),
        notice().body.replace(b"970415", b"\\ud800"),
        notice().body.replace(b'"970415"', b"[" * 300 + b"]" * 300),
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
        adapter().verify(notice(MaDoiTac="DVC-OTHER"), NOW)


def test_the_signature_is_lower_case_hexadecimal() -> None:
    message = json.loads(notice().body)
    with pytest.raises(NotAuthenticError):
        adapter().verify(unsigned({**message, "MaXacThuc": message["MaXacThuc"].upper()}), NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("LoaiBanTin", "QUERY"),
        ("MaLoi", ""),
        ("MaLoi", "0 0"),
        ("MaThamChieu", ""),
        ("MaThamChieu", "x" * 256),
        ("MaThamChieu", "a\nb"),
        ("SoTien", -1),
        ("SoTien", "1.5"),
        ("SoTien", "9223372036854775808"),
        ("SoTien", "150.000"),
        ("MaTienTe", "DONG"),
        ("MaTienTe", "vnd"),
        ("MaGiaoDich", "x" * 256),
        ("MaGiaoDich", "a\tb"),
        ("MaNganHang", "Ngân hàng"),
        ("ThoiGianGD", "20240508"),
        ("ThoiGianGD", "20240230140712"),
        ("ThoiGianGD", "20240508250712"),
    ],
)
def test_an_authentic_field_in_another_format_is_unreadable_and_acknowledged(field: str, value: object) -> None:
    payload = adapter().verify(notice(**{field: value}), NOW).payload
    with pytest.raises(UnreadableNoticeError, match=field):
        adapter().translate(payload)
    reply = adapter().acknowledge(payload, repeated=False)
    assert (reply.status, json.loads(reply.body)["MaLoi"]) == (200, "00")


def test_a_failed_attempt_may_have_no_transaction_and_no_bank() -> None:
    said = facts(notice(MaLoi="99", MaGiaoDich="", MaNganHang=""), "99")
    assert (said.state, said.transaction_id) == (PaymentState.FAILED, "")


def test_a_listed_code_is_a_failure() -> None:
    assert facts(notice(MaLoi="99"), "98", "99") == FACTS._replace(state=PaymentState.FAILED, outcome=Outcome.DECLINED)


def test_any_other_code_is_pending_with_an_alarm() -> None:
    for code, listed in (("99", ()), ("01", ("99",)), ("0", ("99",))):
        said = facts(notice(MaLoi=code), *listed)
        assert (said.state, said.outcome) == (PaymentState.PENDING, Outcome.PENDING)
        assert said.alarm == f"MaLoi {code} is not a listed code"


def test_a_star_makes_every_other_code_a_failure() -> None:
    assert facts(notice(MaLoi="37"), "*").state is PaymentState.FAILED
    assert facts(notice(MaLoi="00"), "*").state is PaymentState.PAID
    assert DvcqgOptions.model_validate({"partner_code": "P", "failed_codes": "*"}).failed_codes == ("*",)


def test_another_message_type_can_be_configured() -> None:
    dvcqg = Dvcqg([SECRET], DvcqgOptions(partner_code="DVC-TEST", confirm_type="XACNHAN"))
    assert dvcqg.translate(dvcqg.verify(notice(LoaiBanTin="XACNHAN"), NOW).payload) == FACTS


def test_the_reply_echoes_reference_time_and_signature() -> None:
    raw = notice(MaThamChieu='dvc"Hải Dương"')
    reply = adapter().acknowledge(adapter().verify(raw, NOW).payload, repeated=True)
    assert reply.status == 200
    assert json.loads(reply.body) == {
        "MaLoi": "00",
        "MoTaLoi": "Thành công",
        "MaDoiTac": "DVC-TEST",
        "MaThamChieu": 'dvc"Hải Dương"',
        "ThoiGianGD": "20240508140712",
        "MaXacThuc": json.loads(raw.body)["MaXacThuc"],
    }


def test_a_refusal_is_401_with_code_99() -> None:
    reply = adapter().refuse()
    assert (reply.status, json.loads(reply.body)["MaLoi"]) == (401, "99")
