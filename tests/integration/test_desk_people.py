"""People and tokens, as administrators look after them over HTTP."""

import html
import re

import pytest

from paygate import people
from paygate.access import Role
from paygate.database import Database
from tests.desk import Visitor, a_person
from tests.province import a_province
from tests.served import Served, a_service
from tests.worlds import lay_tenant

PEOPLE = "/desk/haiduong/people"
SECRET = re.compile(r'id="secret" class="secret">([^<]+)<')


async def an_admin(served: Served, visitor: Visitor) -> str:
    name = await a_person(served, Role.ADMIN)
    assert await visitor.sign_in(name) == 200
    return name


async def number_of(served: Served, name: str) -> int:
    return int(await served.fetchval("SELECT person_id FROM person WHERE name = $1", name))


async def sent(visitor: Visitor, page: str, path: str, **fields: object) -> tuple[int, str]:
    """Load a page and send a form of it."""
    assert (await visitor.get(page))[0] == 200
    return await visitor.post(path, fields)


async def test_a_person_is_added_with_a_password_that_is_shown_once_and_kept_nowhere(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin, Visitor(served) as lan:
        await an_admin(served, admin)
        fields = {"name": "lan.nguyen", "full_name": "Nguyễn Thị Lan", "role": ["officer"], "agencies": ""}
        assert (await admin.get(f"{PEOPLE}/new"))[0] == 200
        again = {**admin.hidden, **fields}
        status, text = await admin.post(f"{PEOPLE}/new", fields)
        found = SECRET.search(text)
        assert (status, bool(found)) == (200, True)
        password = found[1] if found else ""
        status, text = await admin.post(f"{PEOPLE}/new", again)
        assert (status, password in text, "Nguyễn Thị Lan" in text) == (200, False, True)
        assert await lan.sign_in("lan.nguyen", password) == 200
        assert await served.fetchval(
            "SELECT temporary FROM credential JOIN person USING (person_id) WHERE name = $1", "lan.nguyen"
        )
        for table in ("form_reply", "desk_session", "audit_entry", "credential"):
            assert not await served.fetchval(
                f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE $1", f"%{password}%"
            )


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": "", "role": ["officer"]}, "Tên có từ"),
        ({"name": "has space", "role": ["officer"]}, "Tên có từ"),
        ({"name": "<script>", "role": ["officer"]}, "Tên có từ"),
        ({"name": "lan", "role": []}, "Hãy chọn vai trò"),
        ({"name": "lan", "role": ["king"]}, "Hãy chọn vai trò"),
        ({"name": "lan", "role": ["officer"], "agencies": "'; DROP"}, "Mã đơn vị"),
        ({"name": "lan", "role": ["officer"], "full_name": "x" * 101}, "Họ tên dài"),
    ],
)
async def test_a_form_with_faults_is_shown_again_as_it_was_typed(
    database_url: str, fields: dict[str, object], fault: str
) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin:
        await an_admin(served, admin)
        status, text = await sent(admin, f"{PEOPLE}/new", f"{PEOPLE}/new", **{"agencies": "H23.14", **fields})
        assert (status, fault in text) == (422, True)
        assert "<script>" not in text.partition("<main")[2]
        assert not await served.fetchval("SELECT count(*) FROM person WHERE name = 'lan'")


