"""What a child process may do, what it is stopped from, and what its caller hears of it."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest

from paygate.domain.errors import InvalidInputError, UnreadableFileError
from paygate.isolation import FRAME_ITEMS, KEPT_ENVIRONMENT, PIPE_BYTES, ChildError, Limits, read_apart
from tests import apart

LIMITS = Limits(cpu_seconds=60, memory_bytes=512 * 2**20, stall_seconds=60)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BinaryIO]:
    path = tmp_path / "file"
    path.write_text("skipped\nfirst\nsecond\n", encoding="utf-8")
    with path.open("rb") as opened:
        yield opened


def children() -> int:
    return len(psutil.Process().children())


def test_items_come_in_order_and_the_child_is_gone_at_the_end(file: BinaryIO) -> None:
    before = children()
    most = FRAME_ITEMS * 5 + 3
    assert list(read_apart(apart.count_to, file, most, limits=LIMITS)) == [[number] for number in range(most)]
    assert children() == before


def test_a_file_is_read_from_where_it_stands(file: BinaryIO) -> None:
    file.readline()
    assert list(read_apart(apart.lines, file, limits=LIMITS)) == ["first", "second"]


def test_nothing_is_started_before_the_first_item_is_asked_for(file: BinaryIO) -> None:
    before = children()
    items = read_apart(apart.lines, file, limits=LIMITS)
    assert children() == before
    del items


def test_a_caller_who_leaves_early_takes_the_child_with_him(file: BinaryIO) -> None:
    before = children()
    items = read_apart(apart.count_to, file, 10**9, limits=LIMITS)
    assert list(islice(items, 3)) == [[0], [1], [2]]
    items.close()  # type: ignore[attr-defined]
    assert children() == before


def test_a_child_waits_for_a_caller_who_takes_his_time(file: BinaryIO) -> None:
    items = read_apart(apart.count_to, file, 10**9, limits=LIMITS)
    next(items)
    [child] = psutil.Process().children()
    while child.status() == psutil.STATUS_RUNNING or child.cpu_times().user == 0:
        time.sleep(0.01)
    used = child.cpu_times().user
    time.sleep(0.2)
    assert child.cpu_times().user - used < 0.1
    assert child.memory_info().rss < 50 * 2**20 + PIPE_BYTES
    items.close()  # type: ignore[attr-defined]


def test_a_refusal_is_heard_in_its_own_words_after_what_came_before_it(file: BinaryIO) -> None:
    items = read_apart(apart.refuse, file, "không đọc được", limits=LIMITS)
    assert next(items) == "before"
    with pytest.raises(InvalidInputError, match=r"^không đọc được$"):
        next(items)


def test_a_mistake_of_ours_names_its_place_and_not_what_was_read(file: BinaryIO) -> None:
    with pytest.raises(ChildError, match=r"^KeyError in stumble, line \d+ of apart.py$"):
        list(read_apart(apart.stumble, file, "4111111111111111", limits=LIMITS))


@pytest.mark.parametrize(
    ("produce", "limits", "message"),
    [
        (apart.think_for_ever, Limits(1, 2**29, 60), "more than 1 seconds of computing"),
        (apart.wait_for_ever, Limits(60, 2**29, 1), "did not get on for 1 seconds"),
        (apart.grow, Limits(60, 2**28, 60), "more than 256 MiB of memory"),
        (apart.abort, LIMITS, "more than 512 MiB of memory"),
        (apart.step_on_a_landmine, LIMITS, "broke off with SIGSEGV"),
    ],
)
def test_a_child_that_comes_to_a_limit_is_ended_and_its_file_refused(
    file: BinaryIO, produce: Callable[..., Iterator[Any]], limits: Limits, message: str
) -> None:
    before = children()
    with pytest.raises(UnreadableFileError, match=message):
        list(read_apart(produce, file, limits=limits))
    assert children() == before


def test_a_child_sees_no_secret_and_no_socket_and_writes_nowhere(
    file: BinaryIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYGATE_SECRET", "s3cret")
    with socket.socket() as ours:
        os.set_inheritable(ours.fileno(), True)  # noqa: FBT003 -- the worst case
        seen, written = read_apart(apart.look_around, file, str(tmp_path / "new"), limits=LIMITS)
    environment, descriptors, sockets = seen
    assert set(environment) <= {*KEPT_ENVIRONMENT, "LC_CTYPE"}  # which an interpreter sets itself
    assert (descriptors, sockets, written) == (4, 0, ["OSError"])


def test_a_child_that_says_too_much_at_a_time_is_not_listened_to(file: BinaryIO) -> None:
    with pytest.raises(ChildError, match="a frame of"):
        list(read_apart(apart.say_too_much, file, limits=LIMITS))


def test_what_a_library_writes_beside_is_not_heard(file: BinaryIO, capfd: pytest.CaptureFixture[str]) -> None:
    assert list(read_apart(apart.chatter, file, limits=LIMITS)) == ["answer"]
    assert capfd.readouterr() == ("", "")
