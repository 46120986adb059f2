"""Whatever is sent as a notice or a look-up is refused or stored, and the next honest notice is answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.nasty import json_files, naughty_strings, xml_attacks
from tests.served import NOTICES, Served, a_paid_notice, a_service, signed


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        yield one


@pytest.mark.parametrize("path", [NOTICES, "/v1/payables/hd-dvcqg"])
async def test_what_nobody_signed_is_refused_as_not_authentic(served: Served, shared: Path, path: str) -> None:
    for name, body in {**json_files(shared), **xml_attacks(shared)}.items():
        if len(body) > 64 * 1024:
            continue
        assert (await served.post(body, path))[0] == 401, name
    assert await served.fetchval("SELECT count(*) FROM notice") == 0
    assert (await served.post(signed()))[0] == 200


async def test_what_is_signed_is_stored_whatever_it_says_unless_it_could_be_signed_in_two_ways(
    served: Served, shared: Path
) -> None:
    stored = 0
    for said in naughty_strings(shared):
        status, _ = await served.post(signed(a_paid_notice()._replace(description=said)))
        assert status == (401 if "|" in said or "\0" in said else 200), said
        stored += status == 200
    assert await served.fetchval("SELECT count(*) FROM notice") == stored > 300
