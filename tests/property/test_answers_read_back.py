"""What the bank wrote comes back to it unaltered and signed; what somebody altered never comes out signed."""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

from hypothesis import assume, event, given
from hypothesis import strategies as st

from adapters.statements.vietinbank_answer import Settlement, read_settlement, write_answer
from adapters.statements.vietinbank_record import COLUMNS
from adapters.statements.vietinbank_verdicts import judge, told_by
from paygate.domain.errors import UnreadableStatementError
from tests.answered import read_as_the_bank
from tests.nasty import naughty_strings
from tests.vietinbank_files import KEY, RECORD, record, settlement

WHOLE: Final = settlement(record(), record(transId="2", recordType="003"), record(custName="NGUYỄN VĂN B"))
BEGINS: Final = WHOLE.index(b"\r\n")
"""Where the header ends, which no checksum covers."""

VALUES: Final = st.text(st.characters(exclude_characters="|\r\n", exclude_categories=("Cs",)), max_size=20)
RECORDS: Final = st.fixed_dictionaries(
    {**dict.fromkeys(COLUMNS, VALUES), "recordType": st.sampled_from(("002", "003"))}
)


def read(data: bytes) -> Settlement:
    return read_settlement(BytesIO(data), KEY)


def answer(data: bytes) -> bytes:
    theirs = read(data)
    return write_answer(theirs, judge([told_by(one) for one in theirs.records], [], date(2024, 5, 8)), KEY)


@given(st.lists(RECORDS, max_size=4), st.booleans())
def test_every_value_comes_back_as_it_was(
    records: list[dict[str, str]],
    headed: bool,  # noqa: FBT001 -- whether the file has a header
) -> None:
    data = settlement(*(record(**values) for values in records), **({} if headed else {"header": None}))
    answered = read_as_the_bank(answer(data), KEY)
    assert [{name: one[name] for name in RECORD} for one in answered.records] == records
    assert bool(answered.header) is headed


def test_naughty_texts_come_back_as_they_were(shared: Path) -> None:
    texts = [text for text in naughty_strings(shared) if not set(text) & set("|\r\n")]
    assert len(texts) > 400
    answered = read_as_the_bank(answer(settlement(*(record(custName=text) for text in texts))), KEY)
    assert [one["custName"] for one in answered.records] == texts


@given(st.integers(BEGINS, len(WHOLE) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed_unseen(place: int, change: int) -> None:
    changed = bytearray(WHOLE)
    changed[place] ^= change
    assume(changed[place : place + 2].strip() or WHOLE[place : place + 2].strip())
    try:
        found = read(bytes(changed))
    except UnreadableStatementError:
        event("refused")
        return
    event("the same")
    assert [one.raw for one in found.records] == [one.raw for one in read(WHOLE).records]
    assert found.footer == read(WHOLE).footer


@given(st.integers(0, len(WHOLE) - 3))
def test_a_file_that_was_cut_gets_no_answer(length: int) -> None:
    try:
        read(WHOLE[:length])
    except UnreadableStatementError:
        return
    raise AssertionError(length)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(data: bytes) -> None:
    for sample in (data, data + WHOLE, WHOLE + data, data.replace(b",", b"|") + WHOLE[BEGINS:]):
        try:
            answer(sample)
        except UnreadableStatementError:
            event("refused")
