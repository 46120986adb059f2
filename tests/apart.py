"""What children run in the tests of isolation: well-behaved work, and work that must be stopped."""

import ctypes
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from paygate.domain.errors import InvalidInputError


def lines(file: BinaryIO) -> Iterator[str]:
    for line in file:
        yield line.decode().rstrip("\n")


def count_to(_: BinaryIO, most: int) -> Iterator[list[int]]:
    for number in range(most):
        yield [number]


def refuse(_: BinaryIO, message: str) -> Iterator[str]:
    yield "before"
    raise InvalidInputError(message)


def stumble(_: BinaryIO, secret: str) -> Iterator[str]:
    yield {}[secret]


def think_for_ever(_: BinaryIO) -> Iterator[str]:
    yield "begun"
    while True:
        pass


def wait_for_ever(_: BinaryIO, *_anything: object) -> Iterator[str]:
    yield "begun"
    time.sleep(3600)


def grow(_: BinaryIO) -> Iterator[int]:
    held = []
    while True:
        held.append(bytearray(2**20))
        yield len(held)


def abort(_: BinaryIO) -> Iterator[str]:
    yield "begun"
    os.abort()


def step_on_a_landmine(_: BinaryIO) -> Iterator[str]:
    yield "begun"
    ctypes.string_at(0)


def look_around(_: BinaryIO, outside: str) -> Iterator[list[Any]]:
    """Say what can be seen and done from inside: environment, open files, a file written."""
    descriptors = [int(path.name) for path in Path("/proc/self/fd").iterdir() if _is_open(int(path.name))]
    yield [sorted(os.environ), len(descriptors), sum(map(_is_socket, descriptors))]
    try:
        with Path(outside).open("wb", buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        yield [type(error).__name__]


def say_too_much(_: BinaryIO) -> Iterator[str]:
    yield "x" * 2**25


def chatter(_: BinaryIO) -> Iterator[str]:
    sys.stderr.write("a library's warning\n")
    yield "answer"


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _is_socket(number: int) -> bool:
    try:
        socket.socket(fileno=os.dup(number)).close()
    except OSError:
        return False
    return True
