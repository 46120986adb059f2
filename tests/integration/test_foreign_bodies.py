"""Every form of the desk with something of another tenant's put into each of its fields: refused, and nothing done."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any, Final

from aiohttp import FormData

from paygate.access import Role
from paygate.database import Connection, connect
from tests.desk import Visitor, a_person
from tests.desk_cases import field, number_of, path_of
from tests.desk_pages import addresses_of
from tests.province import a_province
from tests.who_may import read_table

MARK: Final = "OF-HAIPHONG"
BEYOND: Final = 1_000_000
"""What the numbers of the other tenant's things are above those they are copied from."""
NUMBERED: Final = {
    "payment": ("payment_id",),
    "statement_line": ("line_id", "statement_id"),
    "statement": ("statement_id",),
    "match": ("match_id", "payment_id", "fact_id"),
    "discrepancy": ("discrepancy_id", "payment_id", "line_id"),
    "discrepancy_event": ("discrepancy_id", "event_id"),
    "proposal": ("proposal_id", "discrepancy_id"),
    "notice": ("notice_id",),
    "procedure_record": (),
}
"""What of one tenant is copied for another, and the columns that hold numbers of such."""
NAMES_NOTHING: Final = re.compile(
    r"csrf|once|step|language|next|rules|file|col-.*|.*_containing|header_.*|debits_negative"
)
NAMING: Final = {"id", "to", "agency", "agencies"}
"""Fields that name something, and nothing else: what is not there cannot stand in them."""
UPLOADS: Final = {
    "/desk/{tenant}/rules/new",
    "/desk/{tenant}/discrepancies/{id}/evidence",
    "/desk/{tenant}/imports",
    "/desk/{tenant}/mappings",
}
"""Pages whose form carries a file."""
FORMS: Final = 15
LEAVING: Final = re.compile(r"/sign-out|/account|/language")


