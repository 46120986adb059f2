"""Folders for work under way, each held by who works in it: what one leaves behind who was killed is cleaned away."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def a_folder_below(place: Path) -> Iterator[Path]:
    """Lend a folder that only this user can read, and remove it afterwards with all that is in it."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder, held = _made(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def clear_below(place: Path) -> None:
    """Remove the folders that nobody works in any more: the kernel lets go of what a process held when it ends."""
    for folder in place.iterdir() if place.is_dir() else ():
        with suppress(OSError):  # it is held, or gone, or no folder of ours
            held = _open(folder)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(held)


def _made(place: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(dir=place))
        with suppress(FileNotFoundError):  # whoever cleared just then found it held by nobody
            held = _open(folder)
            with suppress(OSError):  # a file system that cannot hold folders: there nobody clears either
                fcntl.flock(held, fcntl.LOCK_EX)
            if folder.is_dir():
                return folder, held
            os.close(held)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