async def test_who_is_disabled_is_out_at_once_and_their_token_opens_nothing(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin, Visitor(served) as officer:
        await an_admin(served, admin)
        name = await a_person(served, Role.OFFICER)
        number = await number_of(served, name)
        assert await officer.sign_in(name) == 200
        _, text = await sent(admin, f"{PEOPLE}/{number}", f"{PEOPLE}/{number}/token", role="officer")
        found = SECRET.search(text)
        assert found
        bearer = {"Authorization": f"Bearer {found[1]}"}
        route = served.url + "/v1/discrepancies"
        async with served.session.get(route, headers=bearer) as reply:
            assert reply.status == 200
        await sent(admin, f"{PEOPLE}/{number}", f"{PEOPLE}/{number}/disable")
        await officer.get("/desk/haiduong")
        assert officer.url.startswith("/sign-in")
        async with served.session.get(route, headers=bearer) as reply:
            assert reply.status == 401
        await sent(admin, f"{PEOPLE}/{number}", f"{PEOPLE}/{number}/enable")
        async with served.session.get(route, headers=bearer) as reply:
            assert reply.status == 200
        assert await officer.sign_in(name) == 200
        assert await served.fetchval("SELECT used_at IS NOT NULL FROM api_token WHERE issued_by IS NOT NULL")


async def test_a_revoked_token_opens_nothing_and_is_listed_as_revoked(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin:
        await an_admin(served, admin)
        headers = await served.token("haiduong", Role.SERVICE)
        token = await served.fetchval("SELECT max(token_id) FROM api_token")
        status, text = await sent(admin, f"{PEOPLE}/tokens", f"{PEOPLE}/tokens/{token}/revoke")
        assert (status, "Thu hồi lúc" in text) == (200, True)
        async with served.session.get(served.url + "/v1/events", headers=headers) as reply:
            assert reply.status == 401
        acts = await served.fetchval("SELECT array_agg(act) FROM audit_entry")
        assert acts == ["token_revoked"]


async def test_roles_and_agencies_change_and_the_chain_tells_before_and_after(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin:
        await an_admin(served, admin)
        name = await a_person(served, Role.OFFICER)
        number = await number_of(served, name)
        fields = {"role": ["approver", "auditor"], "agencies": "000.01.12.H23, 000.02.12.H23", "anyway": "1"}
        status, text = await sent(admin, f"{PEOPLE}/{number}", f"{PEOPLE}/{number}", **fields)
        assert (status, "000.01.12.H23 000.02.12.H23" in text) == (200, True)
        roles = await served.fetchval(
            "SELECT array_agg(role ORDER BY role) FROM person_role WHERE person_id = $1", number
        )
        assert roles == ["approver", "auditor"]
        told = await served.fetchval("SELECT detail #>> '{before,roles}' FROM audit_entry WHERE act = 'person_changed'")
        assert told == '["officer"]'


async def limits_of(served: Served, number: int) -> list[str]:
    query = "SELECT coalesce(array_agg(agency_code ORDER BY agency_code), '{}') FROM person_agency WHERE person_id = $1"
    found: list[str] = await served.fetchval(query, number)
    return found


async def test_agencies_are_ticked_by_name_and_a_code_that_no_dossier_names_is_asked_after(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as admin:
        await an_admin(served, admin)
        number = await number_of(served, await a_person(served, Role.OFFICER))
        code, name = await served.fetchval("SELECT (min(agency_code), min(agency_name)) FROM procedure_record")
        page = f"{PEOPLE}/{number}"
        _, text = await admin.get(page)
        assert f'value="{code}" id="f-agency-{code}">' in text
        assert html.escape(name) in text
        status, text = await sent(admin, page, page, role="officer", agency=code, agencies="000.99.12.H23")
        assert (status, "Chưa có hồ sơ nào của 000.99.12.H23" in text, 'name="anyway"' in text) == (422, True, True)
        assert f'value="{code}" id="f-agency-{code}" checked>' in text
        assert await limits_of(served, number) == []
        fields = {"role": "officer", "agency": code, "agencies": "000.99.12.H23", "anyway": "1"}
        assert (await admin.post(page, fields))[0] == 200
        assert await limits_of(served, number) == sorted([code, "000.99.12.H23"])
        _, text = await admin.get(page)
        assert f'value="{code}" id="f-agency-{code}" checked>' in text
        assert 'value="000.99.12.H23"' in text
        assert (await sent(admin, page, page, role="officer", agency=code, agencies="000.99.12.H23"))[0] == 200
        assert html.escape(name) in (await admin.get(PEOPLE))[1]
        assert (await sent(admin, page, page, role="officer", agencies=""))[0] == 200
        assert await limits_of(served, number) == []


async def test_agencies_of_many_dossiers_are_found_by_an_index(database: Database) -> None:
    async with database.transaction() as connection:
        tenant_id = await lay_tenant(connection, "haiduong")
        await connection.execute(
            """INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code,
                   procedure_name, agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
               SELECT $1, 'D' || n, 'D' || n, 1, 'p', 'P', 'A' || n % 30, 'Đơn vị ' || n % 30, 'done', false, 0, 0, ''
               FROM generate_series(1, 20000) AS n""",
            tenant_id,
        )
    async with database.connection() as connection:
        await connection.execute("ANALYZE procedure_record")
        found = await people.list_agencies(connection, tenant_id)
        assert (len(found), found["A7"]) == (30, "Đơn vị 7")
        plan = await connection.fetch("EXPLAIN " + people.QUERIES["list_agencies"], tenant_id, 1000)
        assert not [row[0] for row in plan if "Seq Scan" in row[0]]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("", {"role": ["officer"], "agencies": ""}),
        ("", {"role": ["admin"], "agencies": "000.01.12.H23", "anyway": "1"}),
        ("/disable", {}),
    ],
)
async def test_the_last_administrator_stays_one(database_url: str, path: str, fields: dict[str, object]) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin:
        name = await an_admin(served, admin)
        await a_person(served, Role.ADMIN, agencies=["000.02.12.H23"])
        number = await number_of(served, name)
        status, _ = await sent(admin, f"{PEOPLE}/{number}", f"{PEOPLE}/{number}{path}", **fields)
        assert status == 409
        assert (await admin.get(PEOPLE))[0] == 200
        assert not await served.fetchval("SELECT count(*) FROM audit_entry")
        await a_person(served, Role.ADMIN)
        status, _ = await sent(admin, f"{PEOPLE}/{number}", f"{PEOPLE}/{number}{path}", **fields)
        assert status in {200, 403}
        assert await served.fetchval("SELECT count(*) FROM audit_entry") == 1


async def test_an_administrator_sees_and_changes_only_what_people_may_do_in_their_tenant(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin, Visitor(served) as both:
        await an_admin(served, admin)
        await a_person(served, Role.APPROVER, tenant="haiphong", name="chi.haiphong")
        elsewhere = await number_of(served, "chi.haiphong")
        for below in ("", "/disable", "/enable", "/password", "/token"):
            await admin.get(f"{PEOPLE}/new")
            assert (await admin.post(f"{PEOPLE}/{elsewhere}{below}", {"role": "approver", "agencies": ""}))[0] == 404
        assert (await admin.get(f"{PEOPLE}/{elsewhere}"))[0] == 404
        assert "chi.haiphong" not in (await admin.get(PEOPLE))[1]
        assert (await admin.get("/desk/haiphong/people"))[0] == 404

        # Let in here too, they keep their password and their part there, whatever is done to them here.
        status, text = await sent(
            admin, f"{PEOPLE}/new", f"{PEOPLE}/new", name="chi.haiphong", role="officer", agencies=""
        )
        assert (status, SECRET.search(text)) == (200, None)
        assert await both.sign_in("chi.haiphong") == 200
        assert "Hải Phòng" not in (await admin.get(f"{PEOPLE}/{elsewhere}"))[1]
        assert (await admin.post(f"{PEOPLE}/{elsewhere}/password"))[0] == 403
        await sent(admin, f"{PEOPLE}/{elsewhere}", f"{PEOPLE}/{elsewhere}/disable")
        assert (await both.get("/desk/haiphong"))[0] == 200
        assert (await both.get("/desk/haiduong"))[0] == 404


async def test_a_token_of_another_tenant_is_not_there(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin:
        await an_admin(served, admin)
        headers = await served.token("haiphong", Role.AUDITOR)
        token = await served.fetchval("SELECT max(token_id) FROM api_token")
        assert (await sent(admin, f"{PEOPLE}/tokens", f"{PEOPLE}/tokens/{token}/revoke"))[0] == 404
        async with served.session.get(served.url + "/v1/events", headers=headers) as reply:
            assert reply.status == 200


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN}))
async def test_only_administrators_of_the_whole_tenant_look_after_people(database_url: str, role: Role) -> None:
    async with a_service(database_url) as served, Visitor(served) as other, Visitor(served) as limited:
        assert await other.sign_in(await a_person(served, role)) in {200, 403}
        assert await limited.sign_in(await a_person(served, Role.ADMIN, agencies=["000.01.12.H23"])) == 200
        number = await number_of(served, await a_person(served, Role.OFFICER))
        for visitor in (other, limited):
            for path in (PEOPLE, f"{PEOPLE}/tokens", f"{PEOPLE}/new", f"{PEOPLE}/{number}"):
                assert (await visitor.get(path))[0] == 403
            assert (await visitor.post(f"{PEOPLE}/{number}/disable"))[0] == 403


async def test_the_list_goes_on_from_page_to_page_without_losing_anyone(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin:
        await an_admin(served, admin)
        await served.fetchval(
            "WITH made AS (INSERT INTO person (name) SELECT format('p%s', lpad(i::text, 3, '0')) FROM"
            " generate_series(1, 120) AS i RETURNING person_id), role AS (INSERT INTO person_role SELECT person_id,"
            " (SELECT tenant_id FROM tenant WHERE code = 'haiduong'), 'officer' FROM made) SELECT count(*) FROM made"
        )
        seen, path = [], PEOPLE
        while path:
            _, text = await admin.get(path)
            seen += re.findall(r">(p\d{3})<", text)
            following = re.search(r'href="([^"]+\?after=[^"]+)"', text)
            path = following[1] if following else ""
        assert seen == [f"p{number:03}" for number in range(1, 121)]
