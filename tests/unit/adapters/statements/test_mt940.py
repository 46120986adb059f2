"""MT940 and MT942, field by field: what banks write, and what payers try to."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.statements.mt940 import read_mt940
from adapters.statements.mt940_fields import MAX_FIELD_CHARACTERS
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned
from paygate.domain.statement_import import StatementImport, preview
from paygate.domain.statement_reading import identify

ENTRY = ":61:2405080508C150000,NTRFDVC0001//FT24129001"


def statement(*lines: str, opening: str = "C240507VND0,", closing: str = "C240508VND150000,", head: str = "") -> bytes:
    body = [":20:STM240508", ":25:0011001234567", ":28C:128/1", *head.splitlines(), f":60F:{opening}", *lines]
    return "\r\n".join([*body, f":62F:{closing}", "-", ""]).encode()


def parts(data: bytes) -> list[StatementPart]:
    return list(read_mt940(BytesIO(data)))


def lines(data: bytes) -> list[StatementLine]:
    return [part for part in parts(data) if isinstance(part, StatementLine)]


def look(data: bytes) -> StatementImport:
    return preview(read_mt940(BytesIO(data)), format="mt940")


def test_a_statement_gives_its_head_its_lines_and_its_end() -> None:
    assert parts(statement(ENTRY, ":86:NGUYEN VAN A nop le phi", "HS 0001")) == [
        StatementHead("0011001234567", "STM240508 128/1", "VND", opening=0, sequence=128, page=1),
        StatementLine(
            row=5,
            booked_on=date(2024, 5, 8),
            value_on=date(2024, 5, 8),
            amount=150_000,
            currency="VND",
            bank_reference="FT24129001",
            reference="DVC0001",
            narrative="NGUYEN VAN A nop le phi\nHS 0001",
            entry_reference="FT24129001",
        ),
        StatementEnd(closing=150_000, period_from=date(2024, 5, 8), period_to=date(2024, 5, 8), currency="VND"),
    ]


@pytest.mark.parametrize(
    ("mark", "amount", "reversal"),
    [
        ("C", 150_000, False),
        ("D", -150_000, False),
        ("RC", -150_000, True),
        ("RD", 150_000, True),
        ("CD", 150_000, False),  # D of VND stands behind the sign
        ("DD", -150_000, False),
        ("RCD", -150_000, True),
        ("CR", 150_000, False),
    ],
)
def test_the_mark_says_the_direction(mark: str, amount: int, reversal: bool) -> None:  # noqa: FBT001 -- what is expected
    [line] = lines(statement(f":61:240508{mark}150000,NTRFX"))
    assert (line.amount, line.reversal) == (amount, reversal)


@pytest.mark.parametrize(
    ("written", "currency", "minor_units"),
    [
        ("150000,", "VND", 150_000),
        ("150000,00", "VND", 150_000),
        ("150000", "VND", 150_000),
        ("000000150000,", "VND", 150_000),
        ("1234,5", "USD", 123_450),
        ("1234.56", "USD", 123_456),
        ("1,234", "KWD", 1234),
    ],
)
def test_an_amount_is_read_in_its_currency(written: str, currency: str, minor_units: int) -> None:
    data = statement(
        f":61:240508C{written}NTRFX", opening=f"C240507{currency}0,", closing=f"C240508{currency}{written}"
    )
    assert [line.amount for line in lines(data)] == [minor_units]
    assert look(data).balanced is True


@pytest.mark.parametrize("written", ["150,000", "150.000", "1.500.000,", "150000,50", "99999999999999999999,", ",5"])
def test_an_amount_that_is_none_or_could_be_another_is_a_bad_row(written: str) -> None:
    found = [part for part in parts(statement(f":61:240508C{written}NTRFX", ENTRY)) if isinstance(part, RefusedRow)]
    assert [row.row for row in found] == [5]


@pytest.mark.parametrize(
    ("days", "booked_on", "value_on"),
    [
        ("2405080509", date(2024, 5, 9), date(2024, 5, 8)),
        ("240508", date(2024, 5, 8), date(2024, 5, 8)),
        ("240508    ", date(2024, 5, 8), date(2024, 5, 8)),
        ("2412310101", date(2025, 1, 1), date(2024, 12, 31)),
        ("2501011231", date(2024, 12, 31), date(2025, 1, 1)),
        ("2402290301", date(2024, 3, 1), date(2024, 2, 29)),
        ("2302300301", date(2023, 3, 1), date(2023, 2, 28)),
        ("9912310101", date(2000, 1, 1), date(1999, 12, 31)),
    ],
)
def test_the_day_of_entry_takes_the_year_nearest_to_its_value_date(days: str, booked_on: date, value_on: date) -> None:
    [line] = lines(statement(f":61:{days}C150000,NTRFX"))
    assert (line.booked_on, line.value_on) == (booked_on, value_on)


@pytest.mark.parametrize("days", ["241308", "240532", "2405081332", "2405080230", "24050"])
def test_a_day_that_does_not_exist_is_a_bad_row(days: str) -> None:
    assert [row.row for row in look(statement(f":61:{days}C5,NTRFX")).refused] == [5]


@pytest.mark.parametrize(
    ("entry", "narrative", "reference", "bank_reference"),
    [
        ("NTRFDVC0001//FT24", "", "DVC0001", "FT24"),
        ("NTRFNONREF//FT24", "", "", "FT24"),
        ("NTRFNONREF", "", "", ""),
        ("FMSC01916//NONREF", "", "01916", ""),
        ("S051", "", "", ""),
        ("NONREF", "", "", ""),
        ("//FT24", "", "", "FT24"),
        ("NTRFA/B//C//D", "", "A/B", "C//D"),
        ("N0440121470966      W.P. Jansen", "", "0121470966", ""),
        ("NTRFDVC0001", "/EREF/DVC-END-TO-END/REMI/HO SO", "DVC-END-TO-END", ""),
        ("NTRFEREF", "/ORDP//NAME/A/EREF/DVC/END", "DVC/END", ""),
        ("NTRFDVC0001", "/EREF/NOTPROVIDED/REMI/x", "DVC0001", ""),
        (
            "NTRFDVC0001",
            "166?00GUTSCHRIFT?20EREF+DVC24050800012345678901?21234?22SVWZ+HO SO",
            "DVC24050800012345678901",
            "",
        ),
        ("NTRFDVC0001", "166?20EREF+DVC240508000123456789?21ABC DEF?22SVWZ+HO SO", "DVC240508000123456789", ""),
        ("NTRFDVC0001", "166?20EREF+DVC24050800012345678901?21KREF+X", "DVC24050800012345678901", ""),
        ("NTRFKREF+", "166?20KREF+DVC7?21SVWZ+x", "DVC7", ""),
        ("NTRFDVC0001", "166?20EREF+A1 MREF+B2 CRED+C3", "A1", ""),
    ],
)
def test_references_stand_in_the_entry_or_are_marked_in_the_narrative(
    entry: str, narrative: str, reference: str, bank_reference: str
) -> None:
    [line] = lines(statement(f":61:240508C150000,{entry}", f":86:{narrative}"))
    assert (line.reference, line.bank_reference) == (reference, bank_reference)


def test_a_subfield_that_is_full_goes_on_in_the_next() -> None:
    full = "EREF+DVC2405080001234567890"
    assert len(full) == 27
    [line] = lines(statement(ENTRY, f":86:166?20{full}?21ABC?22SVWZ+HO SO"))
    assert line.reference == "DVC2405080001234567890ABC"


def test_a_narrative_in_subfields_is_put_together_again_and_kept_whole() -> None:
    purpose = "?20SVWZ+HO SO 000.00.12.H23-24?210508-0001"
    wrapped = f":86:166?00CHUYEN TIEN?100399{purpose}?30970436\r\n?310011?32NGUYEN V?33AN A?34000"
    [line] = lines(statement(ENTRY, wrapped))
    assert line.narrative == "CHUYEN TIEN SVWZ+HO SO 000.00.12.H23-240508-0001 NGUYEN VAN A 0399 970436 0011 000"
    assert line.counterparty == "NGUYEN VAN A"


def test_details_behind_the_entry_and_a_second_narrative_are_kept() -> None:
    [line] = lines(statement(ENTRY, "chi tiet them", ":86:dong mot", ":86:dong hai"))
    assert line.narrative == "dong mot\ndong hai\nchi tiet them"


def test_an_entry_without_a_narrative_has_none() -> None:
    found = lines(statement(ENTRY, ENTRY.replace("0001", "0002"), ":86:cua dong hai", closing="C240508VND300000,"))
    assert [line.narrative for line in found] == ["", "cua dong hai"]


@pytest.mark.parametrize("narrative", ["luc 2024-05-08T13\r\n:20:11", "09:13\r\n:25:37 HS"])
def test_a_time_that_was_wrapped_begins_no_field(narrative: str) -> None:
    found = look(statement(ENTRY, f":86:{narrative}"))
    assert (len(found.statements), found.balanced) == (1, True)


def test_an_entry_that_a_payer_wrote_into_a_narrative_breaks_the_balance() -> None:
    found = look(statement(ENTRY, ":86:le phi", ":61:2405080508C900000000,NTRFFORGED"))
    assert found.balanced is False


@pytest.mark.parametrize("encode", [lambda text: text.encode(), lambda text: text.encode("latin-1")])
def test_text_is_utf_8_or_where_it_is_not_latin_1(encode: Callable[[str], bytes]) -> None:
    data = statement(ENTRY, ":86:PLACE").replace(b"PLACE", encode("lệ phí é".replace("ệ", "e").replace("í", "i")))
    assert lines(data)[0].narrative == "le phi é"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: data.replace(b"\r\n", b"\r"),
        lambda data: data.rstrip(b"-\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: b"\x01\r\n" + data.replace(b"\r\n-", b"\r\n-\x03"),
        lambda data: b"BANKVNVX\r\n940\r\nBANKVNVX\r\n" + data,
        lambda data: b":940:\r\n" + data,
        lambda data: (
            b"{1:F01BANKVNVXAXXX0000000000}{2:O9401200240508}{4:\r\n" + data.replace(b"\r\n-\r\n", b"\r\n-}{5:}\r\n")
        ),
        lambda data: b"{1:F01BANKVNVXAXXX0000000000}{2:I940X}{4:" + data.replace(b"\r\n-\r\n", b"\r\n-}"),
        lambda data: data.replace(b":61:", b":\r\n61:"),
        lambda data: data.replace(b"C150000,N", b"C\r\n150000,N"),
        lambda data: data.replace(b":61:", b"\r\n:61:"),
    ],
)
def test_frames_line_ends_and_wraps_change_nothing(change: Callable[[bytes], bytes]) -> None:
    data = statement(ENTRY, ":86:le phi")
    assert [identify(line) for line in lines(change(data))] == [identify(line) for line in lines(data)]
    assert look(change(data)).balanced is True


@pytest.mark.parametrize(
    ("written", "account"),
    [
        ("0011001234567", "0011001234567"),
        ("0011001234567VND", "0011001234567"),
        ("0011001234567 VND", "0011001234567"),
        ("BFTVVNVX/0011001234567", "0011001234567"),
        ("BFTVVNVXXXX/0011001234567/VND", "0011001234567"),
        ("VND", "VND"),
        ("", None),
    ],
)
def test_the_account_stands_without_its_bank_and_currency(written: str, account: str | None) -> None:
    data = statement(ENTRY).replace(b":25:0011001234567", f":25:{written}".encode())
    assert look(data).account == account


@pytest.mark.parametrize(
    ("written", "sequence", "page"),
    [
        ("128/1", 128, 1),
        ("00128/00002", 128, 2),
        ("0/0", None, None),
        ("1810118101", 1810118101, None),
        (" /1", None, None),
    ],
)
def test_the_number_of_a_statement_is_kept(written: str, sequence: int | None, page: int | None) -> None:
    [head, *_] = parts(statement(ENTRY).replace(b"128/1", written.encode()))
    assert isinstance(head, StatementHead)
    assert (head.sequence, head.page) == (sequence, page)


def test_parts_of_a_statement_have_balances_of_their_own() -> None:
    first = statement(ENTRY).replace(b":62F:", b":62M:")
    second = statement(ENTRY.replace("0001", "0002"), opening="C240508VND150000,", closing="C240508VND300000,")
    found = look(first + second.replace(b":60F:", b":60M:").replace(b"128/1", b"128/2"))
    assert [(one.opening, one.closing, one.page, one.balanced) for one in found.statements] == [
        (0, 150_000, 1, True),
        (150_000, 300_000, 2, True),
    ]


def test_a_statement_covers_the_days_behind_its_opening_balance() -> None:
    ends = [part for part in parts(statement(ENTRY, opening="C240503VND0,")) if isinstance(part, StatementEnd)]
    assert (ends[0].period_from, ends[0].period_to) == (date(2024, 5, 4), date(2024, 5, 8))
    ends = [part for part in parts(statement(ENTRY, opening="C240508VND0,")) if isinstance(part, StatementEnd)]
    assert (ends[0].period_from, ends[0].period_to) == (date(2024, 5, 8), date(2024, 5, 8))


def test_balances_in_two_currencies_never_agree() -> None:
    assert look(statement(ENTRY, closing="C240508USD150000,")).balanced is False


def test_an_unreadable_balance_is_a_warning_and_leaves_nothing_to_check() -> None:
    found = look(statement(ENTRY, closing="C240508VND15.0.000,"))
    assert (found.balanced, found.lines, len(found.warnings)) == (None, 1, 1)


def test_a_field_that_stands_twice_is_said_and_the_first_one_holds() -> None:
    found = look(statement(ENTRY, ":60F:C240508VND7,", ":25:999"))
    assert (found.account, found.balanced, len(found.warnings)) == ("0011001234567", True, 2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[: data.index(b":62F:")], "no closing balance"),
        (lambda data: data.replace(b":60F:", b":99X:"), "no opening balance"),
        (lambda data: data + ENTRY.encode(), "stands outside of a statement"),
        (lambda data: data.replace(b"-\r\n", ENTRY.encode()), "behind the closing balance"),
        (lambda data: b"{1:F01X}{2:O1031200}{4:\r\n" + data, "MT103, which is no statement"),
        (lambda data: data.replace(b"le phi", b"x" * MAX_FIELD_CHARACTERS), "is longer than"),
        (lambda data: data.replace(b"le phi", b"x\n" * MAX_FIELD_CHARACTERS), "is longer than"),
        (lambda _data: b"", "no statement"),
        (lambda _data: b"day,amount\r\n", "no statement"),
        (lambda data: data.decode().encode("utf-16"), "no statement"),
    ],
)
def test_what_is_no_whole_statement_is_refused(change: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(UnreadableStatementError, match=reason):
        parts(change(statement(ENTRY, ":86:le phi")))


def interim(*lines: str, trailer: str = ":90D:1VND70000,\r\n:90C:1VND150000,\r\n-") -> bytes:
    head = [":20:INT240508", ":25:0011001234567", ":28C:9/1", ":34F:VND0,", ":13D:2405081200+0700"]
    return "\r\n".join([*head, *lines, trailer, ""]).encode()


DEBIT = ":61:2405080508D70000,NCHGPHI"


def test_an_interim_report_is_checked_against_its_trailer() -> None:
    found = look(interim(ENTRY, DEBIT))
    assert (found.lines, found.balanced, len(found.warnings)) == (2, None, 1)
    assert "interim report" in found.warnings[0]
    assert [one.kind for one in found.statements] == ["report"]


@pytest.mark.parametrize(
    "trailer", [":90D:1VND70000,\r\n:90C:2VND150000,", ":90C:1VND150001,", ":90D:0VND0,", ":90C:1VND150", ":90C:x"]
)
def test_an_interim_report_whose_trailer_says_otherwise_does_not_balance(trailer: str) -> None:
    found = look(interim(ENTRY, DEBIT, trailer=trailer))
    assert (found.lines, found.balanced, len(found.warnings)) == (2, False, 2)


def test_an_interim_report_without_an_end_may_be_cut_off() -> None:
    with pytest.raises(UnreadableStatementError, match="may be cut off"):
        parts(interim(ENTRY, trailer=""))


def test_an_entry_that_is_only_expected_is_left_out_and_said() -> None:
    found = look(interim(ENTRY, DEBIT, ":61:240508EC5000,NTRFX"))
    assert (found.lines, found.balanced) == (2, None)
    assert any("only expected" in warning for warning in found.warnings)


def test_an_entry_whose_currency_nothing_says_is_a_bad_row() -> None:
    found = look(interim(ENTRY).replace(b":34F:VND0,\r\n", b""))
    assert [row.reason for row in found.refused] == ["nothing before it says its currency"]


def test_what_only_one_field_differs_in_is_another_line() -> None:
    [one] = lines(statement(ENTRY, ":86:le phi"))
    for other in ("C150001,", "D150000,"):
        assert identify(lines(statement(ENTRY.replace("C150000,", other), ":86:le phi"))[0]) != identify(one)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_crash(data: bytes) -> None:
    for sample in (data, statement(ENTRY, ":86:").replace(b":86:", b":86:" + data)):
        try:
            found = parts(sample)
        except UnreadableStatementError:
            continue
        assert {type(part) for part in found} <= {StatementHead, StatementLine, StatementEnd, RefusedRow, Warned}


@given(st.text(st.sampled_from("C0123456789,.RDNTF/ \n:6128-"), max_size=60))
def test_no_entry_makes_it_crash(entry: str) -> None:
    try:
        look(statement(f":61:{entry}"))
    except UnreadableStatementError:
        return
