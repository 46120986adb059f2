"""The text of SWIFT messages as fields: a tag, and a value that may run over several lines.

Banks wrap these messages in envelopes, in headers of their own, or in nothing; what stands outside of a field is passed
over. A file is read line by line, so that size costs no memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from adapters.statements.text_lines import read_text_lines, readable
from paygate.domain.errors import UnreadableStatementError

MESSAGE: Final = "message"
"""The tag of a field that an envelope makes: its value is the type of the message that follows, such as `942`."""

END: Final = "-"
"""The tag of a field that says that a message ends."""

MAX_FIELD_CHARACTERS: Final = 65_536
"""In one field; the standard allows 390 for the longest."""

_TAG = re.compile(r":(20|21|25P?|28C?|60[FM]|61|62[FM]|64|65|86|13D?|34F|90[CD]|NS|9\d\d):")
_TIME = re.compile(r":\d\d:\d\d(?!\d)")
_ENVELOPE = re.compile(r"(?:-\}|\{[1-5]:)")
_TYPE = re.compile(r"\{2:[IO](\d{3})")
_CONTROLS: Final = "\x01\x02\x03\x04\x1a\N{ZERO WIDTH NO-BREAK SPACE}"
"""What frames a message on a line of its own, or in front of its first field."""

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Field:
    """`row` is the line of the file at which it begins, from 1; the lines of its value are parted by newlines."""

    row: int
    tag: str
    value: str


def looks_like_swift(head: bytes) -> bool:
    """Tell whether a file that begins so has a line that opens a SWIFT statement."""
    lines = [line.strip(_CONTROLS) for line in head.decode("latin-1").removeprefix("ï»¿").splitlines()]
    return any(line.startswith((":20:", ":940:", "{1:F01", "{4::20:")) for line in lines)


def read_fields(file: BinaryIO) -> Iterator[Field]:
    """Read the fields of a file from its present position.

    Each line is UTF-8 or, where it is not, Latin-1: some banks mix them.

    Raises:
        UnreadableStatementError: a line or a field is longer than memory should hold.
    """
    lines = read_text_lines(file)
    yield from _fold((number, readable(line).rstrip().strip(_CONTROLS).rstrip()) for number, line in lines)


def _fold(lines: Iterator[Line]) -> Iterator[Field]:
    open_field = _Open()
    for number, line in _mended(lines):
        if (tag := _TAG.match(line)) and not open_field.is_amid_a_time(line):
            yield from open_field.close()
            open_field.begin(number, tag.group(1), line[tag.end() :])
        elif line == END or _ENVELOPE.match(line):
            yield from open_field.close()
            yield from _envelope(number, line)
            # Some banks write the first field behind the opening of the envelope.
            rest = line.partition("{4:")[2]
            if first := _TAG.match(rest):
                open_field.begin(number, first.group(1), rest[first.end() :])
        else:
            open_field.add(line)
    yield from open_field.close()


def _mended(lines: Iterator[Line]) -> Iterator[Line]:
    """Put together a tag that was wrapped behind its first colon."""
    for number, line in lines:
        if line != ":" or (following := next(lines, None)) is None:
            yield number, line
        elif _TAG.match(joined := f":{following[1]}"):
            yield following[0], joined
        else:
            yield number, line
            yield following


def _envelope(row: int, line: str) -> Iterator[Field]:
    if line.startswith(END):
        yield Field(row, END, "")
    if kind := _TYPE.search(line):
        yield Field(row, MESSAGE, kind.group(1))


class _Open:
    """The field that is being read, if there is one."""

    def __init__(self) -> None:
        self._row = 0
        self._tag = ""
        self._lines: list[str] = []
        self._size = 0

    def begin(self, row: int, tag: str, line: str) -> None:
        self._row, self._tag, self._lines, self._size = row, tag, [line], len(line)

    def add(self, line: str) -> None:
        if not self._tag:
            return
        self._lines.append(line)
        self._size += len(line) + 1
        if self._size > MAX_FIELD_CHARACTERS:
            raise UnreadableStatementError(
                f"the field :{self._tag}: at line {self._row} is longer than {MAX_FIELD_CHARACTERS} characters"
            )

    def is_amid_a_time(self, line: str) -> bool:
        """Tell whether a line goes on with a time that a narrative wrapped, as in `T13` and `:20:11`."""
        return self._tag == "86" and self._lines[-1][-2:].isdecimal() and _TIME.match(line) is not None

    def close(self) -> Iterator[Field]:
        if self._tag and self._tag.isdecimal() and len(self._tag) == len("940"):
            yield Field(self._row, MESSAGE, self._tag)
        elif self._tag:
            yield Field(self._row, self._tag, "\n".join(self._lines).strip())
        self._tag = ""
