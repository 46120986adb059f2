"""A turn of the matcher over a few new facts looks up what it needs: it reads no stored table from end to end."""

from collections.abc import Mapping
from typing import Final

import pytest

from paygate.bench.matcher_ground import LAY_PARTIES, Ground
from paygate.bench.six_legs import begin_six_legs, lay_six_legs
from paygate.database import connect

NEW: Final = 40
SMALL: Final = frozenset({"tenant", "account", "source", "statement", "run", "endpoint", "feed_head", "rule_set"})
"""Tables that do not grow with what is paid; there are a few rows of each."""
SCANS = """
SELECT relname, coalesce(seq_scan, 0) AS scans, coalesce(seq_tup_read, 0) AS rows FROM pg_stat_user_tables
WHERE schemaname = 'public'
"""


async def read_whole(ground: Ground, stored: int) -> Mapping[str, int]:
    """Return how many rows a turn over new facts, on so many stored, reads by scans of whole tables: by table."""
    await ground.connection.execute(LAY_PARTIES)
    await begin_six_legs(ground)
    await lay_six_legs(ground, 1, stored)
    await ground.match()
    await ground.settle()
    await lay_six_legs(ground, stored + 1, stored + NEW)
    before = {row["relname"]: row["rows"] for row in await ground.connection.fetch(SCANS)}
    await ground.match()
    after = {row["relname"]: row["rows"] for row in await ground.connection.fetch(SCANS)}
    return {name: rows - before.get(name, 0) for name, rows in after.items() if name not in SMALL}


@pytest.mark.slow
async def test_a_turn_over_few_new_facts_reads_no_table_from_end_to_end(database_url: str) -> None:
    stored = 100_000
    async with connect(database_url) as connection:
        read = await read_whole(Ground(database_url, connection), stored)
    # One in a hundred is unresolved: tables of that alone are small, and may be read whole a few times.
    assert not {name: rows for name, rows in read.items() if rows > stored // 20}
