"""People on the command line: the first administrator, who is kept out, whose sign-in begins anew, and the doctor."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paygate.credentials import set_totp
from paygate.database import connect
from paygate.totp import Seal
from tests.command_line import paygate, refused

CONFIGURATION = '[tenants.haiduong]\nname = "Tỉnh Hải Dương"\nagency = "H23"\n'
ADD = ("people", "add", "lan", "--role", "admin", "--tenant", "haiduong")
PASSWORD = "a long password"


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Path:
    """A folder with a configuration on a database of its own."""
    (tmp_path / "paygate.toml").write_text(f'database_url = "{database_url}"\n{CONFIGURATION}', encoding="utf-8")
    return tmp_path


def piped(folder: Path, typed: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-m", "paygate", *words],
        cwd=folder,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_first_administrator_is_made_with_a_piped_password_and_the_doctor_sees_it(house: Path) -> None:
    before = paygate(house, "doctor")
    assert "nobody can sign in to the desk yet: paygate people add" in before.stdout
    assert piped(house, f"{PASSWORD}\n", *ADD, "--password").returncode == 0
    after = paygate(house, "doctor")
    assert (after.returncode, "1 people can sign in to the desk" in after.stdout) == (0, True)


def test_the_doctor_names_whose_app_no_configured_secret_opens(house: Path, database_url: str) -> None:
    async def set_app_up() -> None:
        async with connect(database_url) as connection:
            person_id = await connection.fetchval("SELECT person_id FROM person WHERE name = 'lan'")
            sealed = Seal(b"the former secret").close("JBSWY3DPEHPK3PXP", person_id)
            await set_totp(connection, person_id, sealed, 0)

    def configured(secret: str) -> None:
        text = f'database_url = "{database_url}"\n{CONFIGURATION}[desk]\nsecret = {secret}\n'
        (house / "paygate.toml").write_text(text, encoding="utf-8")

    (house / "former").write_text("the former secret")
    (house / "new").write_text("a secret after it")
    piped(house, f"{PASSWORD}\n", *ADD, "--password")
    asyncio.run(set_app_up())
    configured('"file:former"')
    assert paygate(house, "doctor").returncode == 0
    configured('"file:new"')
    done = paygate(house, "doctor")
    refused(
        done, "paygate.toml:6: no secret named there opens the authenticator apps of 1 people, who cannot sign in: lan"
    )
    configured('["file:new", "file:former"]')
    assert paygate(house, "doctor").returncode == 0


@pytest.mark.parametrize("typed", ["", "short\n", f"{'x' * 257}\n"])
def test_a_password_that_is_too_short_or_too_long_is_refused_in_a_line(house: Path, typed: str) -> None:
    refused(piped(house, typed, *ADD, "--password"), "a password has 12 to 256 characters")
    assert "nobody can sign in" in paygate(house, "doctor").stdout


def test_a_person_without_a_password_does_not_count_as_one_who_can_sign_in(house: Path) -> None:
    assert paygate(house, *ADD).returncode == 0
    assert "nobody can sign in" in paygate(house, "doctor").stdout


def test_a_person_is_kept_out_let_in_and_given_a_temporary_password(house: Path) -> None:
    piped(house, f"{PASSWORD}\n", *ADD, "--password")
    assert paygate(house, "people", "disable", "lan").stdout == "lan is kept out; sessions ended: 0\n"
    assert "nobody can sign in" in paygate(house, "doctor").stdout
    assert paygate(house, "people", "enable", "lan").stdout == "lan may come in again\n"
    assert paygate(house, "people", "enable", "lan").stdout == "lan was not kept out\n"
    reset = paygate(house, "people", "reset", "lan")
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}\n", reset.stdout)
    assert paygate(house, "audit", "verify", "--tenant", "haiduong").returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("disable", "nobody"), "there is nobody called 'nobody'"),
        (("enable", "nobody"), "there is nobody called 'nobody'"),
        (("reset", "nobody"), "there is nobody called 'nobody'"),
        (("reset", "nobody", "--totp"), "there is nobody called 'nobody'"),
        (("reset", "nobody", "--totp", "--provider"), "say one of --totp and --provider"),
    ],
)
def test_what_cannot_be_done_about_a_person_is_refused_in_a_line(
    house: Path, words: tuple[str, ...], says: str
) -> None:
    refused(paygate(house, "people", *words), says)


def test_codes_are_not_taken_from_who_is_asked_for_none(house: Path) -> None:
    paygate(house, *ADD)
    refused(paygate(house, "people", "reset", "lan", "--totp"), "'lan' is asked for no codes")


def test_the_doctor_names_all_that_is_not_there_at_once(house: Path) -> None:
    with (house / "paygate.toml").open("a", encoding="utf-8") as file:
        file.write('\n[desk]\nsecret = "env:NOT_THERE"\n')
        for number in (1, 2):
            file.write(f'[endpoints.e{number}]\ntenant = "haiduong"\nurl = "https://mot-cua.example.vn/"\n')
            file.write(f'secrets = ["env:ABSENT_{number}"]\n')
    done = paygate(house, "doctor")
    assert done.returncode == 2
    named = [line.split("env:")[1].split()[0] for line in done.stderr.splitlines()]
    assert named == ["ABSENT_1", "ABSENT_2", "NOT_THERE"]


def test_the_doctor_names_the_line_of_a_desk_secret_that_is_not_there(house: Path) -> None:
    with (house / "paygate.toml").open("a", encoding="utf-8") as file:
        file.write('\n[desk]\nsecret = "env:NOT_THERE"\n')
    refused(paygate(house, "doctor"), "paygate.toml:7: secret env:NOT_THERE is empty or not set")
