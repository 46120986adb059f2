"""vnp_SecureHash = hexadecimal HMAC-SHA512 of the sorted, form-encoded pairs, empty ones left out."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote_plus

from adapters.signing import signing_key
from adapters.vnpay.payloads import Ipn
from paygate.domain.errors import NotAuthenticError


def encode(values: Mapping[str, str]) -> str:
    """Return the string to sign: form-encoded, a space as `+`, hexadecimal digits in upper case."""
    return _join((quote_plus(name), quote_plus(value)) for name, value in sorted(values.items()) if value)


def sign(text: str, secret: bytes) -> str:
    """Return the vnp_SecureHash of a string to sign."""
    return hmac.digest(secret, text.encode(), "sha512").hex()


def key_that_signed(ipn: Ipn, secrets: Sequence[bytes]) -> int:
    """Return the number of the secret that signed.

    The pairs as received come first: PHP, Java and JavaScript escape `* ~ ! ' ( )` each in its own way, and the
    sender signed what its own library wrote. Only then what it may have sent is guessed by encoding once more.

    Raises:
        NotAuthenticError: no secret signed either form.
    """
    presented = (ipn.signature.lower().encode(),)
    try:
        return _key(_join(ipn.received), secrets, presented)
    except NotAuthenticError:
        return _key(encode(ipn.values), secrets, presented)


def _key(text: str, secrets: Sequence[bytes], presented: Sequence[bytes]) -> int:
    return signing_key([sign(text, secret).encode() for secret in secrets], presented)


def _join(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)
