"""The CONFIRM message, field by field as it is signed."""

from operator import itemgetter
from typing import Final, NamedTuple

from adapters.strict_json import parse
from paygate.domain.errors import InvalidInputError


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
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    try:
        values = _fields(message)
    except KeyError as error:
        raise InvalidInputError(f"{error.args[0]} is missing") from None
    return Confirm._make(value if type(value) is str else _integer_text(value) for value in values)


def signed_text(value: object) -> str:
    """Return the text that is signed of a field's value.

    Raises:
        InvalidInputError: it is neither text nor an integer.
    """
    return value if type(value) is str else _integer_text(value)


def _integer_text(value: object) -> str:
    # bool is an int to Python, and null, numbers with decimals and objects have no one text that could be signed.
    if type(value) is not int:
        raise InvalidInputError("a signed field is neither text nor an integer")
    return str(value)
