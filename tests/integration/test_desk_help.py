"""The help: in one place, linked from every page, naming whom to ask."""

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
