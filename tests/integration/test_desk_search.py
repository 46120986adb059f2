"""The search and the dossier over HTTP: found by what people know, and only by those who may."""

import re
from datetime import date
from urllib.parse import quote

import pytest

from paygate.access import Role
from paygate.database import Connection, Database, connect
from paygate.domain.text import reference_key
from reconciliation.desk.search import QUERIES
from tests.desk import Visitor, a_person
from tests.outside_stories import STORIES
from tests.province import NUMBERS, a_province, code_of
from tests.served import Served

ROWS = 30_000
LARGE = re.compile(r"Seq Scan on (payment|payment_request|statement_line|procedure_record|match) ")


def the(story: str) -> str:
    return code_of(NUMBERS[story])


async def signed_in(visitor: Visitor, served: Served, *roles: Role, agencies: tuple[str, ...] = ()) -> None:
    await visitor.sign_in(await a_person(served, *roles, agencies=agencies))


async def test_each_thing_people_know_leads_straight_to_its_page(province_url: str) -> None:
    dossier = the("all_legs_agree")
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        number = await served.fetchval("SELECT payment_id FROM payment WHERE reference = $1", "TC11010000001")
        document = await served.fetchval("SELECT document FROM statement_line WHERE leg = 'receipt' AND document <> ''")
        for typed, page in (
            (dossier, f"/dossiers/{dossier}"),
            (dossier.lower().replace(".", " "), f"/dossiers/{dossier}"),
            (dossier[-9:], f"/dossiers/{dossier}"),
            ("tc 1101-0000001", f"/payments/{number}"),
            ("G11011", f"/payments/{number}"),
        ):
            status, _ = await visitor.get(f"/desk/haiduong/search?q={quote(typed)}")
            assert (status, visitor.url) == (200, f"/desk/haiduong{page}"), typed
        await visitor.get(f"/desk/haiduong/search?q={document}")
        assert "/payments/" in visitor.url


