"""Codes of an authenticator app (RFC 6238), and the seal under which their secrets are kept."""

import os
import re
from contextlib import suppress
from datetime import datetime
from typing import Final

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from paygate.domain.errors import ConfigurationError, IntegrityError

ISSUER: Final = "paygate"
STEP_SECONDS: Final = 30
STEPS_ASIDE: Final = 1
"""A clock may be off by this many steps (RFC 6238, 5.2 and 6)."""
SHORTEST_KEY: Final = 16
"""Bytes of the configured secret."""
_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"
_CODE: Final = re.compile(r"[0-9]{6}")


class Seal:
    """Keeps secrets so that who reads the database alone cannot use them."""

    def __init__(self, key: bytes, *former: bytes) -> None:
        """Derive the key that seals, and former ones whose seals are still opened.

        Raises:
            ConfigurationError: one is too short to be a key.
        """
        self._cipher, *self._former = (_cipher(one) for one in (key, *former))

    def close(self, secret: str, person_id: int) -> bytes:
        """Seal a secret of a person's; for another it cannot be opened."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), _whose(person_id))

    def open(self, sealed: bytes, person_id: int) -> str:
        """Return the secret.

        Raises:
            IntegrityError: it was sealed with another key, for another person, or was changed.
        """
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] == _VERSION and len(nonce) == _NONCE_BYTES:
            for cipher in (self._cipher, *self._former):
                with suppress(InvalidTag):
                    return cipher.decrypt(nonce, body, _whose(person_id)).decode()
        raise IntegrityError("a secret of an authenticator app cannot be opened with the configured key")


def _cipher(key: bytes) -> AESGCM:
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(f"the secret has fewer than {SHORTEST_KEY} bytes")
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"paygate: secrets of authenticator apps").derive(key))


def new_secret() -> str:
    """Make a secret, in base32 as apps take it."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """Return what the picture for an app says: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time whose code it is, the latest where it is of several; None: of none near now.

    Spaces are passed over, as apps show them.
    """
    given = "".join(code.split())
    if not _CODE.fullmatch(given):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    codes = pyotp.TOTP(secret, interval=STEP_SECONDS)
    near = range(present + STEPS_ASIDE, present - STEPS_ASIDE - 1, -1)
    return next((step for step in near if codes.verify(given, for_time=step * STEP_SECONDS)), None)


def _whose(person_id: int) -> bytes:
    return str(person_id).encode()
