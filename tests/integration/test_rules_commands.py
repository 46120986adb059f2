"""Rules on the command line: checked by anyone, proposed and put in force by two people who show their tokens."""

import json
from pathlib import Path

import pytest

from reconciliation.rules.reading import shipped_content, shipped_rules
from tests.command_line import paygate, refused

CONFIGURATION = """
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"

[tenants.hungyen]
name = "Tỉnh Hưng Yên"
agency = "H33"
"""
TENANT = ("--tenant", "haiduong")


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Path:
    """A folder with a configuration on a database of its own, and another rule set."""
    (tmp_path / "paygate.toml").write_text(f'database_url = "{database_url}"\n{CONFIGURATION}', encoding="utf-8")
    content = shipped_content().replace(b'"2026-2"', b'"hd"').replace(b"enabled = false", b"enabled = true")
    (tmp_path / "hd.toml").write_bytes(content)
    return tmp_path


def token(house: Path, name: str, role: str, tenant: str = "haiduong") -> str:
    return paygate(house, "people", "token", name, "--role", role, "--tenant", tenant).stdout.strip()


def test_the_rules_that_ship_can_be_followed(tmp_path: Path) -> None:
    done = paygate(tmp_path, "rules", "check")
    assert (done.returncode, f"{shipped_rules().version}: the engine can follow it" in done.stdout) == (0, True)
    shown = json.loads(paygate(tmp_path, "rules", "check", "--json").stdout)
    assert shown["version"] == shipped_rules().version
    assert {"rule": "tolerance", "state": "off", "goes_by": ""} in shown["rules"]


def test_what_is_wrong_with_a_file_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(shipped_content().replace(b"most_facts = 20", b"most_facts = 21"))
    refused(paygate(tmp_path, "rules", "check", "bad.toml"), "bad.toml: rule sum_reference: most_facts: ")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_000)
    refused(paygate(tmp_path, "rules", "check", "large.toml"), "a rule set is at most 65536 bytes")
    refused(paygate(tmp_path, "rules", "check", "nowhere.toml"), "nowhere.toml: No such file")
    refused(paygate(tmp_path, "rules", "check", "."), "Is a directory")


def test_two_people_put_a_rule_set_in_force(house: Path) -> None:
    lan, minh = token(house, "lan", "officer"), token(house, "minh", "approver")
    proposed = paygate(house, "rules", "propose", "hd.toml", *TENANT, PAYGATE_TOKEN=lan)
    assert proposed.returncode == 0, proposed.stderr
    version = proposed.stdout.split()[0]
    approved = paygate(house, "rules", "approve", version, *TENANT, PAYGATE_TOKEN=minh)
    assert (approved.returncode, "is in force" in approved.stdout) == (0, True), approved.stderr
    listed = json.loads(paygate(house, "rules", "list", *TENANT, "--json").stdout)
    assert [(one["version"], one["state"], one["proposed_by"], one["approved_by"]) for one in listed] == [
        (shipped_rules().version, "ships", None, None),
        (version, "in force", "lan", "minh"),
    ]
    assert version in paygate(house, "rules", "list", *TENANT).stdout
    assert paygate(house, "rules", "show", version, *TENANT).stdout == (house / "hd.toml").read_text(encoding="utf-8")
    shipped = paygate(house, "rules", "show", shipped_rules().version, *TENANT).stdout
    assert shipped == shipped_content().decode()
    refused(paygate(house, "rules", "show", "x-00000000", *TENANT), "there is no rule set 'x-00000000'")
    assert "the audit trail is whole" in paygate(house, "audit", "verify", *TENANT).stdout


def test_nobody_puts_a_rule_set_in_force_alone(house: Path) -> None:
    admin, again = token(house, "lan", "admin"), token(house, "lan", "approver")
    version = paygate(house, "rules", "propose", "hd.toml", *TENANT, PAYGATE_TOKEN=admin).stdout.split()[0]
    for mine in (admin, again):
        refused(paygate(house, "rules", "approve", version, *TENANT, PAYGATE_TOKEN=mine), "lan has proposed")