async def test_an_amount_and_a_day_list_what_tells_payments_apart(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        status, page = await visitor.get("/desk/haiduong/search?q=150.000+08/05/2024")
        assert status == 200
        assert "TC11010000001" in page
        assert the("paid_twice") in page
        made = re.findall(r'data-label="Thời gian">\d\d:\d\d ([\d/]+)<', page)
        assert made[0] == "08/05/2024"
        assert made == sorted(made, key=lambda day: day != "08/05/2024"), "what was paid on the day stands first"
        await visitor.get("/desk/haiduong/search?q=160000+08/05/2024")
        assert "/payments/" in visitor.url
        _, page = await visitor.get("/desk/haiduong/search?q=1234567+08/05/2024")
        assert "1.234.567" in page
        assert "08/05/2024" in page


async def test_a_bank_line_that_is_nobodys_leads_to_who_asks_whose_it_is(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        async with connect(province_url) as connection:
            line = await connection.fetchval(
                """INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence,
                       booked_on, amount, currency, bank_reference, reference, reference_key, narrative, counterparty)
                   SELECT tenant_id, account_id, statement_id, 99, '\\x00', 1, booked_on, 7, currency, 'FT24/130.777',
                       '', '', 'x', '' FROM statement_line LIMIT 1 RETURNING line_id"""
            )
            _, page = await visitor.get("/desk/haiduong/search?q=ft24130777")
            assert "FT24/130.777" in page, "nobody asks whose it is yet, so it is listed"
            await connection.execute(
                """INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due, line_id)
                   SELECT tenant_id, 'line:' || line_id, 'line:' || line_id, 'bank_unexpected', 7, booked_on, booked_on,
                       line_id FROM statement_line WHERE line_id = $1""",
                line,
            )
        await visitor.get("/desk/haiduong/search?q=ft24130777")
        assert "/discrepancies/" in visitor.url


async def test_dossiers_whose_records_never_came_are_listed_too(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        async with connect(province_url) as connection:
            await connection.execute(
                "UPDATE payment SET dossier_code = 'H9' || payment_id || '-240508-777777' WHERE payment_id IN "
                "(SELECT payment_id FROM payment ORDER BY payment_id LIMIT 2)"
            )
        _, page = await visitor.get("/desk/haiduong/search?q=508-777777")
        assert page.count("-240508-777777") >= 2
        assert "chưa về" in page


@pytest.mark.parametrize("typed", ["", "abc", "'); DROP TABLE payment; --", "\x00\x01", "%%%%%%%%", "_" * 400, "~" * 9])
async def test_what_finds_nothing_says_what_to_try(province_url: str, typed: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.AUDITOR)
        status, page = await visitor.get(f"/desk/haiduong/search?q={quote(typed)}")
        assert status == 200
        assert "H23-240508-0001" in page


async def test_every_story_is_answered_on_its_page_in_both_languages(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        said = {}
        for name in STORIES:
            status, page = await visitor.get(f"/desk/haiduong/dossiers/{the(name)}")
            assert status == 200, name
            said[name] = page
        await visitor.post("/language", {"language": "en", "next": "/"})
        _, english = await visitor.get(f"/desk/haiduong/dossiers/{the('paid_twice')}")
    assert "hồ sơ đã ghi nhận" in said["all_legs_agree"]
    assert "CHƯA ghi nhận" in said["the_dossier_still_asks_for_payment"]
    assert "NỘP TRÙNG" in said["paid_twice"]
    assert "CHƯA gửi bản ghi" in said["the_record_never_came"]
    assert "ĐÃ HOÀN" in said["withdrawn_and_refunded_in_full"]
    assert "Tiền CHƯA về" in said["no_bank_line"]
    assert "KHÔNG PHẢI NỘP" in said["exempt_with_nothing_due"]
    assert "Còn phải nộp 50.000" in said["less_than_is_due"]
    assert "1.500,00\xa0USD" in said["another_currency"]
    assert "S1101" in said["all_legs_agree"], "the receipt's number"
    assert "PAID TWICE" in english


async def test_a_payment_of_no_dossier_has_its_page(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor, Visitor(served) as limited:
        await signed_in(visitor, served, Role.OFFICER)
        await signed_in(limited, served, Role.OFFICER, agencies=("000.00.12.H23",))
        async with connect(province_url) as connection:
            number = await connection.fetchval(
                "UPDATE payment SET dossier_code = NULL WHERE reference = 'TC11920000001' RETURNING payment_id"
            )
        status, page = await visitor.get(f"/desk/haiduong/payments/{number}")
        assert status == 200
        assert "Chưa rõ nộp cho hồ sơ nào" in page
        assert (await limited.get(f"/desk/haiduong/payments/{number}"))[0] == 404, "it is no agency's"


async def test_a_registered_reference_under_which_nothing_came_is_found(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        headers = await served.token("haiduong", Role.SERVICE)
        wanted = {"tenant": "haiduong", "reference": "NEVERPAID01", "amount": 5, "source": "direct"}
        body = {**wanted, "dossier_code": "H23-240508-9999"}
        async with served.session.post(served.url + "/v1/payment-requests", json=body, headers=headers) as reply:
            assert reply.status == 201
        status, page = await visitor.get("/desk/haiduong/search?q=neverpaid01")
        assert (status, visitor.url) == (200, "/desk/haiduong/dossiers/H23-240508-9999")
        assert "NEVERPAID01" in page


async def test_other_agencies_things_do_not_exist(province_url: str) -> None:
    dossier = the("all_legs_agree")
    async with a_province(province_url) as served, Visitor(served) as limited, Visitor(served) as own:
        await signed_in(limited, served, Role.OFFICER, agencies=("H23.7",))
        await signed_in(own, served, Role.OFFICER, agencies=("000.00.12.H23",))
        number = await served.fetchval("SELECT payment_id FROM payment WHERE reference = $1", "TC11010000001")
        lone = await served.fetchval("SELECT payment_id FROM payment WHERE reference = $1", "TC11920000001")
        for path in (f"/dossiers/{dossier}", f"/payments/{number}"):
            assert (await limited.get(f"/desk/haiduong{path}"))[0] == 404
            assert (await own.get(f"/desk/haiduong{path}"))[0] == 200
        assert (await own.get(f"/desk/haiduong/payments/{lone}"))[0] == 200, "its dossier's code says whose it is"
        assert (await limited.get(f"/desk/haiduong/payments/{lone}"))[0] == 404
        for typed in (dossier, dossier[-9:], "TC11010000001", "G11011", "150000 08/05/2024"):
            _, page = await limited.get(f"/desk/haiduong/search?q={quote(typed)}")
            assert "/dossiers/" not in page + limited.url
            assert "/payments/" not in page + limited.url


async def test_another_tenants_things_do_not_exist(province_url: str) -> None:
    dossier = the("all_legs_agree")
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await visitor.sign_in(await a_person(served, Role.ADMIN, tenant="haiphong"))
        number = await served.fetchval("SELECT payment_id FROM payment WHERE reference = $1", "TC11010000001")
        for path in (
            f"/desk/haiduong/dossiers/{dossier}",
            f"/desk/haiphong/dossiers/{dossier}",
            f"/desk/haiphong/payments/{number}",
            "/desk/haiphong/payments/999999999999999999",
            "/desk/haiphong/payments/0",
            "/desk/haiphong/payments/x",
            "/desk/haiduong/search?q=TC11010000001",
        ):
            assert (await visitor.get(path))[0] == 404, path
        _, page = await visitor.get("/desk/haiphong/search?q=TC11010000001")
        assert "/payments/" not in page + visitor.url


async def test_operators_see_no_dossiers(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OPERATOR)
        assert (await visitor.get("/desk/haiduong/search?q=TC11010000001"))[0] == 403
        assert (await visitor.get(f"/desk/haiduong/dossiers/{the('paid_twice')}"))[0] == 403


async def test_what_outsiders_wrote_is_shown_as_text(province_url: str) -> None:
    attack = "<script>alert(1)</script>"
    dossier = the("all_legs_agree")
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        async with connect(province_url) as connection:
            await connection.execute("UPDATE statement_line SET narrative = $1, counterparty = $1", attack)
            await connection.execute("UPDATE statement_line SET document = $1 WHERE document <> ''", attack)
            await connection.execute("UPDATE procedure_record SET procedure_name = $1, agency_name = $1", attack)
            await connection.execute("UPDATE obligation SET name = $1", attack)
            await connection.execute("UPDATE payment SET transaction_id = $1 || payment_id", attack)
        for path in (f"dossiers/{dossier}", f"search?q={quote(attack)}", "search?q=150000+08/05/2024"):
            _, page = await visitor.get(f"/desk/haiduong/{path}")
            assert attack not in page
            assert "&lt;script&gt;" in page


async def filled(connection: Connection) -> None:
    """Lay in so many rows that no plan would read them all."""
    await connection.execute(
        "INSERT INTO tenant (code, name, agency_code, timezone) VALUES ('t', 't', 'H23', 'Asia/Ho_Chi_Minh')"
    )
    await connection.execute(
        """INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
               agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
           SELECT 1, 'H23-240508-' || n, 'H23240508' || n, 1, 'p', 'p', 'a', 'a', 'done', false, 1, 5, ''
           FROM generate_series(1, $1::integer) AS n""",
        ROWS,
    )
    await connection.execute(
        """INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state,
               outcome, amount, currency, occurred_at, business_date)
           SELECT 1, 1, 'R' || n, 'G' || n, 'R' || n, 'H23-240508-' || n, 'paid', 'paid', 1000 + n % 500, 'VND', now(),
               '2024-01-01'::date + n % 30 FROM generate_series(1, $1::integer) AS n""",
        ROWS,
    )
    await connection.execute(
        """INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on,
               amount, currency, bank_reference, reference, reference_key, narrative, counterparty, document)
           SELECT 1, 1, 1, n, n::text::bytea, 1, '2024-01-01'::date + n % 30, 1000 + n % 500, 'VND', 'FT' || n,
               'R' || n, 'R' || n, 'n', '', 'D' || n FROM generate_series(1, $1::integer) AS n""",
        ROWS,
    )
    await connection.execute(
        """INSERT INTO match (tenant_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)
           SELECT 1, 'bank', n, n, 1, 'exact', 'r', 0 FROM generate_series(1, $1::integer) AS n""",
        ROWS,
    )
    await connection.execute(
        """INSERT INTO payment_request (tenant_id, reference, dossier_code, amount, source_id)
           SELECT 1, 'R' || n, 'H23-240508-' || n, 5, 1 FROM generate_series(1, $1::integer) AS n""",
        ROWS,
    )
    await connection.execute("ANALYZE")


async def plan_of(connection: Connection, name: str, *arguments: object) -> str:
    """Return how the database would answer a query whose values it does not know beforehand."""
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    rows = await connection.fetch("EXPLAIN " + QUERIES[name], *arguments)
    return "\n".join(row[0] for row in rows)


async def test_every_search_goes_by_an_index(database: Database) -> None:
    day = date(2024, 1, 5)
    zone = "Asia/Ho_Chi_Minh"
    async with database.transaction() as connection:
        await filled(connection)
        for name, arguments in {
            "find_dossiers": (1, "H2324050812345", None, 51),
            "find_dossiers_without_record": (1, "H2324050812345", None, 51),
            "find_requests": (1, ["R12345"], None),
            "find_payments_by_code": (1, "R12345", 51),
            "find_lines_by_code": (1, "FT12345", 51),
            "find_payments_by_amount": (1, day, 1100, zone, None, 51),
            "find_lines_by_amount": (1, day, 1100, 51),
            "find_payments_of_lines": (1, [1, 2, 3], 51),
            "show_payments": (1, [1, 2, 3], None),
            "show_lines": (1, [1, 2, 3]),
        }.items():
            plan = await plan_of(connection, name, *arguments)
            assert not LARGE.search(plan), f"{name}\n{plan}"
        assert len(await connection.fetch(QUERIES["find_dossiers"], 1, reference_key("-12345"), None, 51)) == 1
