"""The configuration: what is refused, and how clearly."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.registry import ADAPTERS, build
from adapters.statements.table.mapping import TableMapping
from paygate.domain.errors import ConfigurationError
from paygate.domain.legs import Leg
from paygate.settings import Settings, line_of, load_settings, resolve_secret
from tests.contract.adapter_examples import EXAMPLES

EXAMPLE = Path(__file__).parents[2] / "paygate.example.toml"

MINIMAL = """\
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"

[accounts."0011001234567"]
tenant = "haiduong"
bank = "970436"

[sources.hd-dvcqg]
tenant = "haiduong"
adapter = "dvcqg"
account = "0011001234567"
legs = { payment = 0, bank = 1 }
"""


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PAYGATE_{name.upper()}", raising=False)
    monkeypatch.delenv("PAYGATE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def load(text: str) -> Settings:
    file = Path("paygate.toml")
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings().port == 8080


def test_the_file_in_the_current_folder_is_found() -> None:
    Path("paygate.toml").write_text("port = 9000\n", encoding="utf-8")
    assert load_settings().port == 9000


def test_the_environment_may_name_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("other.toml").write_text("port = 9000\n", encoding="utf-8")
    monkeypatch.setenv("PAYGATE_CONFIG", "other.toml")
    assert load_settings().port == 9000


def test_a_file_that_was_named_must_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"^elsewhere\.toml: there is no such file$"):
        load_settings(Path("elsewhere.toml"))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYGATE_PORT", "9001")
    assert load("port = 9000\n").port == 9001


DESK = """
[desk]
public_url = "https://paygate.haiduong.gov.vn"
[desk.oidc]
issuer = "https://id.haiduong.gov.vn/realms/hd"
client_id = "paygate"
client_secret = "env:HD_OIDC_SECRET"
"""


def test_an_identity_provider_is_read_with_its_defaults() -> None:
    oidc = load(DESK).desk.oidc
    assert oidc is not None
    assert (oidc.scopes, oidc.name_claim) == (("openid", "email"), "email")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (("public_url = ", "# "), "paygate.toml:2: desk: oidc needs public_url"),
        (("client_id", "client_ids"), "desk.oidc.client_ids is not a key (did you mean 'client_id'?)"),
        (('"https://id', '"ftp://id'), "desk.oidc.issuer: String should match pattern"),
        (('hd"', 'hd?x"'), "desk.oidc.issuer: String should match pattern"),
        (("[desk.oidc]", '[desk.oidc]\nscopes = ["email"]'), "desk.oidc.scopes: openid is one of the scopes"),
        (("[desk.oidc]", '[desk.oidc]\nname_claim = "sub"'), "desk.oidc.name_claim: Input should be 'email'"),
        (("[desk.oidc]", 'proxies = ["nginx"]\n[desk.oidc]'), "desk.proxies: a proxy is named by its address"),
    ],
)
def test_a_desk_that_cannot_be_is_refused_with_the_place(spoil: tuple[str, str], says: str) -> None:
    assert says in refusal(DESK.replace(*spoil))


def test_legs_and_defaults_of_a_source_are_read() -> None:
    source = load(MINIMAL).sources["hd-dvcqg"]
    assert (source.legs, source.cut_off.isoformat()) == ({Leg.PAYMENT: 0, Leg.BANK: 1}, "00:00:00")


def test_keys_of_the_adapter_are_kept_for_the_adapter() -> None:
    assert load(MINIMAL + 'partner_code = "DVC-TEST"\n').sources["hd-dvcqg"].options == {"partner_code": "DVC-TEST"}


def test_a_misspelt_key_is_refused_with_its_line_and_the_names_that_exist() -> None:
    message = refusal(MINIMAL.replace("agency =", "agancy ="))
    assert message == (
        "paygate.toml:3: tenants.haiduong.agancy is not a key (did you mean 'agency'?);"
        " the keys here are agency, name, report_form, timezone"
    )


def test_a_misspelt_key_at_the_top_is_refused_with_its_line() -> None:
    assert refusal("# a comment\nprot = 1\n").startswith("paygate.toml:2: prot is not a key (did you mean 'port'?)")


def test_a_misspelt_table_is_refused_with_its_line() -> None:
    message = refusal(MINIMAL.replace("[sources.", "[source."))
    assert message.startswith("paygate.toml:9: source is not a key (did you mean 'sources'?)")


def test_a_misspelt_key_of_a_fee_is_refused_with_the_keys_of_a_fee() -> None:
    message = refusal(MINIMAL + 'fee = { percnt = "0.85" }\n')
    assert message.startswith("paygate.toml:14: sources.hd-dvcqg.fee.percnt is not a key (did you mean 'percent'?)")


@pytest.mark.parametrize(
    ("fee", "says"),
    [
        ('percent = "-0.85"', "percent: Input should be greater than or equal to 0"),
        ('percent = "100.01"', "percent: Input should be less than or equal to 100"),
        ('percent = "0.85001"', "percent: Decimal input should have no more than 4 decimal places"),
        ('percent = "nan"', "percent: Input should be a finite number"),
        ('percent = "0,85"', "percent: Input should be a valid decimal"),
        ("fixed = -1", "fixed: Input should be greater than or equal to 0"),
        ("fixed = 1.5", "fixed: Input should be a valid integer"),
        ('borne_by = "bank"', "borne_by: Input should be 'agency', 'payer' or 'gateway'"),
    ],
)
def test_a_fee_that_nobody_can_have_agreed_on_is_refused_in_one_line(fee: str, says: str) -> None:
    message = refusal(MINIMAL + f"fee = {{ {fee} }}\n")
    assert message.startswith(f"paygate.toml:14: sources.hd-dvcqg.fee.{says}")
    assert "\n" not in message


@pytest.mark.parametrize("percent", ['"0.85"', "0.85", '"0.8500"'])
def test_the_percentage_of_a_fee_is_exact_however_it_is_written(percent: str) -> None:
    fee = load(MINIMAL + f"fee = {{ percent = {percent}, fixed = 1000 }}\n").sources["hd-dvcqg"].fee
    assert fee is not None
    assert (fee.percent, fee.fixed, fee.borne_by) == (Decimal("0.85"), 1000, "agency")


SETTLEMENT = """\
[mappings.doi-soat]
leg = "settlement"
columns = { reference = "Mã", net = "Tiền", paid_at = "Lúc" }
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('source = "hd-vnpay"', "17: mappings.doi-soat.source: there is no source 'hd-vnpay'; there is hd-dvcqg"),
        (
            'account = "0011001234567"',
            "17: mappings.doi-soat reads the settlement leg, but its account '0011001234567' is of kind 'bank'",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_the_rest_is_refused_with_its_line(line: str, message: str) -> None:
    assert refusal(f"{MINIMAL}{SETTLEMENT}{line}\n").startswith(f"paygate.toml:{message}")


def test_a_mapping_of_too_few_columns_is_refused_with_what_it_needs() -> None:
    message = refusal(MINIMAL + SETTLEMENT.replace(', paid_at = "Lúc"', ""))
    assert message == (
        "paygate.toml:16: mappings.doi-soat.columns: columns of a settlement table must say where settled_on or paid_at"
        " stands"
    )


def test_a_misspelt_key_of_a_due_statement_is_refused_with_its_keys() -> None:
    message = refusal(MINIMAL.replace("bank =", "statement_due = { dasy = 1 }\nbank =", 1))
    assert "accounts.0011001234567.statement_due.dasy is not a key (did you mean 'days'?)" in message


def test_what_is_not_said_to_be_kept_for_a_time_is_kept_for_ever() -> None:
    retention = load("[retention]\nfeed = 24\n").retention
    assert (retention.feed, retention.notice_bodies) == (24, 0)


def test_single_days_of_the_calendar_are_read() -> None:
    calendar = load("[calendar]\ndays_off = [2026-01-02]\nworking_days = [2026-01-10]\n").calendar
    assert (calendar.days_off, calendar.working_days) == ({date(2026, 1, 2)}, {date(2026, 1, 10)})


def test_an_unknown_leg_is_refused_with_its_line() -> None:
    assert refusal(MINIMAL.replace("bank = 1", "banc = 1")).startswith("paygate.toml:13: sources.hd-dvcqg.legs.banc: ")


def test_a_wrong_type_is_refused_with_its_line() -> None:
    assert refusal('port = "many"\n').startswith("paygate.toml:1: port: ")


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    assert "line 1" in refusal("port = = 1\n")


def test_an_unknown_tenant_is_named_with_those_that_exist() -> None:
    message = refusal(MINIMAL.replace('tenant = "haiduong"\nbank', 'tenant = "haidoung"\nbank'))
    assert "paygate.toml:6: accounts.0011001234567.tenant: there is no tenant 'haidoung'; there is haiduong" in message


def test_an_unknown_account_is_named_with_those_that_exist() -> None:
    message = refusal(MINIMAL.replace('account = "0011001234567"', 'account = "1"'))
    assert "paygate.toml:12: sources.hd-dvcqg.account: there is no account '1'; there is 0011001234567" in message


def test_a_source_may_not_use_the_account_of_another_tenant() -> None:
    other = '[tenants.hanoi]\nname = "Hà Nội"\nagency = "H26"\n'
    message = refusal(MINIMAL.replace('tenant = "haiduong"\nadapter', 'tenant = "hanoi"\nadapter') + other)
    assert "paygate.toml:12: sources.hd-dvcqg.account belongs to another tenant" in message


def test_a_source_that_expects_the_bank_names_its_account() -> None:
    message = refusal(MINIMAL.replace('account = "0011001234567"\n', ""))
    assert message == "paygate.toml:12: sources.hd-dvcqg expects the bank leg but names no account"


@pytest.mark.parametrize(("kind", "leg"), [("gateway", "settlement"), ("treasury", "treasury")])
def test_a_source_may_not_expect_the_bank_on_an_account_that_tells_of_another_leg(kind: str, leg: str) -> None:
    assert refusal(MINIMAL.replace("bank =", f'kind = "{kind}"\nbank =', 1)) == (
        "paygate.toml:14: sources.hd-dvcqg expects the bank leg, but its account '0011001234567' is of kind"
        f" '{kind}': its lines tell of the {leg} leg"
    )


def test_a_source_that_expects_no_bank_may_be_settled_on_an_account_of_a_gateway() -> None:
    text = MINIMAL.replace("bank =", 'kind = "gateway"\nbank =', 1).replace(", bank = 1", ", settlement = 1")
    assert Leg.BANK not in load(text).sources["hd-dvcqg"].legs


def test_a_time_zone_that_does_not_exist_is_refused_with_its_line() -> None:
    message = refusal(MINIMAL.replace('agency = "H23"', 'agency = "H23"\ntimezone = "Asia/Hai_Duong"'))
    assert message == "paygate.toml:4: tenants.haiduong.timezone: there is no time zone 'Asia/Hai_Duong'"


ENDPOINT = """
[endpoints.mot-cua]
tenant = "haiduong"
url = "https://mot-cua.haiduong.gov.vn/paygate"
secrets = ["env:HD_MOT_CUA_SECRET"]
"""


def test_an_endpoint_is_told_everything_unless_it_says_what() -> None:
    assert load(MINIMAL + ENDPOINT).endpoints["mot-cua"].types == ("*",)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("secrets =", "secrt =", "paygate.toml:18: endpoints.mot-cua.secrt is not a key (did you mean 'secrets'?)"),
        ('["env:HD_MOT_CUA_SECRET"]', "[]", "paygate.toml:18: endpoints.mot-cua.secrets: "),
        ("secrets", 'types = ["payment.pad"]\nsecrets', "there is no type 'payment.pad'; there is payment.paid, "),
        ('tenant = "haiduong"\nurl', 'tenant = "hanoi"\nurl', "endpoints.mot-cua.tenant: there is no tenant 'hanoi'"),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_refused_by_its_name(right: str, wrong: str, said: str) -> None:
    assert said in refusal(MINIMAL + ENDPOINT.replace(right, wrong))


def test_what_may_be_asked_is_listed_in_networks_addresses_and_names() -> None:
    listed = ("10.1.2.0/24", "10.1.3.7", "lgsp.haiduong.gov.vn")
    assert load(f"egress_allowed = {list(listed)}\n").egress_allowed == listed


def test_an_entry_of_what_may_be_asked_that_cannot_be_read_is_refused_with_its_line() -> None:
    assert refusal('egress_allowed = ["10.1.2.3/24"]\n').startswith(
        "paygate.toml:1: egress_allowed: 10.1.2.3/24 has host"
    )


def test_the_settings_cannot_be_changed_once_read() -> None:
    settings = load(MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HD_SECRET", "bí mật")
    assert resolve_secret("env:HD_SECRET") == "bí mật".encode()


def test_a_secret_is_read_from_a_file_without_the_line_end() -> None:
    Path("secret").write_bytes(b"s3cret\n")
    assert resolve_secret("file:secret") == b"s3cret"


@pytest.mark.parametrize("reference", ["env:HD_NOT_SET", "file:not-there", "file:."])
def test_a_secret_that_is_not_there_is_named(reference: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^secret {reference}"):
        resolve_secret(reference)


def test_an_empty_secret_is_refused() -> None:
    Path("secret").write_bytes(b"\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        resolve_secret("file:secret")


@pytest.mark.parametrize("literal", ["s3cret", "", "env:", "file:", "vault:s3cret"])
def test_a_secret_written_into_the_configuration_is_refused_and_not_repeated(literal: str) -> None:
    with pytest.raises(ConfigurationError, match="never written into the configuration") as caught:
        resolve_secret(literal)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (["tenants", "haiduong", "agency"], 3),
        (["accounts", "0011001234567", "bank"], 7),
        (["sources", "hd-dvcqg", "legs", "bank"], 13),
        (["sources", "hd-dvcqg", "missing"], 9),
        (["mappings"], None),
    ],
)
def test_a_key_is_found_on_its_line(where: list[str], line: int | None) -> None:
    assert line_of(MINIMAL, where) == line


def test_the_example_is_a_configuration_that_can_be_used() -> None:
    settings = load_settings(EXAMPLE)
    assert {source.adapter for source in settings.sources.values()} == ADAPTERS.keys()
    for source in settings.sources.values():
        build(source.adapter, [EXAMPLES[source.adapter].keys.live.verifies], source.options)
    for mapping in settings.mappings.values():
        TableMapping(**mapping.model_dump())


def test_every_key_of_the_example_is_explained_on_its_line() -> None:
    keys = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if re.match(r"(# )?\w+ = ", line)]
    assert keys
    assert not [line for line in keys if "  # " not in line]
