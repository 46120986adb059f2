"""A refusal is one sentence with its values beside it, and is said in the language of whoever meets it."""

import pickle
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from paygate.domain.casework import ProposalState
from paygate.domain.errors import ConflictError, PausedError, PaygateError, UnreadableStatementError
from paygate.web.desk.refusals import reason_of
from paygate.web.desk.words import Language

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
LATE = ConflictError(
    "%(person)s %(state)s the proposal at %(moment)s; yours was not recorded",
    person="bình",
    state=ProposalState.APPROVED,
    moment=datetime(2024, 5, 8, 2, 31, tzinfo=UTC),
)


def test_everyone_but_the_desk_reads_english() -> None:
    assert str(LATE) == "bình approved the proposal at 2024-05-08 02:31:00+00:00; yours was not recorded"
    assert str(ConflictError("at 100 % it is done")) == "at 100 % it is done"


def test_the_desk_says_it_in_the_readers_language_and_by_their_clock() -> None:
    said = reason_of(LATE, Language.VI, VIETNAM)
    assert said == "bình đã quyết định (đã duyệt) lúc 09:31 08/05/2024; quyết định của bạn không được ghi"
    assert reason_of(LATE, Language.EN, VIETNAM).startswith("bình approved the proposal at 09:31 08/05/2024;")


@pytest.mark.parametrize(
    ("error", "vietnamese", "english"),
    [
        (
            ConflictError("at most %(amount)s can be refunded", amount=1_500_000),
            "Hoàn được nhiều nhất 1.500.000 ₫",
            "At most 1.500.000 ₫ can be refunded",
        ),
        (
            ConflictError("%(day)s lies too far away", day=date(1024, 5, 8)),
            "Ngày 08/05/1024 quá xa",
            "08/05/1024 lies too far away",
        ),
        (
            ConflictError("%(day)s lies too far away", day="1024-05-08"),
            "Ngày 08/05/1024 quá xa",
            "08/05/1024 lies too far away",
        ),
        (
            PausedError(9),
            "Thử sai quá nhiều lần; hãy thử lại sau 9 giây",
            "Too many tries failed; try again in 9 seconds",
        ),
        (UnreadableStatementError("no list has it: 5 %"), "No list has it: 5 %", "No list has it: 5 %"),
        (
            ConflictError("%(name)s is there already", name="%(x)s <b>"),
            "%(x)s <b> đã có rồi",
            "%(x)s <b> is there already",
        ),
    ],
)
def test_values_are_written_as_pages_write_them(error: PaygateError, vietnamese: str, english: str) -> None:
    said = [reason_of(error, one, VIETNAM).replace("\N{NO-BREAK SPACE}", " ") for one in (Language.VI, Language.EN)]
    assert said == [vietnamese, english]


def test_an_error_can_travel() -> None:
    travelled = pickle.loads(pickle.dumps(ConflictError("%(name)s is there already", name="lan")))
    assert (str(travelled), travelled.values) == ("lan is there already", {"name": "lan"})