def test_a_proposal_is_withdrawn_by_its_maker_and_refused_by_another_who_says_why(house: Path) -> None:
    lan, minh = token(house, "lan", "officer"), token(house, "minh", "admin")
    version = paygate(house, "rules", "propose", "hd.toml", *TENANT, PAYGATE_TOKEN=lan).stdout.split()[0]
    refused(paygate(house, "rules", "withdraw", version, *TENANT, PAYGATE_TOKEN=minh), "lan has proposed")
    done = paygate(house, "rules", "withdraw", version, *TENANT, PAYGATE_TOKEN=lan)
    assert (done.returncode, done.stdout) == (0, f"{version} is withdrawn\n"), done.stderr
    refused(paygate(house, "rules", "approve", version, *TENANT, PAYGATE_TOKEN=minh), "waits for approval")
    paygate(house, "rules", "propose", "hd.toml", *TENANT, PAYGATE_TOKEN=lan)
    reject = ("rules", "reject", version, *TENANT, "--reason")
    refused(paygate(house, *reject, " ", PAYGATE_TOKEN=minh), "say why")
    refused(paygate(house, *reject, "x", PAYGATE_TOKEN=lan), "the role officer may not")
    assert paygate(house, *reject, "too wide", PAYGATE_TOKEN=minh).returncode == 0
    listed = json.loads(paygate(house, "rules", "list", *TENANT, "--json").stdout)
    assert [(one["state"], one["dropped_by"], one["answer"]) for one in listed] == [
        ("in force", None, None),
        ("withdrawn", "lan", None),
        ("rejected", "minh", "too wide"),
    ]


@pytest.mark.parametrize("role", ["service", "approver", "auditor", "operator"])
def test_only_an_officer_or_an_admin_proposes(house: Path, role: str) -> None:
    held = token(house, "hoa", role)
    refused(paygate(house, "rules", "propose", "hd.toml", *TENANT, PAYGATE_TOKEN=held), f"the role {role} may not")


def test_only_an_approver_or_an_admin_approves(house: Path) -> None:
    lan, hoa = token(house, "lan", "officer"), token(house, "hoa", "officer")
    version = paygate(house, "rules", "propose", "hd.toml", *TENANT, PAYGATE_TOKEN=lan).stdout.split()[0]
    refused(paygate(house, "rules", "approve", version, *TENANT, PAYGATE_TOKEN=hoa), "the role officer may not")


def test_another_tenants_people_and_nobody_are_refused(house: Path) -> None:
    elsewhere = token(house, "hoa", "admin", "hungyen")
    refused(paygate(house, "rules", "propose", *TENANT, PAYGATE_TOKEN=elsewhere), "there is no such tenant")
    refused(paygate(house, "rules", "propose", *TENANT, PAYGATE_TOKEN="pg_x"), "the token is not known")
    refused(paygate(house, "rules", "propose", *TENANT), "put your token into PAYGATE_TOKEN")
    refused(paygate(house, "rules", "approve", "x", *TENANT), "put your token into PAYGATE_TOKEN")


def test_a_backtest_on_days_without_facts_says_that_nothing_would_be_otherwise(house: Path) -> None:
    days = ("--from", "2024-05-08", "--to", "2024-05-09")
    done = paygate(house, "rules", "backtest", "hd.toml", *TENANT, *days)
    assert (done.returncode, "nothing would be otherwise" in done.stdout) == (0, True), done.stderr
    shown = json.loads(paygate(house, "rules", "backtest", "hd.toml", *TENANT, *days, "--json").stdout)
    assert (shown["matches"], shown["discrepancies"], shown["contradicts"]) == ([], [], [])
    backwards = ("--from", "2024-05-09", "--to", "2024-05-08")
    refused(paygate(house, "rules", "backtest", "hd.toml", *TENANT, *backwards), "is not between one and 92 days")
