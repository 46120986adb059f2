"""A file that is attached has a name and a type that are safe to send back."""

import pytest

from paygate.domain.errors import InvalidInputError, TooLargeError
from paygate.domain.evidence import ANYTHING, LARGEST, LONGEST_NAME, read_evidence


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Giấy báo có.pdf", "Giấy báo có.pdf"),
        ("C:\\fake path\\a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"; filename=b.exe', "a__ filename=b.exe"),
        ("a\r\nSet-Cookie: x", "a Set-Cookie_ x"),
        ("anh\u202efdp.exe", "anh fdp.exe"),
        (".htaccess", "htaccess"),
        ("...", "evidence"),
        ("", "evidence"),
        ("\x00", "evidence"),
        ("x" * 500 + ".pdf", "x" * (LONGEST_NAME - 4) + ".pdf"),
        ("e\u0301.pdf", "\u00e9.pdf"),
    ],
)
def test_a_name_is_a_plain_one(given: str, kept: str) -> None:
    assert read_evidence(given, "application/pdf", b"x").name == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("application/pdf", "application/pdf"),
        ("Text/Plain; charset=utf-8", "text/plain"),
        ("text/html", ANYTHING),
        ("image/svg+xml", ANYTHING),
        ("application/pdf\r\nX: y", ANYTHING),
        ("", ANYTHING),
    ],
)
def test_a_type_that_a_browser_could_run_is_that_of_any_bytes(given: str, kept: str) -> None:
    assert read_evidence("a", given, b"x").media_type == kept


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        read_evidence("a", "", b"")
    with pytest.raises(TooLargeError):
        read_evidence("a", "", bytes(LARGEST + 1))
