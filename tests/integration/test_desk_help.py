"""The help and the menu: in one place, on every page, for those who are signed in."""

from paygate.access import Role
from tests.desk import Visitor, a_person
from tests.served import a_service


async def test_every_page_leads_to_the_help_which_names_whom_to_ask(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await a_person(served, Role.ADMIN, name="quan.tri")
        await a_person(served, Role.OPERATOR, name="van.hanh")
        await a_person(served, Role.ADMIN, name="mot.don.vi", agencies=("H23.1",))
        await a_person(served, Role.ADMIN, name="noi.khac", tenant="haiphong")
        await served.token("haiduong", Role.ADMIN)
        await visitor.sign_in(await a_person(served, Role.AUDITOR))
        for path in ("/desk/haiduong", "/account"):
            assert 'href="/account/help"' in (await visitor.get(path))[1]
        status, page = await visitor.get("/account/help")
        assert status == 200
        assert "quan.tri</dd>" in page
        assert "van.hanh</dd>" in page
        assert "mot.don.vi" not in page
        assert "noi.khac" not in page
        await visitor.post("/language", {"language": "en", "next": "/account/help"})
        _, page = await visitor.get("/account/help")
        assert "Whom to ask" in page


MENU = 'href="/desk/haiduong/discrepancies"'


async def test_the_menu_stands_on_pages_of_the_person_and_where_something_is_refused(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor, Visitor(served) as stranger:
        await visitor.sign_in(await a_person(served, Role.OFFICER))
        for path, expected in (
            ("/account", 200),
            ("/account/help", 200),
            ("/desk/haiduong/people", 403),
            ("/desk/haiduong/discrepancies/77", 404),
            ("/desk/haiduong/nothing", 404),
            ("/desk/haiphong", 404),
            ("/account/nothing", 404),
        ):
            status, page = await visitor.get(path)
            assert (status, MENU in page, "Đăng xuất" in page) == (expected, True, True), path
            assert "/people" not in page
            _, page = await stranger.get(path)
            assert (MENU in page, "Đăng xuất" in page) == (False, False), path


async def test_who_has_several_tenants_finds_the_menu_of_the_one_they_come_from(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        name = await a_person(served, Role.OFFICER)
        await a_person(served, Role.OPERATOR, tenant="haiphong", name=name)
        await visitor.sign_in(name)
        for referer, seen in (
            ("", []),
            ("/desk/haiduong/reports", ["haiduong"]),
            ("/desk/haiphong/notices", ["haiphong"]),
            ("/desk/elsewhere/notices", []),
        ):
            _, page = await visitor.get("/account/help", headers={"Referer": f"{served.url}{referer}"})
            assert [one for one in ("haiduong", "haiphong") if f'href="/desk/{one}/notices"' in page] == seen
