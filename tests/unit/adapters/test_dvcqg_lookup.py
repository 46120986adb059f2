"""The platform's question what a dossier must pay: believed when signed, answered in its words and signed again."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.dvcqg import DvcqgOptions
from adapters.dvcqg.lookup import DvcqgLookup
from adapters.dvcqg.simulator import DvcqgSimulator
from paygate.domain.errors import NotAuthenticError
from paygate.domain.notice import RawNotice
from paygate.domain.payable import Beneficiary, NothingDue, Payable
from paygate.domain.record import Obligation
from tests.ledger_facts import DOSSIER, a_record

OLD, LIVE = b"OLD_KEY", b"SECRET_TEST_KEY"
NOW = datetime(2024, 5, 8, 17, 8, 9, tzinfo=UTC)
LINES = (Obligation("LP01", "charge", "Lệ phí", 50_000), Obligation("PH01", "fee", "Phí thẩm định hồ sơ rất dài", 1))
PAYABLE = Payable(a_record(obligations=LINES), LINES, Beneficiary("0011001234567", "970436", "Tỉnh Hải Dương"))


def options(**changes: Any) -> DvcqgOptions:
    return DvcqgOptions(partner_code="DVC-TEST", **changes)


def lookup(**changes: Any) -> DvcqgLookup:
    return DvcqgLookup([OLD, LIVE], options(**changes))


def asked(secret: bytes = LIVE, dossier: str = DOSSIER, partner: str = "DVC-TEST", **more: str) -> RawNotice:
    return RawNotice("POST", DvcqgSimulator(secret, DvcqgOptions(partner_code=partner)).question(dossier, **more))


def answer(found: Payable | NothingDue | None, secret: bytes = LIVE, **changes: Any) -> dict[str, Any]:
    desk = lookup(**changes)
    reply = desk.answer(desk.read_question(asked(secret)), found, NOW)
    assert (reply.status, reply.content_type) == (200, "application/json")
    said: dict[str, Any] = json.loads(reply.body)
    return said


@pytest.mark.parametrize(("secret", "key_id"), [(OLD, 0), (LIVE, 1)])
def test_a_question_is_believed_under_every_live_secret(secret: bytes, key_id: int) -> None:
    question = lookup().read_question(asked(secret))
    assert (question.dossier_code, question.key_id) == (DOSSIER, key_id)


def test_a_question_is_signed_as_every_message_of_the_platform() -> None:
    said = json.loads(asked().body)
    assert said["MaXacThuc"] == sha256(f"DVC-TEST|{DOSSIER}|SECRET_TEST_KEY".encode()).hexdigest()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"MaHoSo": DOSSIER}).encode(),
        json.dumps({"MaDoiTac": "DVC-TEST", "MaHoSo": DOSSIER, "MaXacThuc": ""}).encode(),
        asked(b"GUESSED").body,
        asked(partner="DVC-OTHER").body,
        asked().body.replace(b"0001", b"0002"),
        asked(dossier="A|B").body,
        json.dumps({"MaDoiTac": "DVC-TEST", "MaHoSo": None, "MaXacThuc": "x"}).encode(),
        b'{"MaHoSo": "A", "MaHoSo": "B"}',
        b"[" * 300,
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_what_is_not_signed_is_refused_in_the_platforms_words(body: bytes) -> None:
    with pytest.raises(NotAuthenticError):
        lookup().read_question(RawNotice("POST", body))
    refusal = lookup().refuse()
    assert (refusal.status, json.loads(refusal.body)["error_code"]) == (401, -1)


def test_what_is_due_is_told_as_receipt_information() -> None:
    said = answer(PAYABLE)
    assert (said["error_code"], said["MaDoiTac"], said["MaHoSo"]) == (1, "DVC-TEST", DOSSIER)
    assert said["message"] == {
        "MaTraCuuTT": f"{DOSSIER}20240509000809",
        "MaDichVu": "2",
        "MaDVC": "1.005129.01",
        "TenDVC": "Cấp giấy phép",
        "MaTTHC": "1.005129",
        "TenTTHC": "Cấp giấy phép",
        "MaDonVi": "000.00.12.H23",
        "TenDonVi": "Sở Xây dựng",
        "MaHoSo": DOSSIER,
        "TKThuHuong": "0011001234567",
        "MaNHThuHuong": "970436",
        "TenTKThuHuong": "Tỉnh Hải Dương",
        "NoiDungThanhToan": f"THANH TOAN HO SO {DOSSIER}",
        "SoTien": "50001",
        "PhiLePhi": [
            {"LoaiPhiLePhi": "LePhi", "MaPhiLePhi": "LP01", "TenPhiLePhi": "Lệ phí", "SoTien": "50000"},
            {"LoaiPhiLePhi": "Phi", "MaPhiLePhi": "PH01", "TenPhiLePhi": "Phí thẩm định hồ sơ ", "SoTien": "1"},
        ],
        "DSKhoanNop": [
            {"NoiDung": "Lệ phí", "SoTien": "50000"},
            {"NoiDung": "Phí thẩm định hồ sơ rất dài", "SoTien": "1"},
        ],
    }


def test_the_lines_add_up_to_what_is_asked_for() -> None:
    message = answer(PAYABLE)["message"]
    for lines in (message["PhiLePhi"], message["DSKhoanNop"]):
        assert sum(int(line["SoTien"]) for line in lines) == int(message["SoTien"])


@pytest.mark.parametrize("why", NothingDue)
def test_nothing_due_is_said_with_its_reason(why: NothingDue) -> None:
    said = answer(why)
    assert (said["error_code"], bool(said["message"])) == (0, True)


def test_the_reasons_for_nothing_due_each_have_a_sentence_of_their_own() -> None:
    assert len({answer(why)["message"] for why in NothingDue}) == len(NothingDue)


def test_an_unknown_dossier_is_an_error_with_a_sentence() -> None:
    assert (answer(None)["error_code"], answer(None)["message"]) == (-1, "Không tìm thấy hồ sơ")


@pytest.mark.parametrize("secret", [OLD, LIVE])
def test_an_answer_is_signed_with_the_secret_that_signed_the_question(secret: bytes) -> None:
    signed = f"1|DVC-TEST|{DOSSIER}|{DOSSIER}20240509000809|50001|".encode() + secret
    assert answer(PAYABLE, secret)["MaXacThuc"] == sha256(signed).hexdigest()
    nothing = f"0|DVC-TEST|{DOSSIER}|||".encode() + secret
    assert answer(NothingDue.PAID, secret)["MaXacThuc"] == sha256(nothing).hexdigest()


def test_what_is_signed_is_a_matter_of_configuration() -> None:
    fields = ("MaHoSo", "ThoiGianGD")
    simulator = DvcqgSimulator(LIVE, options(lookup_signed_fields=fields))
    body = simulator.question(DOSSIER, ThoiGianGD="20240508140712")
    assert lookup(lookup_signed_fields=fields).read_question(RawNotice("POST", body)).dossier_code == DOSSIER
    signed = answer(PAYABLE, lookup_reply_signed_fields=("MaHoSo",))["MaXacThuc"]
    assert signed == sha256(f"{DOSSIER}|".encode() + LIVE).hexdigest()


def test_the_dossier_cannot_be_left_out_of_what_is_signed() -> None:
    with pytest.raises(ValidationError, match="MaHoSo"):
        options(lookup_signed_fields=("MaDoiTac",))
