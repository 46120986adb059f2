"""Every format's whole road: from a bank's file through a child process into the ledger, once."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest

from paygate.app import open_service
from paygate.configured import open_statement, table_mapping
from paygate.database import Database
from paygate.domain.calendar import Calendar
from paygate.domain.statement_import import StatementImport
from paygate.settings import Settings
from paygate.statements import import_statements
from reconciliation.arrivals import check_feeds
from tests.bank_formats import FORMATS, OPENING, TABLES, Format, settings
from tests.command_line import paygate
from tests.statement_files import Booked
from tests.vietinbank_files import KEY

ENTRIES = [Booked("DVC0001", 150_000), Booked("DVC0002", 50_000, "LE PHI"), Booked("DVC0003", 875_800)]
CHANGED = [ENTRIES[0], ENTRIES[1]._replace(amount=50_001), ENTRIES[2]]
TWINS = [ENTRIES[0], ENTRIES[0], ENTRIES[1]]

SHAPE = [
    *("format", "account", "statements", "entries", "lines"),
    *("opening", "closing", "balanced", "warnings", "refused"),
]

each_format = pytest.mark.parametrize("told", FORMATS, ids=lambda told: told.name)
"""Runs a test once for every format."""


@dataclass
class House:
    """A configured database that files are taken into."""

    folder: Path
    database: Database
    settings: Settings
    tenant_id: int

    async def take_in(self, told: Format, entries: Sequence[Booked]) -> StatementImport:
        data = told.write(entries)
        file = self.folder / f"{next(_numbers)}"
        await asyncio.to_thread(file.write_bytes, data)
        with await asyncio.to_thread(file.open, "rb") as opened:
            account, mapping = told.options.get("account"), told.options.get("mapping")
            kind, parts = await asyncio.to_thread(
                open_statement, self.settings, opened, None, table_mapping(self.settings, mapping), account
            )
            async with self.database.connection() as connection:
                return await import_statements(
                    connection,
                    self.tenant_id,
                    parts,
                    file_hash=sha256(data).digest(),
                    format=kind,
                    account=account or (self.settings.mappings[mapping].account if mapping else None),
                )

    async def faults(self, told: Format) -> list[str]:
        """Name what is wrong with the day of an account."""
        async with self.database.connection() as connection:
            feeds = await check_feeds(connection, self.tenant_id, told.day, Calendar())
        [feed] = [feed for feed in feeds if feed.get("account") == told.account]
        return [fault["fault"] for fault in feed["faults"]]

    async def stored(self) -> list[tuple[str, int]]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT leg, amount FROM statement_line ORDER BY line_id")
        return [(row["leg"], row["amount"]) for row in rows]


_numbers = count(1)


@pytest.fixture
async def house(tmp_path: Path, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("HD_KEY", KEY.decode())
    configured = Settings(**settings(database_url))
    async with open_service(configured) as service:
        return House(tmp_path, database, configured, service.directory.tenant("haiduong").tenant_id)


@pytest.fixture
def command(tmp_path: Path, database_url: str) -> Callable[..., str]:
    """Import a file of ENTRIES from the command line, and return what it says."""
    given = settings(database_url)
    lines = [f"database_url = {json.dumps(given.pop('database_url'))}"]
    for kind, tables in given.items():
        for name, table in tables.items():
            lines += [f"[{kind}.{json.dumps(name)}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    (tmp_path / "paygate.toml").write_text("\n".join(lines), encoding="utf-8")

    def run(told: Format, *words: str) -> str:
        file = tmp_path / told.name
        if not file.exists():  # a spreadsheet names the second in which it was written
            file.write_bytes(told.write(ENTRIES))
        options = [word for name, value in told.options.items() for word in (f"--{name}", value)]
        arguments = ("statements", "import", file.name, "--tenant", "haiduong", *options, *words)
        done = paygate(tmp_path, *arguments, HD_KEY=KEY.decode())
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def balanced(told: Format) -> bool | None:
    return True if told.balances else None


@each_format
def test_a_dry_run_shows_what_it_would_read_to_programs_and_to_people(
    command: Callable[..., str], told: Format
) -> None:
    shape = json.loads(command(told, "--dry-run", "--json"))
    assert list(shape) == SHAPE
    assert [told.warns in warning for warning in shape.pop("warnings")] == [True] * bool(told.warns)
    assert shape == {
        "format": told.format,
        "account": told.account,
        "statements": 1,
        "entries": 3,
        "lines": 3,
        "opening": OPENING if told.balances else None,
        "closing": OPENING + 1_075_800 if told.balances else None,
        "balanced": balanced(told),
        "refused": [],
    }
    said = command(told, "--dry-run")
    for words in ("the first of 3 lines", f"booked_on {told.day}", "875800 VND", "DVC0003", "would read 3 · refused 0"):
        assert words in said


@each_format
def test_a_file_is_taken_in_once_and_the_command_says_so(command: Callable[..., str], told: Format) -> None:
    first = command(told)
    assert "new 3 · known 0 · refused 0" in first
    assert ("3 lines are evidence of the settlement leg" in first) is (told.leg == "settlement")
    again = command(told)
    assert "this file was imported before; nothing is new" in again
    assert "new 0 · known 3 · refused 0" in again


@each_format
async def test_every_movement_becomes_a_line_of_its_leg(house: House, told: Format) -> None:
    result = await house.take_in(told, ENTRIES)
    assert (result.new, result.known, result.refused, result.balanced) == (3, 0, [], balanced(told))
    assert await house.stored() == [(told.leg, one.amount) for one in ENTRIES]
    assert (await house.faults(told) == []) is told.covers


@each_format
async def test_the_same_movements_in_another_order_add_nothing(house: House, told: Format) -> None:
    await house.take_in(told, ENTRIES)
    swapped = await house.take_in(told, ENTRIES[::-1])
    assert (swapped.new, swapped.known, swapped.already_imported) == (0, 3, False)
    assert (await house.faults(told) == []) is told.covers


@each_format
async def test_a_changed_movement_is_one_new_line_and_its_day_is_in_doubt(house: House, told: Format) -> None:
    await house.take_in(told, ENTRIES)
    changed = await house.take_in(told, CHANGED)
    assert (changed.new, changed.known) == (1, 2)
    assert ("statements_differ" in await house.faults(told)) is told.covers


@each_format
async def test_twins_in_one_file_both_stay_and_come_only_once(house: House, told: Format) -> None:
    assert (await house.take_in(told, TWINS)).new == 3
    again = await house.take_in(told, TWINS[::-1])
    assert (again.new, again.known) == (0, 3)
    assert sorted(amount for _, amount in await house.stored()) == [50_000, 150_000, 150_000]


@pytest.mark.parametrize("order", list(permutations(TABLES)), ids=lambda order: "-".join(one.name for one in order))
async def test_a_table_in_another_container_adds_nothing(house: House, order: Sequence[Format]) -> None:
    first, *others = order
    assert (await house.take_in(first, ENTRIES)).new == 3
    for other in others:
        again = await house.take_in(other, ENTRIES)
        assert (again.new, again.known, again.already_imported) == (0, 3, False)
    assert len(await house.stored()) == 3
    assert await house.faults(first) == []
