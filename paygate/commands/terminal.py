"""What every command shares: its settings, its way into the service, and how it speaks to a person."""

import asyncio
import io
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from paygate.access import Role
from paygate.app import Service, open_service
from paygate.domain.errors import InvalidInputError, UnknownCallerError
from paygate.settings import Settings, load_settings
from paygate.telemetry import configure_logging

OUT: Final = Console(highlight=False, soft_wrap=True, markup=False)

TOKEN_VARIABLE: Final = "PAYGATE_TOKEN"  # noqa: S105 -- the name of a variable

Tenant = Annotated[str, typer.Option("--tenant", help="the tenant's name in the configuration")]
Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="the business day")]
File = Annotated[Path, typer.Argument(help="the file to read")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
Yes = Annotated[bool, typer.Option("--yes", help="do it; without this only the preview is shown")]


def load(context: typer.Context, *, quiet: bool = True) -> Settings:
    """Read the configuration; a quiet command, whose output is for people, logs only what goes wrong."""
    settings = load_settings(context.obj)
    configure_logging("error" if quiet else settings.log_level)
    return settings


ResultT = TypeVar("ResultT")


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    return asyncio.run(work)


@asynccontextmanager
async def open_tenant(settings: Settings, code: str) -> AsyncIterator[tuple[Service, int]]:
    """Open the service and name the number of one of its tenants."""
    async with open_service(settings) as service:
        yield service, service.directory.tenant(code).tenant_id


async def whose_token(service: Service, tenant: str, roles: frozenset[Role]) -> str:
    """Return who stands behind the token in PAYGATE_TOKEN, who must have one of the roles in the tenant.

    Raises:
        UnknownCallerError, NotFoundError, NotAllowedError: there is none, or it is not theirs to do.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise UnknownCallerError(f"say who you are: put your token into {TOKEN_VARIABLE}")
    caller = await service.authenticate(token)
    caller.tenant(tenant, roles)
    return caller.person


def read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from error


def write_text(text: str, file: Path | None) -> None:
    """Write to a file, or to standard output."""
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from error


@contextmanager
def written(file: Path | None) -> Iterator[TextIO]:
    """Lend a file to write lines to, or standard output."""
    if file is None:
        yield sys.stdout
        return
    try:
        with file.open("w", encoding="utf-8", newline="\n") as opened:
            yield opened
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from error


def write_whole(content: bytes, file: Path) -> None:
    """Put a file in its place when it is whole, so that whoever fetches it never finds half."""
    _put_whole(io.BytesIO(content), file)


def move_whole(made: Path, file: Path) -> None:
    """The same of one that lies elsewhere."""
    with made.open("rb") as opened:
        _put_whole(opened, file)


def _put_whole(content: BinaryIO, file: Path) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("xb") as opened:
                shutil.copyfileobj(content, opened)
                opened.flush()
                os.fsync(opened.fileno())
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from error


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str, indent=2) + "\n")


def show_rows(rows: list[dict[str, Any]], names: Sequence[str], *, as_json: bool) -> None:
    """Print rows whole as JSON, or the columns among `names` that they have as a table."""
    if as_json:
        print_json(rows)
    else:
        print_rows([{name: row[name] for name in names if name in row} for row in rows])


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows of the same keys as a table."""
    if not rows:
        OUT.print("none")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    OUT.print(table)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M %Z}"
    return "" if value is None else str(value)


@contextmanager
def counting(unit: str) -> Iterator[Callable[[int], None]]:
    """Show a running count on a terminal, and nothing elsewhere."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} " + unit), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda done: progress.update(task, completed=done)
