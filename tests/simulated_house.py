"""A configuration with a source of every kind, and its service in a process of its own that can be killed."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.certificates import certificate_for, private_pem, rsa_key
from tests.contract.adapter_examples import EXAMPLES

ROOT = Path(__file__).parents[1]
HEAD = """
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"

[accounts."001"]
tenant = "haiduong"
bank = "970436"
"""


@dataclass(frozen=True)
class House:
    """A folder with `paygate.toml`; `bank_key` names what VietinBank signs with."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.folder / "paygate.toml"

    @property
    def bank_key(self) -> str:
        return f"file:{self.folder / 'bank.key'}"

    def environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYGATE_")}
        return {**kept, "PYTHONPATH": str(ROOT), "PAYGATE_LOG_LEVEL": "error"}


def furnish(folder: Path, database_url: str) -> House:
    """Configure a source of every kind on a database and a port that is free."""
    _write_bank_keys(folder)
    parts = [f'database_url = "{database_url}"\ndata_dir = "{folder / "data"}"\n{HEAD}', *map(_source, EXAMPLES)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        house = House(folder, free.getsockname()[1])
    for kind, example in EXAMPLES.items():
        if kind != "vietinbank":
            (folder / f"{kind}.secret").write_bytes(example.keys.live.verifies)
    text = "\n".join(parts).replace("FOLDER", str(folder))
    house.configuration.write_text(text, encoding="utf-8")
    return house


def _write_bank_keys(folder: Path) -> None:
    key, now = rsa_key(), datetime.now(UTC)
    certificate = certificate_for(key, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1))
    (folder / "vietinbank.secret").write_bytes(certificate)
    (folder / "bank.key").write_bytes(private_pem(key))


def _source(kind: str) -> str:
    options = "\n".join(f"{name} = {json.dumps(value)}" for name, value in EXAMPLES[kind].options.items())
    head = f'[sources.hd-{kind}]\ntenant = "haiduong"\nadapter = "{kind}"\naccount = "001"\n'
    return f'{head}secrets = ["file:FOLDER/{kind}.secret"]\n{options}\n'


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[asyncio.subprocess.Process]:
    """Serve in a process, which is killed at the end."""
    words = ("-m", "paygate", "--config", str(house.configuration), "serve", "--port", str(house.port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, env=house.environment()
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert await process.stdout.readline(), "the service did not start"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
