"""What is configured, as it is shown at the desk, and how it stands."""

import os
import re
from pathlib import Path

import pytest

from paygate.access import Role
from paygate.database import Database
from reconciliation.desk.standing import QUERIES
from tests.desk import Visitor, a_person
from tests.province import a_province
from tests.served import DVCQG_OPTIONS, Served, a_service

SETTINGS = "/desk/haiduong/settings"


async def an_operator(served: Served, visitor: Visitor) -> None:
    assert await visitor.sign_in(await a_person(served, Role.OPERATOR)) in {200, 403}


async def test_sources_show_what_came_of_them_and_never_their_secrets(database_url: str, tmp_path: Path) -> None:
    secret = tmp_path / "portal.secret"
    secret.write_text("nobody may read this", encoding="utf-8")
    os.utime(secret, (1_600_000_000, 1_600_000_000))
    source = {
        "tenant": "haiduong",
        "adapter": "dvcqg",
        "account": "001",
        "legs": {"payment": 0, "bank": 1},
        **DVCQG_OPTIONS,
    }
    there = {"tenant": "haiphong", "account": None, "legs": {}, "secrets": ["env:PAYGATE_TEST_SECRET"]}
    sources = {
        "hd-dvcqg": {**source, "secrets": [f"file:{secret}", "env:PAYGATE_TEST_SECRET"], "silent_hours": 8},
        "hp-dvcqg": {**source, **there},
    }
    async with a_service(database_url, sources=sources) as served, Visitor(served) as operator:
        await an_operator(served, operator)
        status, text = await operator.get(SETTINGS)
        assert status == 200
        assert re.search(r"tệp [\d.]+ ngày", text)
        assert "không rõ tuổi" in text
        for hidden in ("nobody may read", str(secret), "PAYGATE_TEST_SECRET", "hp-dvcqg"):
            assert hidden not in text
        assert "chưa có sao kê" in text


async def test_notices_of_the_last_day_are_counted_by_what_became_of_them(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as operator:
        await an_operator(served, operator)
        _, text = await operator.get(SETTINGS)
        assert re.search(r"\d+ đã áp dụng", text)


async def test_endpoints_show_their_host_alone_and_what_was_not_delivered(database_url: str) -> None:
    endpoint = {
        "tenant": "haiduong",
        "url": "https://hooks.example.vn/very-secret-path",
        "secrets": ["env:PAYGATE_TEST_WEBHOOK"],
    }
    os.environ["PAYGATE_TEST_WEBHOOK"] = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    async with a_service(database_url, endpoints={"one-stop": endpoint}) as served, Visitor(served) as operator:
        query = "INSERT INTO endpoint (tenant_id, name, sequence) SELECT tenant_id, 'one-stop', 0 FROM tenant"
        await served.fetchval(f"{query} WHERE code = 'haiduong' RETURNING 1")
        await an_operator(served, operator)
        _, text = await operator.get(SETTINGS)
        assert "hooks.example.vn" in text
        assert "very-secret-path" not in text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.APPROVER, Role.SERVICE])
async def test_settings_are_for_operators_auditors_and_administrators(database_url: str, role: Role) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await visitor.sign_in(await a_person(served, role))
        for path in (SETTINGS, f"{SETTINGS}/calendar"):
            assert (await visitor.get(path))[0] == 403
            assert (await visitor.get(path.replace("haiduong", "haiphong")))[0] == 404


async def test_the_calendar_names_holidays_and_what_the_configuration_swaps(database_url: str) -> None:
    swapped = {"days_off": ["2024-05-10"], "working_days": ["2024-05-11"]}
    async with a_service(database_url, calendar=swapped) as served, Visitor(served) as operator:
        await an_operator(served, operator)
        status, text = await operator.get(f"{SETTINGS}/calendar?year=2024")
        assert status == 200
        for told in ("Tết Nguyên Đán", "Quốc khánh", "làm bù", "ngày nghỉ", "ngày làm việc", "theo tệp cấu hình"):
            assert told in text
        assert len(re.findall(r'<table class="month">', text)) == 12
        # 366 days, each once.
        assert len(re.findall(r"<td[^>]*>\d{1,2}</td>", text)) == 366
        for year in ("1999", "2100", "x", "", "²⁰²⁴"):
            assert (await operator.get(f"{SETTINGS}/calendar?year={year}"))[0] == 200


async def test_notices_of_a_day_are_found_by_their_arrival(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO tenant (code, name, agency_code, timezone) VALUES ('t', 't', 'H23', 'Asia/Ho_Chi_Minh');"
            "INSERT INTO source (tenant_id, code, adapter) SELECT tenant_id, 's', 'dvcqg' FROM tenant;"
            "INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id,"
            " received_at, state) SELECT tenant_id, source_id, decode(lpad(to_hex(i), 64, '0'), 'hex'),"
            " decode(lpad(to_hex(i), 64, '0'), 'hex'), 'POST', repeat('x', 500)::bytea, 0, 'r',"
            " now() - make_interval(mins => 30000 - i), 'applied' FROM source, generate_series(1, 30000) AS i;"
            "ANALYZE notice"
        )
        since = await connection.fetchval("SELECT now() - interval '1 day'")
        plan = await connection.fetch("EXPLAIN " + QUERIES["count_notices_since"], 1, since)
        assert not [row[0] for row in plan if "Seq Scan on notice" in row[0]]
