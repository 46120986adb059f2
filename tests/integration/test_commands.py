"""The command line as an operator meets it: exit codes, one readable line, never a trace."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from paygate.app import open_service
from paygate.settings import load_settings
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

[sources.hd-vnpay]
tenant = "haiduong"
adapter = "vnpay"
terminal_code = "PAYGATE1"
secrets = ["env:HD_DVCQG_SECRET"]
account = "0011001234567"
legs = { payment = 0, settlement = 1, bank = 1 }
fee = { percent = "0.85", borne_by = "agency" }

[mappings.so-phu]
thousands = "."
account = "0011001234567"
columns = { booked_on = "Ngày", narrative = "Nội dung", credit = "Ghi có", debit = "Ghi nợ" }

[mappings.doi-soat]
leg = "settlement"
thousands = "."
columns = { reference = "Mã", gross = "Tiền", net = "Nhận", settled_on = "Ngày", batch = "Lô" }

[mappings.kho-bac]
leg = "treasury"
thousands = "."
columns = { dossier_code = "Mã", amount = "Tiền", booked_on = "Ngày", document = "Lô", status = "Nhận" }
"""
SETTLED = "Mã,Tiền,Nhận,Ngày,Lô\nHD-1,100.000,99.150,09/05/2024,L1\nHD-2,50.000,x,09/05/2024,L1\n"
HANDED = "Mã,Tiền,Nhận,Ngày,Lô\nH23-1,100.000,SENT,09/05/2024,PT1\nH23-2,50.000,NOT_SENT,09/05/2024,PT2\n"
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
SHAPE = [
    *("format", "account", "statements", "entries", "lines"),
    *("opening", "closing", "balanced", "warnings", "refused"),
]
"""Of what a dry run says as JSON."""


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
    quarter = json.loads(paygate(house, "report", *TENANT, "--date", "2024-Q2", "--format", "json").stdout)
    assert (quarter["period"], quarter["classes"]["extra"]) == ("2024-Q2", {"count": 1, "amount": 1000})
    assert "extra,Thừa,1,1000" in paygate(house, "report", *TENANT, "--date", "2024-05", "--format", "csv").stdout
    refused(paygate(house, "report", *TENANT, "--date", "2024-05"), "choose --format json, csv, xlsx or pdf")
    refused(paygate(house, "report", *TENANT, "--date", "2024-13"), "is no period")
    run = json.loads(report.stdout)["run"]
    verified = paygate(house, "verify-run", str(run))
    assert (verified.returncode, "agrees: 1 cases, digest" in verified.stdout) == (0, True)
    assert json.loads(paygate(house, "verify-run", str(run), "--json").stdout)["agrees"] is True
    refused(paygate(house, "verify-run", str(run + 1)), f"there is no run {run + 1}")
    refused(paygate(house, "report", *TENANT, "--date", "2024-05-08", "--run", str(run + 1)), "has no run")


def test_what_a_gateway_settled_and_what_was_handed_over_is_shown_before_it_is_taken_in(house: Path) -> None:
    (house / "settled.csv").write_text(SETTLED, encoding="utf-8")
    (house / "handed.csv").write_text(HANDED, encoding="utf-8")
    settlement = ("statements", "import", "settled.csv", *TENANT, "--mapping", "doi-soat")
    shown = json.loads(paygate(house, *settlement, "--dry-run", "--json").stdout)
    assert list(shown) == SHAPE
    assert (shown["account"], shown["entries"], shown["lines"], shown["balanced"]) == (None, 2, 1, None)
    assert [row["row"] for row in shown["refused"]] == [3]
    said = paygate(house, *settlement, "--dry-run").stdout
    assert "booked_on 2024-05-09, amount 100000 VND, reference HD-1, fee 850, net 99150, batch L1" in " ".join(
        said.split()
    )
    assert "1 lines are evidence of the settlement leg" in said
    done = json.loads(paygate(house, *settlement, "--json").stdout)
    assert list(done) == [*SHAPE, "legs", "new", "known", "already_imported"]
    assert (done["account"], done["legs"], done["new"]) == ("hd-vnpay", {"settlement": 1}, 1)

    treasury = ("statements", "import", "handed.csv", *TENANT, "--mapping", "kho-bac")
    said = " ".join(paygate(house, *treasury, "--dry-run").stdout.split())
    assert "amount 100000 VND, dossier_code H23-1, document PT1 row 3" in said
    assert "dossier_code H23-2, document PT2, evidence no, its status says that it did not come about" in said
    assert "new 2 · known 0 · refused 0" in paygate(house, *treasury).stdout
    assert "new 0 · known 2" in paygate(house, *treasury).stdout


def test_a_mapping_that_makes_every_row_name_the_same_is_refused_dry_or_not(house: Path) -> None:
    rows = "".join(f"HD,{number},{number},09/05/2024,L{number}\n" for number in range(20))
    (house / "settled.csv").write_text(f"Mã,Tiền,Nhận,Ngày,Lô\n{rows}", encoding="utf-8")
    for how in ((), ("--dry-run",), ("--dry-run", "--json")):
        done = paygate(house, "statements", "import", "settled.csv", *TENANT, "--mapping", "doi-soat", *how)
        refused(done, "all 20 lines have the reference 'HD': column A 'Mã' names no single payment")


async def test_the_fees_of_a_source_are_kept_exactly(house: Path) -> None:
    async with open_service(load_settings(house / "paygate.toml")) as service, service.database.connection() as one:
        rows = await one.fetch("SELECT code, fee_percent, fee_fixed, fee_borne_by FROM source ORDER BY code")
    assert [tuple(row) for row in rows] == [
        ("hd-dvcqg", None, None, None),
        ("hd-vnpay", Decimal("0.85"), 0, "agency"),
    ]


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
    assert list(shown) == SHAPE
    assert [row["row"] for row in shown["refused"]] == [2]


def test_a_misspelt_key_is_refused_with_its_line_and_the_names_that_exist(house: Path) -> None:
    file = house / "paygate.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("partner_code", "partner_kode"), encoding="utf-8")
    done = paygate(house, "doctor")
    refused(done, "partner_code")
    assert "paygate.toml:" in done.stderr


def test_an_unknown_tenant_is_refused(house: Path) -> None:
    refused(paygate(house, "reconcile", "--tenant", "nowhere", "--date", "2024-05-08"), "there is no tenant 'nowhere'")


@pytest.mark.parametrize(("kind", "begins"), [("xlsx", b"PK"), ("pdf", b"%PDF-")])
def test_a_report_goes_into_a_file_that_is_put_in_place_whole(house: Path, kind: str, begins: bytes) -> None:
    paygate(house, "reconcile", *TENANT, "--date", "2024-05-08")
    told = ("report", *TENANT, "--date", "2024-05-08", "--format", kind)
    refused(paygate(house, *told), "name it with --output")
    done = paygate(house, *told, "--output", "out", "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert (house / "out").read_bytes().startswith(begins)
    assert not [file for file in house.iterdir() if file.name.endswith(".part")]
    refused(paygate(house, *told, "--output", "no/such/folder"), "No such file")
    refused(paygate(house, *told, "--output", "x", "--run", "999"), "is closed, or it has no such run")


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
