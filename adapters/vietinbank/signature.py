"""signature = RSA (PKCS #1 v1.5) over transId, transTime, custCode, amount, bankTransId, remark, nothing between them.

Because nothing stands between, characters may move from one field to the next and the signature still holds. What
each field may look like (`translate`) leaves these doubles of a signed notice:

* transId and transTime: only where the fourteen digits, moved, are another time that was. That is seldom.
* custCode and amount, amount and bankTransId (or remark, where there is none): digits can move, and the amount with
  them. Nothing in the text says where the bank drew the line.
* all of them into transId, where they fit into its 50 characters, and all fields anew from a remark the payer wrote.
* bankTransId and remark: a double says nothing else of the payment.

Patterns of fixed length for transId, custCode and bankTransId, which are configuration, leave one reading; a notice
without bankTransId is then not taken for paid. Without them a double needs a notice the bank really signed and somebody
on its way, and survives until the bank's statement comes, which does not hold its amount.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.vietinbank.payloads import SIGNED, Notice
from paygate.domain.errors import ConfigurationError, NotAuthenticError

MIN_KEY_BITS: Final = 2048

HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+\Z")


class BankKey(NamedTuple):
    """A key of the bank and when its certificate is valid, both ends included."""

    key: RSAPublicKey
    not_before: datetime
    not_after: datetime


def read_certificate(pem: bytes, place: int) -> BankKey:
    """Read a certificate; whether it is valid is asked when a notice comes, for one may be put in place ahead of time.

    Raises:
        ConfigurationError: not one certificate in PEM, or one that vouches for no RSA key of 2048 bits or more.
    """
    which = f"secret {place + 1} of the adapter vietinbank"
    if pem.count(_BEGIN) != 1:
        raise ConfigurationError(f"{which} is not one X.509 certificate in PEM; a chain is not needed")
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise ConfigurationError(f"{which} is not a readable X.509 certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise ConfigurationError(f"{which} is a certificate for no RSA key, and the bank signs by RSA")
    if key.key_size < MIN_KEY_BITS:
        raise ConfigurationError(f"{which} is a certificate for a key of less than {MIN_KEY_BITS} bits")
    return BankKey(key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def signed_text(fields: Sequence[str]) -> bytes:
    """Return what is signed of the fields in their order; an absent one adds nothing."""
    return "".join(fields).encode()


def sign(fields: Sequence[str], key: RSAPrivateKey, algorithm: str, encoding: str) -> str:
    """Return the signature of the fields in their order."""
    return _WRITE[encoding](key.sign(signed_text(fields), padding.PKCS1v15(), HASHES[algorithm]))


def certificate_that_signed(
    notice: Notice, keys: Sequence[BankKey], algorithm: str, encoding: str, now: datetime
) -> int:
    """Return the number of the certificate, valid now, whose key signed.

    Raises:
        NotAuthenticError: none did, or only one that has expired or is not valid yet.
    """
    signature, text = _read_signature(notice.signature, encoding), signed_text(notice[:SIGNED])
    signers = [number for number, bank in enumerate(keys) if _signed(bank.key, signature, text, algorithm)]
    if not signers:
        raise NotAuthenticError("no live certificate's key made this signature")
    valid = [number for number in signers if keys[number].not_before <= now <= keys[number].not_after]
    if not valid:
        raise NotAuthenticError(_why_not(keys[signers[0]], now))
    return valid[0]


def _why_not(bank: BankKey, now: datetime) -> str:
    if now > bank.not_after:
        return f"signed under a certificate that expired at {bank.not_after.isoformat()}"
    return f"signed under a certificate that is not valid before {bank.not_before.isoformat()}"


def _signed(key: RSAPublicKey, signature: bytes, text: bytes, algorithm: str) -> bool:
    try:
        key.verify(signature, text, padding.PKCS1v15(), HASHES[algorithm])
    except InvalidSignature:
        return False
    return True


def _read_signature(text: str, encoding: str) -> bytes:
    if encoding == "hex":
        if not _HEX.match(text):
            raise NotAuthenticError("the signature is not hexadecimal")
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotAuthenticError("the signature is not base64") from None


_WRITE: Final[Mapping[str, Callable[[bytes], str]]] = {
    "base64": lambda signature: base64.b64encode(signature).decode(),
    "hex": bytes.hex,
}
