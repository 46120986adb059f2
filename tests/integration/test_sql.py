"""Every query stands in a file, is good SQL for the schema as it is, and is used."""

import re
from importlib import resources
from pathlib import Path

import asyncpg
import pytest

from paygate.database import Connection, Database, load_queries

ROOT = Path(__file__).parents[2]

FILES = [
    *(("paygate.sql", f"queries/{file.name}") for file in sorted((ROOT / "paygate/sql/queries").glob("*.sql"))),
    *(("reconciliation.sql", file.name) for file in sorted((ROOT / "reconciliation/sql").glob("*.sql"))),
]

SOURCES = [file for package in ("paygate", "reconciliation") for file in (ROOT / package).rglob("*.py")]
CODE = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES)


def queries_of_package(package: str) -> dict[str, str]:
    return {
        name: text for other, file in FILES if other == package for name, text in load_queries(package, file).items()
    }


@pytest.mark.parametrize(("package", "file"), FILES)
async def test_every_query_is_accepted_by_the_database(database: Database, package: str, file: str) -> None:
    working_tables = {name: text for name, text in queries_of_package(package).items() if name.startswith("create_")}
    async with database.transaction() as connection:
        for text in working_tables.values():
            await connection.execute(text)
        for name, text in load_queries(package, file).items():
            if name not in working_tables:
                await prepare(connection, name, text)


async def prepare(connection: Connection, name: str, text: str) -> None:
    try:
        await connection.prepare(text)
    except asyncpg.PostgresError as error:
        error.add_note(f"in query {name}")
        raise


@pytest.mark.parametrize(("package", "file"), FILES)
def test_every_query_is_used(package: str, file: str) -> None:
    unused = [name for name in load_queries(package, file) if f'"{name}"' not in CODE]
    assert not unused


def test_every_query_that_is_asked_for_by_name_exists() -> None:
    known = queries_of_package("paygate.sql").keys() | queries_of_package("reconciliation.sql").keys()
    asked = set(re.findall(r'QUERIES\["(\w+)"\]', CODE))
    assert asked
    assert asked <= known


@pytest.mark.parametrize(("package", "file"), FILES)
def test_every_query_has_a_name_of_its_own(package: str, file: str) -> None:
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    named = re.findall(r"(?i)--\s*name\b.*", text)
    assert len(named) == len(load_queries(package, file))
