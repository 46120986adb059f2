"""A gateway's reconciliation file: what it settled, with no card's number anywhere."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.statements.napas import read_napas
from adapters.statements.napas_record import WIDTHS, masked
from adapters.statements.registry import open_statement
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.legs import Leg
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned
from paygate.domain.statement_import import StatementImport, preview
from paygate.domain.statement_reading import identify
from tests.napas_files import CARD, FIELDS, napas, record


def parts(data: bytes) -> list[StatementPart]:
    return list(read_napas(BytesIO(data)))


def lines(data: bytes) -> list[StatementLine]:
    return [part for part in parts(data) if isinstance(part, StatementLine)]


def look(data: bytes) -> StatementImport:
    return preview(read_napas(BytesIO(data)), format="napas")


def reasons(data: bytes) -> list[str]:
    return [row.reason for row in look(data).refused]


def test_a_record_is_a_line_of_the_settlement_leg() -> None:
    head, line, warned, end = parts(napas(record()))
    assert head == StatementHead(None, "970436 20240509", None, leg=Leg.SETTLEMENT)
    assert line == StatementLine(
        row=2,
        booked_on=date(2024, 5, 9),
        value_on=date(2024, 5, 8),
        amount=150_000,
        currency="VND",
        bank_reference="412900000001",
        reference="DVC2405080001",
        narrative=(
            "IF_DEP 912020 trace 123456 at 101112 terminal TERM0001 merchant PAYGATE1 to 0011001234567 "
            f"HO SO 000.00.12.H23-240508-0001 CSR {FIELDS['CSR']}"
        ),
        counterparty="970436******7897",
    )
    assert warned == Warned(
        f"its checksums, of 1 records (CSR) and of the whole (CSF {'f' * 32}), were not verified: their recipe is not "
        "public"
    )
    assert end == StatementEnd(period_from=date(2024, 5, 9), period_to=date(2024, 5, 9), trailer_agrees=True)


@pytest.mark.parametrize(
    ("asked", "real", "amount", "reversal"),
    [
        ("000015000000", "000015000000", 150_000, False),
        ("000015000000", "000000000000", -150_000, True),
        ("000015000000", "000005000000", -100_000, True),
        ("000000000000", "000015000000", 150_000, False),
    ],
)
def test_another_real_amount_than_was_asked_for_takes_the_difference_back(
    asked: str,
    real: str,
    amount: int,
    reversal: bool,  # noqa: FBT001 -- what is expected
) -> None:
    [line] = lines(napas(record(F4=asked, RTA=real)))
    assert (line.amount, line.reversal) == (amount, reversal)


@pytest.mark.parametrize(("currency", "amount"), [("704", 150_000), ("840", 15_000_000)])
def test_amounts_have_two_implied_decimals_whatever_the_currency(currency: str, amount: int) -> None:
    assert lines(napas(record(F49=currency)))[0].amount == amount


@pytest.mark.parametrize(
    ("header", "said", "paid", "settled"),
    [
        ("09052024", ("0508", "0509"), date(2024, 5, 8), date(2024, 5, 9)),
        ("01012025", ("1231", "0101"), date(2024, 12, 31), date(2025, 1, 1)),
        ("31122024", ("1231", "0101"), date(2024, 12, 31), date(2025, 1, 1)),
        ("31122024", ("0101", "1231"), date(2024, 1, 1), date(2024, 12, 31)),
        ("02012025", ("1230", "1231"), date(2024, 12, 30), date(2024, 12, 31)),
        ("28022025", ("0229", "0228"), date(2024, 2, 29), date(2025, 2, 28)),
    ],
)
def test_a_day_without_a_year_takes_it_from_the_header(
    header: str, said: tuple[str, str], paid: date, settled: date
) -> None:
    [line] = lines(napas(record(F13=said[0], F15=said[1]), day=header))
    assert (line.value_on, line.booked_on) == (paid, settled)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"F4": "00001500000x"}, "its field F4 is no amount"),
        ({"RTA": "000015000050", "F4": "000015000050"}, "which VND has not"),
        ({"RTA": "000015000100"}, "more than its amount"),
        ({"MTI": "0420"}, "a reversal, but its amounts take nothing back"),
        ({"F3": "200000"}, "a refund"),
        ({"F49": "999"}, "its currency"),
        ({"RRC": "0114"}, "its response code is 0114"),
        ({"F13": "1332"}, "its date"),
        ({"F13": "0229", "F15": "0508"}, "its date"),
        ({"F15": "0000"}, "its settlement date"),
        ({"F37": None}, "it has no field F37"),
        ({"TRN": CARD}, "the number of its card"),
    ],
)
def test_what_cannot_be_read_as_money_that_moved_is_a_bad_row(changes: dict[str, str | None], reason: str) -> None:
    data = napas(record(**changes), record(), day="09052026" if changes.get("F13") == "0229" else "09052024")
    assert (len(lines(data)), len(reasons(data))) == (1, 1)
    assert reason in reasons(data)[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("XX", "neither a record"),
        ("DR[MTI]02", "cut short"),
        ("DR[MTI]0210[MTI]0210", "twice"),
        ("DR[MTI]0210 [F2]", "no field begins"),
        ("DR[NEW]0210", "no field begins"),
        ("DR", "it has no field MTI"),
    ],
)
def test_a_line_that_is_not_built_as_a_record_is_a_bad_row(text: str, reason: str) -> None:
    assert reason in reasons(napas(text, record()))[0]


def test_a_tag_inside_of_a_field_is_no_tag() -> None:
    [line] = lines(napas(record(RSV1="[RRC]0114[F4]000099900000")))
    assert (line.amount, "[RRC]0114" in line.narrative) == (150_000, True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[data.index(b"DR") :], "does not begin with a header"),
        (lambda data: data[: data.index(b"TR[")], "no trailer"),
        (lambda data: data + record().encode(), "behind the trailer"),
        (lambda data: data.replace(b"[DATE]09052024", b"[DATE]99052024"), "no day"),
        (lambda data: data.replace(b"[NOT]000000001", b"[NOT]00000000x"), "how many records"),
        (lambda data: data.replace(b"[NOT]", b"[NIX]"), "cannot be read"),
        (lambda data: data.replace(b"HR[REV]", b"HR[REW]"), "cannot be read"),
        (lambda _data: b"", "it is empty"),
        (lambda _data: b"HR", "no day"),
    ],
)
def test_a_file_without_its_frame_is_refused(change: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(UnreadableStatementError, match=reason):
        parts(change(napas(record())))


def test_a_trailer_that_counts_otherwise_is_said_and_nothing_balances() -> None:
    found = look(napas(record(), record(F11="2"), count=3))
    assert (found.lines, found.balanced) == (2, False)
    assert "its trailer tells of 3 records, there are 2" in found.warnings
    assert look(napas(record(), "DRx")).balanced is None  # a bad row is there all the same


def test_a_trailer_of_another_day_is_said() -> None:
    assert "different days" in look(napas(record(), trailer_day="10052024")).warnings[0]


def test_fees_between_members_and_a_mark_in_front_change_nothing() -> None:
    fees = {name: "0" * 12 for name in WIDTHS if name.startswith(("SVF", "IRF"))}
    plain = lines(napas(record()))
    assert lines(b"\xef\xbb\xbf" + napas(record(**fees))) == plain
    assert lines(napas(record()).replace(b"\r\n", b"\n\n"))[0].amount == 150_000


@pytest.mark.parametrize("cut", [1, 7, 40, 200, 700])
def test_a_file_cut_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(UnreadableStatementError):
        parts(napas(record())[: -cut - 2])


@pytest.mark.parametrize(
    ("card", "shown"),
    [(CARD, "970436******7897"), ("9704361234567", "970436***4567"), ("123456789012", "*" * 12), ("", "")],
)
def test_of_a_card_only_its_ends_are_shown(card: str, shown: str) -> None:
    assert masked(card) == shown


@given(
    card=st.from_regex(r"9704[0-9]{9,15}", fullmatch=True),
    where=st.sampled_from(
        ["RSV1", "RSV2", "RSV3", "F103", "F102", "MID", "SVC", "F41", "TRN", "F37", "F38", "RRC", "CSR", "F4"]
    ),
    around=st.sampled_from(["{}", "the {} card", "x{}y", "[F2]{}"]),
    kind=st.sampled_from(["912000", "912020", "000000", "200000"]),
)
def test_the_number_of_a_card_never_leaves_the_reader(card: str, where: str, around: str, kind: str) -> None:
    told = around.format(card)
    fields = {where: told} if len(told) <= WIDTHS[where] else {"RSV1": told}
    found = parts(napas(record(**{"F3": kind, "F2": card} | fields)))
    assert len(found) == 4
    assert card not in "".join(map(repr, found)).replace(" ", "")


def test_another_card_in_free_text_is_masked_too() -> None:
    [line] = lines(napas(record(RSV1="the 4000 0000 0000 0002 one", RSV2="4000-0000-0000-0002")))
    assert "0000 0000 0002" not in line.narrative
    assert line.narrative.count("400000******0002") == 2


def test_two_payments_alike_but_for_their_trace_are_two_lines() -> None:
    one, other = lines(napas(record(), record(F11="654321")))
    assert identify(one) != identify(other)


def test_it_is_known_by_its_first_bytes() -> None:
    assert open_statement(BytesIO(napas(record())))[0] == "napas"


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(data: bytes) -> None:
    for sample in (data, b"HR" + data, napas("DR" + data.decode("latin-1"))):
        try:
            found = parts(sample)
        except UnreadableStatementError:
            continue
        assert {type(part) for part in found} <= {StatementHead, StatementLine, StatementEnd, RefusedRow, Warned}
