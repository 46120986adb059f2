"""A room of its own for reading what others sent: a child process with little time, little memory and nothing else.

The child inherits one open file, a pipe to answer on and no environment: no sockets, no secrets, nowhere to write. It
answers in frames of JSON, so that nothing it says is ever run here, and waits while nobody takes them: neither side
holds more than a frame.
"""

import json
import os
import pickle
import resource
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any, BinaryIO, Final, NoReturn, TypeAlias

from paygate.domain import errors

FRAME_ITEMS: Final = 512
FRAME_CHARACTERS: Final = 262_144
FRAME_SECONDS: Final = 1.0
"""A frame is sent when it has so many items, or so much text, or with the first item so long after the one before."""

MAX_FRAME_BYTES: Final = 16 * 2**20
"""A frame and its last item; a child that says more at a time is not believed."""

PIPE_BYTES: Final = 1_048_576
"""What the pipe holds of what was not taken yet; the most that the kernel gives to anybody."""

MAX_OPEN_FILES: Final = 64
GRACE_SECONDS: Final = 5
"""After the end of its time a child that does not heed the signal is killed by the kernel."""

KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""What an interpreter may need to start at all."""

_LENGTH: Final = struct.Struct(">I")
_START: Final = "import sys; sys.path[:] = sys.argv[1:]; from paygate.isolation import serve; serve()"

Item: TypeAlias = Any
"""Whatever JSON holds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. `stall_seconds` is how long it may let its caller wait for the next frame.

    `file_bytes` is how large a file it may write, for a child of ours that makes one where its arguments say.
    """

    cpu_seconds: int
    memory_bytes: int
    stall_seconds: float
    file_bytes: int = 0


def read_apart(
    produce: Callable[..., Iterator[Item]], file: BinaryIO, *arguments: object, limits: Limits
) -> Iterator[Item]:
    """Yield what `produce(file, *arguments)` yields, run in a child process from the file's present position.

    `produce` is a function of a module, `file` a real file, which is the child's until the last item; items are what
    JSON holds. Taking an item may block for `stall_seconds`: where an event loop runs, take them in a thread.

    Raises:
        UnreadableFileError: the child came to the end of a limit, or a library it uses broke down.
        PaygateError: what `produce` raised.
        ChildError: what `produce` raised, and nobody anticipated.
    """
    os.lseek(file.fileno(), file.tell(), os.SEEK_SET)  # the descriptor stands behind what was read ahead
    child = _start(file)
    try:
        _ask(child, (produce, file.fileno(), arguments, limits))
        yield from _answers(child, limits)
    finally:
        _end(child)


class ChildError(Exception):
    """A child failed in a way nobody anticipated: a mistake of ours. It names the place, never what was read."""


def _start(file: BinaryIO) -> Popen[bytes]:
    path = [entry or str(Path.cwd()) for entry in sys.path]
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    try:
        return Popen(  # noqa: S603 -- our own interpreter and code
            [sys.executable, "-I", "-c", _START, *path],
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            pass_fds=(file.fileno(),),
            env=environment,
            cwd="/",
            pipesize=PIPE_BYTES,
        )
    except OSError as error:
        raise errors.TemporaryError(f"no process could be started to read the file: {error.strerror}") from error


def _ask(child: Popen[bytes], call: tuple[object, ...]) -> None:
    assert child.stdin  # noqa: S101 -- for mypy: it is a pipe
    try:
        with child.stdin as ask:
            pickle.dump(call, ask)
    except BrokenPipeError:
        return  # it died at once; why is seen when its answer is read


def _answers(child: Popen[bytes], limits: Limits) -> Iterator[Item]:
    while True:
        answer = json.loads(_frame(child, limits))
        if isinstance(answer, list):
            yield from answer
            continue
        if (name := answer["error"]) is None:
            return
        error = getattr(errors, name, ChildError)
        raise error(answer["message"], **answer.get("values", {}))


def _frame(child: Popen[bytes], limits: Limits) -> bytes:
    (length,) = _LENGTH.unpack(_take(child, _LENGTH.size, limits))
    if length > MAX_FRAME_BYTES:
        raise ChildError(f"a frame of {length} bytes")
    return _take(child, length, limits)


def _take(child: Popen[bytes], length: int, limits: Limits) -> bytes:
    assert child.stdout  # noqa: S101 -- for mypy: it is a pipe
    descriptor = child.stdout.fileno()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    taken = bytearray()
    deadline = time.monotonic() + limits.stall_seconds
    while len(taken) < length:
        if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise errors.UnreadableFileError(f"reading it did not get on for {limits.stall_seconds:.0f} seconds")
        if not (piece := os.read(descriptor, length - len(taken))):
            _tell_of_death(child, limits)
        taken += piece
    return bytes(taken)


def _tell_of_death(child: Popen[bytes], limits: Limits) -> NoReturn:
    code = child.wait(GRACE_SECONDS)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        raise errors.UnreadableFileError(f"reading it takes more than {limits.cpu_seconds} seconds of computing")
    if code == -signal.SIGABRT:  # what a library does that cannot go on without the memory it asked for
        raise errors.UnreadableFileError(_too_much_memory(limits))
    if code < 0:
        raise errors.UnreadableFileError(f"reading it broke off with {signal.Signals(-code).name}")
    raise ChildError(f"it ended with {code} before it answered")


def _too_much_memory(limits: Limits) -> str:
    return f"reading it takes more than {limits.memory_bytes // 2**20} MiB of memory"


def _end(child: Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            pipe.close()
    child.wait()


def serve() -> None:
    """Be the child: read the call from standard input, answer on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the caller's, who then ends the child
    produce, descriptor, arguments, limits = pickle.load(sys.stdin.buffer)  # noqa: S301 -- from the process that started us
    _confine(limits)
    try:
        _send(_answer(produce, descriptor, arguments, limits))
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more, and what is buffered would be tried again at the end


