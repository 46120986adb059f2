"""The composition root: what it refuses to start with, and what each role does."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from paygate.access import Role
from paygate.app import open_service, serve
from paygate.bench.load import load
from paygate.domain.errors import ConfigurationError
from paygate.settings import load_settings
from tests.served import NOTICES, a_service, settings_for, signed

CONFIGURATION = """\
database_url = "{url}"

[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"

[sources.hd-dvcqg]
tenant = "haiduong"
adapter = "dvcqg"
partner_code = "DVC-TEST"
secrets = ["env:PAYGATE_TEST_SECRET"]
"""


async def refusal_of(text: str, tmp_path: Path) -> str:
    file = tmp_path / "paygate.toml"
    file.write_text(text, encoding="utf-8")
    async with open_service(load_settings(file)) as service:
        with pytest.raises(ConfigurationError) as refused:
            service.adapters()
    return str(refused.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("partner_code", "partner_cod", "paygate.toml:10: sources.hd-dvcqg.partner_cod is not a key"),
        ("partner_code", "partner_cod", "did you mean 'partner_code'"),
        ('"dvcqg"', '"dvcgq"', "there is no adapter 'dvcgq'; there is casso, dvcqg"),
        ('"DVC-TEST"', '"A|B"', "paygate.toml:7: partner_code"),
        ("PAYGATE_TEST_SECRET", "NOBODY_SET_THIS", "secret env:NOBODY_SET_THIS is empty or not set"),
    ],
)
async def test_what_is_wrong_with_a_source_is_named_with_its_line(
    database_url: str, tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    settings_for(database_url)  # puts the secret in its place
    text = CONFIGURATION.format(url=database_url).replace(right, wrong)
    assert said in await refusal_of(text, tmp_path)


async def test_a_secret_among_the_keys_of_an_adapter_is_fetched_as_any_other(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CONFIGURATION.format(url=database_url).replace('"dvcqg"', '"zalopay"')
    text = text.replace('partner_code = "DVC-TEST"', 'app_id = 2553\nkey1 = "env:HD_KEY1"')
    settings_for(database_url)  # puts the other secret in its place
    assert "secret env:HD_KEY1 is empty or not set" in await refusal_of(text, tmp_path)
    assert "never written into the configuration" in await refusal_of(text.replace("env:HD", "HD"), tmp_path)
    (tmp_path / "key1").write_bytes(b"\xff")
    assert "key1 is not text in UTF-8" in await refusal_of(
        text.replace("env:HD_KEY1", f"file:{tmp_path}/key1"), tmp_path
    )
    monkeypatch.setenv("HD_KEY1", "PcY4iZIKFCIdgZvA6ueMcMHHUbRLYjPL")
    file = tmp_path / "paygate.toml"
    file.write_text(text, encoding="utf-8")
    async with open_service(load_settings(file)) as service:
        assert service.adapters().keys() == {"hd-dvcqg"}


async def test_a_database_that_forgets_is_not_served(database_url: str) -> None:
    # Settings a session can take are enough to tell that the check is made before anything is served.
    with pytest.raises(ConfigurationError, match="synchronous_commit is 'off'"):
        async with a_service(database_url + "&options=-csynchronous_commit%3Doff"):
            pass


async def test_the_worker_role_applies_what_the_web_role_has_taken_in(database_url: str) -> None:
    async with a_service(database_url) as served:
        assert (await served.post(signed()))[0] == 200
        await asyncio.sleep(0.2)
        assert await served.fetchval("SELECT count(*) FROM payment") == 0
        stop, ready = asyncio.Event(), asyncio.Event()

        def started(_: str) -> None:
            ready.set()

        working = asyncio.create_task(
            serve(settings_for(database_url), host="", port=0, role="worker", ready=started, stop=stop)
        )
        await asyncio.wait_for(ready.wait(), 10)
        assert await until(served, "SELECT count(*) FROM payment", 1)
        stop.set()
        await working


async def test_a_notice_wakes_the_worker_at_once(database_url: str) -> None:
    async with a_service(database_url, role="all") as served:
        await served.post(signed())
        assert await until(served, "SELECT count(*) FROM payment", 1, seconds=0.8)


async def until(served: Any, query: str, value: object, seconds: float = 5.0) -> bool:
    for _ in range(round(seconds / 0.02)):
        if await served.fetchval(query) == value:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_token_is_known_to_a_service_that_runs_already(database_url: str) -> None:
    async with a_service(database_url) as served:
        headers = await served.token("haiduong", Role.AUDITOR)
        async with served.session.get(served.url + "/v1/discrepancies", headers=headers) as reply:
            assert reply.status == 200


async def test_the_bundled_sender_keeps_every_connection_busy(database_url: str) -> None:
    def requests() -> Any:
        while True:
            body = signed()
            yield f"POST {NOTICES} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    async with a_service(database_url) as served:
        seen = await load(*served.address, requests(), 8, 0.5)
        summary = seen.summary(0.5)
        assert (summary["errors"], set(seen.statuses)) == (0, {200})
        assert await served.fetchval("SELECT count(*) FROM notice") == summary["requests"]