class Forms(HTMLParser):
    """Gathers the forms of a page that act: where each is sent, and the fields it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._open: dict[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method", "").lower() == "post":
            self._open = {}
            self.found.append((said.get("action", ""), self._open))
        elif tag in {"input", "select", "textarea", "button"} and self._open is not None and said.get("name"):
            self._open.setdefault(said["name"], said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


async def copy_for_another(connection: Connection) -> dict[str, str]:
    """Give haiphong what haiduong has, under other numbers; return one of each by what it is."""
    ours, theirs = [
        await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", code)
        for code in ("haiduong", "haiphong")
    ]
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table, numbered in NUMBERED.items():
            columns = await connection.fetch(
                "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1"
                " AND table_schema = 'public' AND is_generated = 'NEVER' ORDER BY ordinal_position",
                table,
            )
            names = [row["name"] for row in columns]
            values = ", ".join(_copied(name, numbered, theirs) for name in names)
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
                f" SELECT {values} FROM {table} WHERE tenant_id = $1",
                ours,
            )
        await connection.execute("UPDATE payment SET reference = $2 || payment_id WHERE tenant_id = $1", theirs, MARK)
    found = {
        table: str(await connection.fetchval(f"SELECT min({numbered[0]}) FROM {table} WHERE tenant_id = $1", theirs))
        for table, numbered in NUMBERED.items()
        if numbered and table != "proposal"
    }
    assert all(one.isdigit() and int(one) > BEYOND for one in found.values()), found
    return found


def _copied(name: str, numbered: Sequence[str], tenant_id: int) -> str:
    if name == "tenant_id":
        return str(tenant_id)
    return f"{name} + {BEYOND}" if name in numbered else name


async def all_of(connection: Connection, tenant: str) -> Mapping[str, str]:
    """Return a digest of all that is stored of a tenant, by table."""
    tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", tenant)
    tables = await connection.fetch(
        "SELECT c.table_name AS name FROM information_schema.columns AS c JOIN information_schema.tables AS t"
        " USING (table_schema, table_name) WHERE c.column_name = 'tenant_id' AND table_schema = 'public'"
        " AND t.table_type = 'BASE TABLE'"
    )
    return {
        row["name"]: await connection.fetchval(
            f"SELECT count(*) || ' ' || coalesce(md5(string_agg(x::text, ',' ORDER BY x::text)), '')"
            f" FROM {row['name']} AS x WHERE tenant_id = $1",
            tenant_id,
        )
        for row in tables
    }


def route_of(path: str) -> str | None:
    """Return the line of the table that a form is sent to."""
    for line in read_table().values():
        pattern = re.sub(r"\{\w+\}", r"[^/]+", line.path)
        if line.method == "POST" and re.fullmatch(pattern, path.partition("?")[0]):
            return line.path
    return None


async def forms_of(visitor: Visitor) -> dict[tuple[str, frozenset[str]], tuple[str, dict[str, str]]]:
    """Return a form of each kind that the desk shows: where it is sent, and its fields."""
    found: dict[tuple[str, frozenset[str]], tuple[str, dict[str, str]]] = {}
    for page in await addresses_of(visitor):
        _, text = await visitor.get(page)
        for action, fields in Forms(text).found:
            path = action or page
            route = route_of(path)
            if route is not None and not LEAVING.search(route):
                found.setdefault((route, frozenset(fields)), (path, fields))
    return found


def altered(fields: Mapping[str, str], theirs: Mapping[str, str], person: str) -> Iterator[tuple[str, str]]:
    for name in (one for one in sorted(fields) if not NAMES_NOTHING.fullmatch(one)):
        for value in (*theirs.values(), person):
            yield name, value


async def sent(visitor: Visitor, path: str, fields: Mapping[str, Any]) -> tuple[int, str]:
    """Send a form as the page would, and look at the answer alone."""
    visitor.hidden = {}
    if route_of(path) not in UPLOADS:
        return await visitor.post(path, fields, allow_redirects=False)
    return await visitor.send(path, FormData({**fields, "file": ""}, default_to_multipart=True))


async def token_of(visitor: Visitor) -> dict[str, str]:
    await visitor.get("/account")
    return {"csrf": visitor.hidden["csrf"]}


async def test_what_another_tenant_has_is_in_no_field_of_a_form_something_to_act_on(province_url: str) -> None:
    async with (
        connect(province_url) as connection,
        a_province(province_url, role="all") as served,
        Visitor(served) as visitor,
    ):
        await visitor.sign_in(await a_person(served, *Role))
        person = await a_person(served, Role.OFFICER, tenant="haiphong", name="chi-hai-phong")
        forms = await forms_of(visitor)
        assert len(forms) > FORMS
        theirs = await copy_for_another(connection)
        before, csrf, number = await all_of(connection, "haiphong"), await token_of(visitor), 0
        for path, fields in forms.values():
            for name, value in altered(fields, theirs, person):
                number += 1
                status, text = await sent(
                    visitor, path, {**csrf, **fields, name: value, **csrf, "once": f"{number:030}"}
                )
                assert status < 500, (path, name, value)
                assert MARK not in text, (path, name, value)
                assert name not in NAMING or status in {400, 403, 404, 409, 422}, (path, name, value, status)
        assert await all_of(connection, "haiphong") == before


async def test_what_another_tenant_has_is_neither_proposed_nor_chosen(province_url: str) -> None:
    async with connect(province_url) as connection, a_province(province_url) as served, Visitor(served) as visitor:
        await visitor.sign_in(await a_person(served, *Role))
        unlinked, matched = await number_of(served, "ambiguous"), await number_of(served, "overpaid")
        theirs = await copy_for_another(connection)
        before, csrf = await all_of(connection, "haiphong"), await token_of(visitor)
        payment, line, match = theirs["payment"], theirs["statement_line"], theirs["match"]
        for case, kind, fields, fault in (
            (unlinked, "link", {"payment": payment, "line": line}, 'href="#f-payment"'),
            (matched, "split", {"match": match}, "Chọn lần ghép cần tách"),
        ):
            version = await field(visitor, path_of(case))
            for step in ("check", "send"):
                form = {**csrf, **fields, "version": version, "reason": "x", "step": step, "once": f"{kind}{step:o>25}"}
                status, text = await sent(visitor, path_of(case, f"/propose/{kind}"), form)
                assert (status, fault in text, MARK in text) == (422, True, False), (kind, step)
        for path, fields in (
            ("discrepancies/acts", {"once": "o" * 30, "act": "propose", "list": "", "id": theirs["discrepancy"]}),
            ("notices/replays", {"once": "n" * 30, "which": "ticked", "notice": theirs["notice"], "back": ""}),
        ):
            assert (await sent(visitor, f"/desk/haiduong/{path}", {**csrf, **fields}))[0] == 303
        kept = [row["content"] for row in await connection.fetch("SELECT content::text FROM selection")]
        assert not [one for one in kept if theirs["notice"] in one or theirs["discrepancy"] in one]
        assert await served.fetchval("SELECT count(*) FROM proposal") == 0
        assert await all_of(connection, "haiphong") == before