def _confine(limits: Limits) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + GRACE_SECONDS),
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES, MAX_OPEN_FILES),
        (resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, most = resource.getrlimit(what)
        ours = (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
        resource.setrlimit(what, ours)


def _send(frames: Iterator[Item]) -> None:
    out = sys.stdout.buffer
    for frame in frames:
        said = json.dumps(frame, separators=(",", ":"), default=str).encode()
        out.write(_LENGTH.pack(len(said)))
        out.write(said)
        out.flush()


def _answer(
    produce: Callable[..., Iterator[Item]], descriptor: int, arguments: Sequence[object], limits: Limits
) -> Iterator[Item]:
    """Yield frames of items as lists, and at the end an object that says how it ended."""
    try:
        with os.fdopen(descriptor, "rb") as file:
            yield from _frames(produce(file, *arguments))
    except errors.PaygateError as error:
        yield {"error": type(error).__name__, "message": error.message, "values": error.values}
    except MemoryError:
        yield {"error": errors.UnreadableFileError.__name__, "message": _too_much_memory(limits)}
    except Exception as error:  # noqa: BLE001 -- whatever it is, the caller must hear of it
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} in {place.name}, line {place.lineno} of {Path(place.filename).name}"
        yield {"error": ChildError.__name__, "message": text}
    else:
        yield {"error": None}


def _frames(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Gather items into frames; those before an error are sent before it."""
    frame: list[Item] = []
    characters, due = 0, time.monotonic() + FRAME_SECONDS
    try:
        for item in items:
            frame.append(item)
            characters += _characters(item)
            if len(frame) == FRAME_ITEMS or characters > FRAME_CHARACTERS or time.monotonic() > due:
                yield frame
                frame, characters, due = [], 0, time.monotonic() + FRAME_SECONDS
    except Exception:
        yield frame
        raise
    yield frame


def _characters(item: Item) -> int:
    fields = item if isinstance(item, list) else [item]
    return sum(len(field) for field in fields if isinstance(field, str))
