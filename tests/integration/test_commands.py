"""The command line as an operator meets it: exit codes, one readable line, never a trace."""

import json
from pathlib import Path

import pytest

from tests.command_line import paygate, refused

CONFIGURATION = """
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"

[accounts."0011001234567"]
tenant = "haiduong"
bank = "970436"

[sources.hd-dvcqg]
tenant = "haiduong"
adapter = "dvcqg"
partner_code = "DVC-TEST"
secrets = ["env:HD_DVCQG_SECRET"]
account = "0011001234567"
legs = { payment = 0, bank = 1 }

[mappings.so-phu]
thousands = "."
account = "0011001234567"
columns = { booked_on = "Ngày", narrative = "Nội dung", credit = "Ghi có", debit = "Ghi nợ" }
"""
RECORDS = [
    {
        "dossier_code": "000.00.12.H23-240508-0001",
        "procedure_code": "1.005129",
        "procedure_name": "x",
        "agency_code": "000.00.12.H23",
        "agency_name": "y",
        "status": "processing",
        "obligations": [{"code": "LP01", "kind": "charge", "name": "Lệ phí", "amount": 50000}],
    },
    {"dossier_code": "nothing else"},
]
TENANT = ("--tenant", "haiduong")


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Path:
    """A folder with a configuration on a database of its own."""
    (tmp_path / "paygate.toml").write_text(f'database_url = "{database_url}"\n{CONFIGURATION}', encoding="utf-8")
    return tmp_path


def test_a_day_goes_from_records_and_a_statement_to_its_report(house: Path) -> None:
    (house / "records.json").write_text(json.dumps(RECORDS), encoding="utf-8")
    (house / "lines.csv").write_text("Ngày,Nội dung,Ghi có,Ghi nợ\n08/05/2024,LAI,1.000,\n", encoding="utf-8")
    imported = paygate(house, "records", "import", "records.json", *TENANT)
    assert (imported.returncode, "created 1 · refused 1" in imported.stdout) == (0, True)
    statement = paygate(house, "statements", "import", "lines.csv", *TENANT, "--mapping", "so-phu")
    assert (statement.returncode, "new 1 · known 0" in statement.stdout) == (0, True)
    again = paygate(house, "statements", "import", "lines.csv", *TENANT, "--mapping", "so-phu")
    assert (again.returncode, "nothing is new" in again.stdout) == (0, True)
    closed = paygate(house, "reconcile", *TENANT, "--date", "2024-05-08")
    assert (closed.returncode, "residual 0" in closed.stdout) == (0, True)
    report = paygate(house, "report", *TENANT, "--date", "2024-05-08", "--format", "json")
    assert json.loads(report.stdout)["classes"]["extra"] == {"count": 1, "amount": 1000}
    assert "BÁO CÁO" in paygate(house, "report", *TENANT, "--date", "2024-05-08").stdout


def test_an_empty_inbox_has_nothing_to_list_and_nothing_to_replay(house: Path) -> None:
    assert paygate(house, "notices", "list", *TENANT).stdout == "none\n"
    previewed = paygate(house, "notices", "replay", *TENANT)
    assert previewed.stdout.startswith("0 selected")
    assert "nothing was done" in previewed.stdout
    refused(paygate(house, "notices", "show", "7", *TENANT), "there is no notice 7")


def test_a_token_is_printed_alone(house: Path) -> None:
    done = paygate(house, "people", "token", "one-stop", "--role", "service", *TENANT)
    assert done.returncode == 0
    assert len(done.stdout.split()) == 1
    assert "the audit trail is whole" in paygate(house, "audit", "verify", *TENANT).stdout


def test_a_dry_run_shows_what_would_be_read_and_stores_nothing(house: Path) -> None:
    (house / "lines.csv").write_text("Ngày,Nội dung,Ghi có,Ghi nợ\n08/05/2024,LAI,x,\n", encoding="utf-8")
    done = paygate(house, "statements", "import", "lines.csv", *TENANT, "--mapping", "so-phu", "--dry-run", "--json")
    shown = json.loads(done.stdout)
    assert list(shown) == [
        "format",
        "account",
        "statements",
        "entries",
        "lines",
        "opening",
        "closing",
        "balanced",
        "warnings",
        "refused",
    ]
    assert [row["row"] for row in shown["refused"]] == [2]


def test_a_misspelt_key_is_refused_with_its_line_and_the_names_that_exist(house: Path) -> None:
    file = house / "paygate.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("partner_code", "partner_kode"), encoding="utf-8")
    done = paygate(house, "doctor")
    refused(done, "partner_code")
    assert "paygate.toml:" in done.stderr


def test_an_unknown_tenant_is_refused(house: Path) -> None:
    refused(paygate(house, "reconcile", "--tenant", "nowhere", "--date", "2024-05-08"), "there is no tenant 'nowhere'")


def test_a_day_that_is_not_closed_has_no_report(house: Path) -> None:
    refused(paygate(house, "report", *TENANT, "--date", "2024-05-08"), "is not closed")


def test_a_file_that_is_not_there_is_refused(house: Path) -> None:
    refused(paygate(house, "records", "import", "nothing.json", *TENANT), "No such file")


def test_a_statement_with_a_doctype_is_refused(house: Path) -> None:
    (house / "x.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', encoding="utf-8")
    refused(paygate(house, "statements", "import", "x.xml", *TENANT), "DOCTYPE")


def test_a_database_that_is_away_is_a_failure_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "paygate.toml").write_text(
        f'database_url = "postgresql://nobody@127.0.0.1:1/x"\n{CONFIGURATION}', encoding="utf-8"
    )
    refused(paygate(tmp_path, "doctor"), "the database does not answer", code=1)
    refused(paygate(tmp_path, "serve", "--port", "0"), "the database does not answer", code=1)
