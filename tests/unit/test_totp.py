"""Codes of authenticator apps, and the seal their secrets are kept under."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from paygate.domain.errors import ConfigurationError, IntegrityError
from paygate.totp import Seal, address_of, new_secret, step_of

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
KEY = b"a secret of sixteen bytes or more"
NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B; apps show the last six of its eight digits."""
    assert step_of(RFC_SECRET, code[-6:], datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize(("aside", "found"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_off_by_one_step(aside: int, *, found: bool) -> None:
    code = pyotp.TOTP(RFC_SECRET).at(NOW + timedelta(seconds=aside))
    assert (step_of(RFC_SECRET, code, NOW) is not None) == found


def test_a_code_is_read_with_the_spaces_apps_show() -> None:
    code = pyotp.TOTP(RFC_SECRET).at(NOW)
    assert step_of(RFC_SECRET, f" {code[:3]} {code[3:]} ", NOW) is not None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "\ud800" * 6, "-12345", "1" * 100_000])
def test_what_is_no_code_is_nobodys(code: str) -> None:
    assert step_of(RFC_SECRET, code, NOW) is None


def test_a_sealed_secret_is_opened_for_its_person_alone() -> None:
    sealed = Seal(KEY).close(RFC_SECRET, 7)
    assert RFC_SECRET.encode() not in sealed
    assert Seal(KEY).open(sealed, 7) == RFC_SECRET
    for seal, person in ((Seal(KEY), 8), (Seal(KEY + b"!"), 7)):
        with pytest.raises(IntegrityError):
            seal.open(sealed, person)


@pytest.mark.parametrize("spoil", [lambda one: one[:-1], lambda one: b"", lambda one: b"\x02" + one[1:], bytes.upper])
def test_a_seal_that_was_tampered_with_does_not_open(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(IntegrityError):
        Seal(KEY).open(spoil(Seal(KEY).close(RFC_SECRET, 7)), 7)


def test_no_two_seals_of_one_secret_are_alike() -> None:
    assert Seal(KEY).close(RFC_SECRET, 7) != Seal(KEY).close(RFC_SECRET, 7)


def test_what_a_former_key_sealed_is_opened_beside_the_new_one_which_seals() -> None:
    sealed = Seal(KEY).close(RFC_SECRET, 7)
    both = Seal(b"another key of 16 bytes", KEY)
    assert both.open(sealed, 7) == RFC_SECRET
    with pytest.raises(IntegrityError):
        Seal(KEY).open(both.close(RFC_SECRET, 7), 7)


def test_a_short_key_seals_nothing() -> None:
    with pytest.raises(ConfigurationError, match="fewer than 16 bytes"):
        Seal(b"short")
    with pytest.raises(ConfigurationError, match="fewer than 16 bytes"):
        Seal(KEY, b"short")


def test_a_new_secret_is_as_long_as_the_standard_asks() -> None:
    """RFC 4226, 4: 128 bits at least, 160 are recommended."""
    assert len(base64.b32decode(new_secret())) == 20


def test_the_picture_names_who_and_where() -> None:
    assert address_of(RFC_SECRET, "Lê Thị Ánh").startswith("otpauth://totp/paygate:L%C3%AA%20Th%E1%BB%8B%20%C3%81nh?")
