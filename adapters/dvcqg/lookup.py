"""dptracuuthanhtoanhs: the platform asks what a dossier must pay.

How the question and its answer are signed is not public. They are taken to be signed as every other message of the
platform is, over fields that are configuration. Of the payer nothing is told.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.dvcqg import DvcqgOptions
from adapters.dvcqg.payloads import SIGNATURE_FIELD
from adapters.dvcqg.signature import DELIMITER, sign
from adapters.fields import HANOI
from adapters.signing import signing_key
from adapters.strict_json import parse, signed_text
from paygate.domain.adapter import Question
from paygate.domain.errors import InvalidInputError, NotAuthenticError
from paygate.domain.notice import RawNotice, Reply
from paygate.domain.payable import NothingDue, Payable
from paygate.domain.record import Obligation

FOUND, NOTHING, FAILED = 1, 0, -1
FEE_OF_A_DOSSIER: Final = "2"
"""`MaDichVu`: fees and charges of a dossier."""
SERVICE_SUFFIX: Final = ".01"
"""What makes a public service's code of its procedure's, commonly."""

_SENTENCES: Final = {
    NothingDue.NOT_REQUIRED: "Hồ sơ không phải nộp phí, lệ phí",
    NothingDue.PAID: "Hồ sơ đã nộp đủ phí, lệ phí",
    NothingDue.CLOSED: "Hồ sơ đã rút, không được tiếp nhận hoặc đã dừng xử lý",
    NothingDue.EXPIRED: "Đã hết hạn nộp phí, lệ phí của hồ sơ",
    NothingDue.UNDER_WAY: "Một giao dịch của hồ sơ đang được xử lý, vui lòng tra cứu lại sau",
}
_KINDS: Final = {"fee": "Phi", "charge": "LePhi"}


class DvcqgLookup:
    """Reads the platform's questions about one agency's dossiers, and answers them."""

    def __init__(self, secrets: Sequence[bytes], options: DvcqgOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options

    def read_question(self, raw: RawNotice) -> Question:
        fields = _signed_fields(raw.body, self._options.lookup_signed_fields)
        presented = fields.pop(SIGNATURE_FIELD)
        if any(DELIMITER in value for value in fields.values()):
            raise NotAuthenticError("a signed field holds the delimiter of the signature")
        computed = [sign(tuple(fields.values()), secret).encode() for secret in self._secrets]
        key_id = signing_key(computed, (presented.encode(),))
        if fields.get("MaDoiTac", self._options.partner_code) != self._options.partner_code:
            raise NotAuthenticError("signed for another partner")
        return Question(fields["MaHoSo"], key_id)

    def answer(self, question: Question, found: Payable | NothingDue | None, now: datetime) -> Reply:
        if found is None:
            return self._reply(question, FAILED, "Không tìm thấy hồ sơ")
        if isinstance(found, NothingDue):
            return self._reply(question, NOTHING, _SENTENCES[found])
        return self._reply(question, FOUND, _receipt_information(found, now))

    def refuse(self) -> Reply:
        body = {"error_code": FAILED, "message": "Sai mã xác thực"}
        return Reply(401, json.dumps(body, ensure_ascii=False).encode())

    def _reply(self, question: Question, code: int, message: str | Mapping[str, Any]) -> Reply:
        said = {
            "error_code": code,
            "message": message,
            "MaDoiTac": self._options.partner_code,
            "MaHoSo": question.dossier_code,
        }
        signable = {**said, **(message if isinstance(message, Mapping) else {})}
        # What an answer has not got is signed as empty; the delimiter as a space, since none of our fields needs one.
        names = self._options.lookup_reply_signed_fields
        fields = [str(signable.get(name, "")).replace(DELIMITER, " ") for name in names]
        said[SIGNATURE_FIELD] = sign(fields, self._secrets[question.key_id])
        return Reply(200, json.dumps(said, ensure_ascii=False).encode())


def _signed_fields(body: bytes, names: Sequence[str]) -> dict[str, str]:
    """Read the signed fields, in their order, and the signature.

    Raises:
        NotAuthenticError: it is no strict JSON, or one of them is missing or has no one text.
    """
    try:
        message = parse(body)
        if not isinstance(message, dict):
            raise NotAuthenticError("not a JSON object")
        return {name: signed_text(message[name]) for name in (*names, SIGNATURE_FIELD)}
    except KeyError as error:
        raise NotAuthenticError(f"{error.args[0]} is missing") from None
    except InvalidInputError as error:
        raise NotAuthenticError(str(error)) from None


def _receipt_information(payable: Payable, now: datetime) -> dict[str, Any]:
    """Write ThongTinBienLai, each field within the width the platform gives it."""
    record, to = payable.record, payable.beneficiary
    return {
        "MaTraCuuTT": f"{record.dossier_code}{now.astimezone(HANOI):%Y%m%d%H%M%S}",
        "MaDichVu": FEE_OF_A_DOSSIER,
        "MaDVC": f"{record.procedure_code}{SERVICE_SUFFIX}",
        "TenDVC": record.procedure_name[:250],
        "MaTTHC": record.procedure_code,
        "TenTTHC": record.procedure_name[:250],
        "MaDonVi": record.agency_code,
        "TenDonVi": record.agency_name,
        "MaHoSo": record.dossier_code,
        "TKThuHuong": to.number[:50],
        "MaNHThuHuong": to.bank,
        "TenTKThuHuong": to.holder[:100],
        "NoiDungThanhToan": f"THANH TOAN HO SO {record.dossier_code}",
        "SoTien": str(payable.amount),
        "PhiLePhi": [_fee(line) for line in payable.lines],
        "DSKhoanNop": [{"NoiDung": line.name or line.code, "SoTien": str(line.amount)} for line in payable.lines],
    }


def _fee(line: Obligation) -> dict[str, str]:
    return {
        "LoaiPhiLePhi": _KINDS[line.kind],
        "MaPhiLePhi": line.code[:50],
        "TenPhiLePhi": line.name[:20],
        "SoTien": str(line.amount),
    }
