"""The query string of a notification: as it came, which is what is signed, and decoded, which is what is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from paygate.domain.errors import InvalidInputError

SIGNATURE_FIELD: Final = "vnp_SecureHash"
_UNSIGNED: Final = frozenset({SIGNATURE_FIELD, "vnp_SecureHashType"})
_PREFIX: Final = "vnp_"

MAX_PAIRS: Final = 64
"""Pairs one query string may have; VNPay sends about a dozen."""


@dataclass(frozen=True, slots=True)
class Ipn:
    """`received` holds the signed pairs as they came, undecoded and sorted; `values` the same ones decoded."""

    received: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    signature: str


def read_ipn(query: bytes) -> Ipn:
    """Take a query string apart.

    Names that are not VNPay's are neither signed nor read: an agency may have put its own into the address.

    Raises:
        InvalidInputError: not ASCII, too many pairs, or a name given twice, of which two readers could each
            believe another one.
    """
    try:
        pairs = [pair.partition("=") for pair in query.decode("ascii").split("&") if pair.startswith(_PREFIX)]
    except UnicodeDecodeError:
        raise InvalidInputError("the query string is not ASCII") from None
    if len(pairs) > MAX_PAIRS:
        raise InvalidInputError(f"more than {MAX_PAIRS} pairs")
    # U+FFFD for what is not UTF-8: free text survives it, and any other field is refused by its own format.
    decoded = {unquote_plus(name): unquote_plus(value, errors="replace") for name, _, value in pairs}
    if len(decoded) != len(pairs):
        raise InvalidInputError("a name stands twice")
    return Ipn(
        received=tuple(sorted((name, value) for name, _, value in pairs if value and name not in _UNSIGNED)),
        values={name: value for name, value in decoded.items() if value and name not in _UNSIGNED},
        signature=decoded.get(SIGNATURE_FIELD, ""),
    )
