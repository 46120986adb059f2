"""Codes and references as banks leave them. The forms are those observed in the field (domain.md 1.6)."""

import pytest

from paygate.domain.text import dossier_code_in, reference_key

CODES = [
    "000.00.12.H62-201105-0004",
    "000.00.00.G09-240508-0001",
    "G09.20-20260609-0092637",
    "H23.12-240508-0001",
    "H62-201105-0004",
    "G22.99.3-241219-79525",
]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("000.00.12.H62-240508-0001", "0000012H622405080001"),
        ("dvc000.00.12.H23", "DVC0000012H23"),
        ("Nguyễn Đức Ánh", "NGUYENDUCANH"),
        ("Nguye\u0302\u0303n \u0111u\u031b\u0301c", "NGUYENDUC"),
        ("ALREADY0PLAIN", "ALREADY0PLAIN"),
        ("ALREADY0PLAIN\n", "ALREADY0PLAIN"),
        ("", ""),
        ("---", ""),
        ("ß", ""),  # only what a bank can still print is kept; ß is no letter with an accent
        ("\N{KELVIN SIGN}", "K"),
    ],
)
def test_a_key_is_upper_case_without_accents_and_punctuation(text: str, key: str) -> None:
    assert reference_key(text) == key


@pytest.mark.parametrize("code", CODES)
def test_every_observed_form_of_a_dossier_code_is_found_in_a_narrative(code: str) -> None:
    assert dossier_code_in(f"THANH TOAN HO SO {code}, PHI VA LE PHI") == code


@pytest.mark.parametrize("code", CODES)
def test_a_dossier_code_is_found_in_an_order_number_made_of_unit_dossier_and_serial(code: str) -> None:
    assert dossier_code_in(f"H23-{code}-01") == code


@pytest.mark.parametrize("code", CODES)
def test_a_dossier_code_named_twice_is_one_code(code: str) -> None:
    assert dossier_code_in(f"{code} {code}.") == code


def test_of_two_dossier_codes_none_is_taken() -> None:
    assert dossier_code_in(f"{CODES[0]} {CODES[2]}") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "THANH TOAN HO SO",
        "G22.99.3-241219795252",  # a national payment transaction
        "1.005129",  # a procedure
        "000.00.12.H62",  # an agency
        "1000.00.12.H62-201105-0004",
        "XH62-201105-0004",
        "H62-201105-00041234",
        "H62-2011055-0004",
        "0000012H622011050004",  # squeezed by a bank: found by its key, not by its form
    ],
)
def test_what_only_resembles_a_dossier_code_is_none(text: str) -> None:
    assert dossier_code_in(text) is None
