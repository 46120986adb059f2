"""People at a served desk: signed in over HTTP as browsers do, without one."""

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Self

import aiohttp

from paygate.access import Role, add_person, limit_person
from paygate.credentials import hash_password, store_password
from paygate.database import connect
from tests.served import Served

PASSWORD: Final = "a password for tests"
_numbers = itertools.count(1)
_HIDDEN = re.compile(r'<input type="hidden" name="(csrf|once)" value="([^"]*)">')


@cache
def _hashed() -> str:
    """Hash the password that all of them have: dear on purpose, and so done once."""
    return hash_password(PASSWORD)


async def a_person(
    served: Served, *roles: Role, tenant: str = "haiduong", name: str = "", agencies: Sequence[str] = ()
) -> str:
    """Make a person who can sign in with `PASSWORD`, and return their name."""
    name = name or f"{tenant}-{'-'.join(roles)}-{next(_numbers)}"
    async with connect(served.database_url) as connection, connection.transaction():
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", tenant)
        for role in roles:
            person_id = await add_person(connection, name, role, tenant_id)
        await limit_person(connection, person_id, tenant_id, agencies)
        await store_password(connection, person_id, _hashed(), temporary=False)
    return name


class Visitor:
    """Someone at the desk without a browser: keeps cookies, and the hidden fields of the page last seen."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.hidden: dict[str, str] = {}
        self.url = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def sign_in(self, name: str, password: str = PASSWORD) -> int:
        status, _ = await self.post("/sign-in", {"name": name, "password": password})
        return status

    async def get(self, path: str, **options: Any) -> tuple[int, str]:
        """Load a page, following where it leads."""
        async with self.session.get(self.served.url + path, **options) as reply:
            return await self._seen(reply)

    async def post(self, path: str, fields: Mapping[str, Any] | None = None, **options: Any) -> tuple[int, str]:
        """Send a form of the page last seen, and follow where it leads."""
        data = [(name, one) for name, value in {**self.hidden, **(fields or {})}.items() for one in _several(value)]
        headers = {"Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        async with self.session.post(self.served.url + path, data=data, headers=headers, **options) as reply:
            return await self._seen(reply)

    async def send(self, path: str, body: Any, content_type: str | None = None) -> tuple[int, str]:
        """Send a body as it is, or a form with a file, and follow where it leads."""
        headers = {"Sec-Fetch-Site": "same-origin", **({"Content-Type": content_type} if content_type else {})}
        async with self.session.post(self.served.url + path, data=body, headers=headers) as reply:
            return await self._seen(reply)

    async def _seen(self, reply: aiohttp.ClientResponse) -> tuple[int, str]:
        text = await reply.text()
        self.hidden = dict(_HIDDEN.findall(text))
        self.url = reply.url.path_qs
        return reply.status, text


def _several(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
