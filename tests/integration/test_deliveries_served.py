"""Deliveries as an operator meets them: configured, served, killed, listed and replayed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from paygate.app import open_service
from paygate.database import connect
from paygate.domain.errors import ConfigurationError
from paygate.settings import load_settings
from tests.receivers import Receiver, a_receiver, hanging
from tests.served import a_paid_notice, a_service, signed

SECRET = "whsec_bmV3LXNlY3JldC1vZi0yNC1ieXRlcy1vci1tb3Jl"
CONFIGURATION = """\
database_url = "{database}"
egress_allowed = ["127.0.0.1"]
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"
[endpoints.mot-cua]
tenant = "haiduong"
url = "{url}"
secrets = ["env:HD_MOT_CUA_SECRET"]
types = ["payment.*"]
"""
TENANT = ("--tenant", "haiduong")
TELL = (
    "INSERT INTO news (tenant_id, kind, subject, body)"
    " SELECT tenant_id, 'payment.paid', '', json_build_object('reference', $1::text) FROM tenant"
)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HD_MOT_CUA_SECRET", SECRET)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as one:
        yield one


@pytest.fixture
def house(tmp_path: Path, database_url: str, receiver: Receiver) -> Path:
    """A folder with a configuration whose one endpoint is the receiver."""
    text = CONFIGURATION.format(database=database_url, url=receiver.url)
    (tmp_path / "paygate.toml").write_text(text, encoding="utf-8")
    return tmp_path


async def start(house: Path, *words: str) -> asyncio.subprocess.Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYGATE_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "paygate",
        *words,
        cwd=house,
        env={**kept, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def paygate(house: Path, *words: str) -> tuple[int | None, str, str]:
    process = await start(house, *words)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def a_worker_process(house: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(house, "serve", "--role", "worker")
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"worker\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def came(receiver: Receiver, count: int) -> list[str]:
    """Wait until so many deliveries came; return what they told."""
    while len(receiver.came) < count:
        receiver.arrived.clear()
        await asyncio.wait_for(receiver.arrived.wait(), 30)
    return [json.loads(one.body)["data"]["reference"] for one in receiver.came]


async def test_a_notice_that_is_posted_is_delivered(database_url: str, receiver: Receiver) -> None:
    endpoint = {"tenant": "haiduong", "url": receiver.url, "secrets": ("env:HD_MOT_CUA_SECRET",)}
    options = {"endpoints": {"mot-cua": endpoint}, "egress_allowed": ("127.0.0.1",)}
    async with a_service(database_url, role="all", **options) as served:
        await served.post(signed(a_paid_notice(reference="REF-A")))
        assert await came(receiver, 1) == ["REF-A"]


async def test_a_worker_killed_between_sending_and_marking_sends_the_same_again_and_then_the_next(
    house: Path, receiver: Receiver, database_url: str
) -> None:
    receiver.replies = [hanging]
    async with connect(database_url) as connection:
        async with a_worker_process(house) as process:
            await connection.execute(TELL, "R1")
            await connection.execute(TELL, "R2")
            await came(receiver, 1)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        await connection.execute("UPDATE endpoint SET leased_until = now()")  # the time of its lease passes
        async with a_worker_process(house):
            assert await came(receiver, 3) == ["R1", "R1", "R2"]
    assert receiver.ids[0] == receiver.ids[1] != receiver.ids[2]


async def lay_dead_letter(house: Path, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    assert (await paygate(house, "deliveries", "list", *TENANT))[1] == "none\n"
    await connection.execute(
        "INSERT INTO endpoint (tenant_id, name, sequence) SELECT tenant_id, 'mot-cua', 0 FROM tenant"
    )
    await connection.execute(TELL, "R1")
    await paygate(house, "deliveries", "list", *TENANT)  # numbers it
    await connection.execute(
        "INSERT INTO dead_letter (tenant_id, endpoint, sequence, attempts, reason)"
        " SELECT tenant_id, 'mot-cua', 1, 10, 'answered 500' FROM tenant"
    )
    await connection.execute("UPDATE endpoint SET sequence = 1, paused = 'answered 410'")


async def test_dead_letters_are_listed_shown_and_replayed_and_a_paused_endpoint_is_resumed(
    house: Path, receiver: Receiver, database_url: str
) -> None:
    async with connect(database_url) as connection:
        await lay_dead_letter(house, connection)
        _, listed, _ = await paygate(house, "deliveries", "list", *TENANT, "--json")
        assert [(one["name"], one["behind"], one["dead"]) for one in json.loads(listed)] == [("mot-cua", 0, 1)]
        _, letters, _ = await paygate(house, "deliveries", "list", "mot-cua", *TENANT, "--json")
        assert [(one["sequence"], one["reason"]) for one in json.loads(letters)] == [(1, "answered 500")]
        assert "payment.paid" in (await paygate(house, "deliveries", "list", "mot-cua", *TENANT))[1]
        _, shown, _ = await paygate(house, "deliveries", "show", "1", *TENANT)
        assert json.loads(shown)["data"] == {"reference": "R1"}
        assert json.loads(shown)["endpoints"][0]["state"] == "dead"
        _, previewed, _ = await paygate(house, "deliveries", "replay", *TENANT)
        assert previewed == "1 to be sent again, to 1 endpoints\nnothing was done; --yes does it\n"
        assert (await paygate(house, "deliveries", "replay", *TENANT, "1", "--yes"))[1].startswith("1 to be sent again")
        assert (await paygate(house, "deliveries", "resume", "mot-cua", *TENANT))[0] == 0
        async with a_worker_process(house):
            assert await came(receiver, 1) == ["R1"]
        acts = await connection.fetch("SELECT act FROM audit_entry ORDER BY number")
    assert [row["act"] for row in acts] == ["deliveries_replayed", "endpoint_resumed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "7"), "there is no event 7"),
        (("list", "nowhere"), "there is no endpoint 'nowhere'"),
        (("replay", "--endpoint", "nowhere", "--yes"), "there is no endpoint 'nowhere'"),
        (("resume", "nowhere"), "there is no endpoint 'nowhere'"),
    ],
)
async def test_what_is_not_there_is_refused_in_one_line(house: Path, words: tuple[str, ...], said: str) -> None:
    code, _, err = await paygate(house, "deliveries", *words, *TENANT)
    assert (code, err.count("\n"), said in err) == (2, 1, True)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("env:HD_MOT_CUA_SECRET", "env:NOBODY_SET_THIS", "paygate.toml:6: secret env:NOBODY_SET_THIS is empty"),
        ('"127.0.0.1"', '"10.0.0.1"', "paygate.toml:6: 127.0.0.1 is asked over https alone"),
        ("http://127", "https://user@127", "paygate.toml:6: a URL carries neither user nor fragment"),
        ("http://", "ftp://", "paygate.toml:6: a URL begins with https://"),
    ],
)
async def test_what_is_wrong_with_an_endpoint_is_named_with_its_line(
    house: Path, right: str, wrong: str, said: str
) -> None:
    file = house / "paygate.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    async with open_service(load_settings(file)) as service:
        with pytest.raises(ConfigurationError) as refused:
            service.endpoints()
    assert str(refused.value).replace(f"{house}/", "").startswith(said)
