"""`paygate simulate` as an operator meets it: every source against a running service, and a check that can fail."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from paygate.database import connect
from tests.contract.adapter_examples import EXAMPLES
from tests.simulated_house import House, furnish, serving


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return furnish(tmp_path, database_url)


async def begin(house: House, *words: str) -> asyncio.subprocess.Process:
    key = f"hd-vietinbank={house.bank_key}"
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "paygate", "simulate", "--url", house.url, "--key", key, *words),
        cwd=house.folder,
        env=house.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def simulate(house: House, *words: str) -> tuple[int, str, str]:
    process = await begin(house, *words)
    out, error = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), error.decode()


def total(told: Any, name: str) -> int:
    return sum(row[name] for row in told["sources"])


async def test_every_source_is_simulated_and_what_it_was_acknowledged_is_found(house: House) -> None:
    mix = ("--tampered", "5", "--malformed", "5", "--wrong-amount", "5", "--failed", "20", "--duplicates", "30")
    async with serving(house):
        code, out, _ = await simulate(house, "--rate", "300", "--seconds", "3", "--seed", "11", "--json", *mix)
    told = json.loads(out)
    assert (code, told["agrees"], told["differences"], told["checked"]) == (0, True, [], True)
    assert [row["source"] for row in told["sources"]] == sorted(f"hd-{kind}" for kind in EXAMPLES)
    assert all(row["payments"] > 5 for row in told["sources"])
    assert total(told, "refused") == total(told, "tampered") > 10
    assert total(told, "quarantined") == total(told, "malformed") > 10
    assert total(told, "found") == total(told, "acknowledged") == total(told, "sent") - total(told, "tampered")
    assert total(told, "payments_right") == total(told, "payments")
    assert total(told, "in_doubt") == 0


async def test_every_answer_stands_in_the_file_of_answers(house: House) -> None:
    async with serving(house):
        code, out, _ = await simulate(house, "--rate", "200", "--seconds", "1", "--json", "--ledger", "answers.jsonl")
    told = json.loads(out)
    lines = [json.loads(line) for line in (house.folder / "answers.jsonl").read_text("utf-8").splitlines()]
    assert code == 0
    assert len(lines) == total(told, "sendings") == 200
    acknowledged = {line["body_hash"] for line in lines if line["status"] in range(200, 300)}
    assert len(acknowledged) == total(told, "acknowledged")
    assert {line["status"] for line in lines if line["treatment"] == "tampered"} <= {401}
    assert lines[0].keys() == {"source", "reference", "transaction", "state", "treatment", "body_hash", "status"}


SPOILED = [
    ("notice", "RETURN CASE WHEN NEW.reference LIKE '%7' THEN NULL ELSE NEW END", "acknowledged, and not stored"),
    ("notice", "NEW.body := NEW.body || '\\x20'::bytea; RETURN NEW", "stored, and never sent"),
    ("payment", "NEW.amount := NEW.amount + 1; RETURN NEW", "in the ledger with another amount"),
    ("payment", "NEW.occurred_at := NEW.occurred_at + '1 s'; RETURN NEW", "in the ledger with another occurred_at"),
]


@pytest.mark.parametrize(("table", "body", "problem"), SPOILED)
async def test_a_service_whose_database_does_not_keep_what_it_is_given_is_caught(
    house: House, database_url: str, table: str, body: str, problem: str
) -> None:
    async with serving(house):
        async with connect(database_url) as connection:
            await connection.execute(
                f"CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$;"
                f" CREATE TRIGGER spoil BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION spoil()"
            )
        code, out, _ = await simulate(house, "--rate", "100", "--seconds", "1", "--json", "--source", "hd-dvcqg")
    assert code == 1
    assert problem in {one["problem"] for one in json.loads(out)["differences"]}


async def test_without_the_check_only_the_answers_are_looked_at(house: House) -> None:
    async with serving(house):
        code, out, error = await simulate(house, "--rate", "50", "--seconds", "1", "--no-check", "--source", "hd-vnpay")
    assert code == 0
    assert out.splitlines()[-1] == "Everything was answered as it must be; what is stored was not looked at."
    assert "sent 50 of 50" in error


async def test_interrupted_it_checks_what_it_has_sent(house: House) -> None:
    async with serving(house):
        process = await begin(house, "--rate", "20", "--seconds", "600", "--json", "--ledger", "answers.jsonl")
        answers = house.folder / "answers.jsonl"
        while not answers.exists() or answers.stat().st_size < 1000:  # noqa: ASYNC110 -- another process's event
            await asyncio.sleep(0.1)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            out, _ = await process.communicate()
    told = json.loads(out)
    assert (process.returncode, told["agrees"], told["checked"]) == (0, True, True)
    assert 0 < total(told, "sendings") < 12_000


REFUSED = [
    (("--url", "http://192.0.2.1:8080"), "is on another machine"),
    (("--url", "http://[2001:db8::1]:8080"), "is on another machine"),
    (("--url", "http://127.0.0.1.example"), "is on another machine"),
    (("--url", "ftp://127.0.0.1"), "is not the URL of a service"),
    (("--url", "127.0.0.1:8080"), "is not the URL of a service"),
    (("--url", "http://127.0.0.1:99999"), "is not the URL of a service"),
    (("--source", "nobody"), "there is no source 'nobody'"),
    (("--key", "nobody"), "is not SOURCE=file:PATH"),
    (("--key", "hd-momo=written-out"), "never written into the configuration"),
    (("--key", "hd-vietinbank=file:vietinbank.secret"), "--key hd-vietinbank=file:PATH"),
    (("--rate", "10000", "--seconds", "86400"), "more than 1,000,000 notices"),
    (("--ledger", "."), "Is a directory"),
]


@pytest.mark.parametrize(("words", "reason"), REFUSED)
async def test_what_cannot_be_meant_is_refused_in_one_line(house: House, words: Sequence[str], reason: str) -> None:
    code, out, error = await simulate(house, *words)
    assert code == 2
    assert "Traceback" not in error
    assert [reason in line for line in error.splitlines()] == [True]
    assert "sent" not in out


async def test_without_any_source_there_is_nothing_to_simulate(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "paygate", "simulate"),
        cwd=tmp_path,
        env=House(tmp_path, 0).environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert error == b"paygate: no source is configured, so there is nothing to simulate\n"
