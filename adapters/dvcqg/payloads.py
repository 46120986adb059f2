"""The CONFIRM message, field by field as it is signed."""

from operator import itemgetter
from typing import Final, NamedTuple

from adapters.strict_json import literal_fields, parse


class Confirm(NamedTuple):
    """The signed fields as the literal text that is signed, in the order in which it is, and the signature last.

    A message carries more (Token, SoThe, MaHoSo …); being outside the signature it is not believed and not read.
    """

    message_type: str
    result_code: str
    partner_code: str
    reference: str
    amount: str
    currency: str
    transaction_id: str
    bank: str
    time: str
    description: str
    signature: str


SIGNED_FIELDS: Final = (
    "LoaiBanTin",
    "MaLoi",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "MaTienTe",
    "MaGiaoDich",
    "MaNganHang",
    "ThoiGianGD",
    "ThongTinGiaoDich",
)
SIGNATURE_FIELD: Final = "MaXacThuc"

_fields = itemgetter(*SIGNED_FIELDS, SIGNATURE_FIELD)


def read_confirm(body: bytes) -> Confirm:
    """Read a message as far as it is signed.

    Raises:
        InvalidInputError: not strict JSON, or a signed field is missing or neither text nor an integer.
    """
    return confirm_in(parse(body))


def confirm_in(message: object) -> Confirm:
    """Read the signed fields of a message that is parsed.

    Raises:
        InvalidInputError: as `read_confirm`.
    """
    return Confirm._make(literal_fields(message, _fields))
