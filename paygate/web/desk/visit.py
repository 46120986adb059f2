"""One visit of a page: who comes, to which tenant, in which language, and how it is answered."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from paygate import sessions
from paygate.access import Role
from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import NotFoundError, PaygateError
from paygate.domain.parties import Tenant
from paygate.sessions import Session
from paygate.web.desk.forms import Form, new_once
from paygate.web.desk.navigation import WORKERS, places_for
from paygate.web.desk.pages import page
from paygate.web.desk.refusals import reason_of
from paygate.web.desk.words import Language, translations

QUERIES: Final = load_queries("paygate.sql", "queries/forms.sql")

SAFE: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
_OF_TENANT = re.compile(r"/desk/([^/]+)")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")

Done = tuple[str, str]
"""Where to go after an act, and what to say there."""


@dataclass(frozen=True, slots=True)
class DeskVisit:
    """A page that is asked for by someone who is signed in.

    `tenant` is None on pages of no tenant. `form` holds what was sent, its origin and token proven; empty on a GET.
    """

    request: web.Request
    session: Session
    language: Language
    database: Database
    tenants: tuple[Tenant, ...]
    current: Tenant | None
    form: Form = field(default_factory=lambda: Form(()))

    @property
    def tenant(self) -> Tenant:
        """Return the tenant the page is about.

        Raises:
            NotFoundError: the page is of none.
        """
        if self.current is None:
            raise NotFoundError("there is no such page")
        return self.current

    @property
    def home(self) -> Tenant | None:
        """Return the tenant whose parts the menu leads to: the page's, else the one come from, else the only one.

        None while the password is a temporary one: no part of the desk is open then.
        """
        if self.current is not None or self.session.must_change:
            return self.current
        known = {one.code: one for one in self.tenants}
        paths = (self.request.path, urlsplit(self.request.headers.get("Referer", "")).path)
        named = [found[1] for path in paths if (found := _OF_TENANT.match(path))]
        only = self.tenants[0] if len(self.tenants) == 1 else None
        return next((known[code] for code in named if code in known), only)

    @property
    def person(self) -> str:
        return self.session.person

    @property
    def agencies(self) -> list[str] | None:
        """Return the agencies whose things the person may see and change; None: all of the tenant's."""
        return self.session.caller.agencies(self.tenant.code)

    @property
    def zone(self) -> ZoneInfo:
        """Return where the clocks of the page stand: the tenant's, or that of the person's first."""
        known = (self.current, *self.tenants) if self.current else self.tenants
        return known[0].zone if known else ZoneInfo("UTC")

    def may(self, roles: frozenset[Role]) -> bool:
        """Tell whether the person has one of the roles here."""
        return bool(self.session.grants[self.tenant.code].roles & roles)

    def path(self, below: str = "") -> str:
        """Return the address of a page of this tenant."""
        return f"/desk/{self.tenant.code}{below}"

    def number(self, name: str) -> int:
        """Return the number a path names.

        Raises:
            NotFoundError: it is none of ours.
        """
        given = self.request.match_info[name]
        if not _NUMBER.fullmatch(given):
            raise NotFoundError("there is no such thing")
        return int(given)

    def say(self, message: str, **values: object) -> str:
        """Say something in the visitor's language."""
        said: str = translations(self.language).gettext(message)
        return said % values if values else said

    def reason(self, error: PaygateError | None) -> str:
        """Say in the visitor's language why something was refused or has failed; nothing where nothing has."""
        return "" if error is None else reason_of(error, self.language, self.zone)

    def render(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """Write a page with what every page shows."""
        home = self.home
        return page(
            template,
            self.language,
            status=status,
            visit=self,
            told=self.session.told,
            csrf=self.session.csrf_token,
            once=new_once(),
            lasts=max(int((self.session.ends_at - datetime.now(UTC)).total_seconds()), 0),
            zone=self.zone,
            home=home,
            seeks=home is not None and bool(self.session.grants[home.code].roles & WORKERS),
            places=places_for(self.session.caller, home.code) if home else (),
            here=page_of(self.request),
            **context,
        )

    async def once(self, act: Callable[[Connection], Awaitable[Done]]) -> web.Response:
        """Act on a form inside one transaction, unless it was acted on before, and go where the act says.

        Sent again, the form leads to the same place with the same words. An act that raises has done nothing, and its
        form may be sent again.

        Raises:
            InvalidInputError: the form is not one of ours; and whatever the act raises.
        """
        name = self.form.once
        async with self.database.transaction() as connection:
            if await connection.fetchval(QUERIES["take_form"], self.session.person_id, name):
                location, told = await act(connection)
                await connection.execute(QUERIES["answer_form"], self.session.person_id, name, location, told)
            else:
                row = await connection.fetchrow(QUERIES["read_form_reply"], self.session.person_id, name)
                if row is None:  # it was dropped between the two looks
                    raise NotFoundError("it was sent too long ago")
                location, told = row["location"], row["told"]
            await sessions.tell(connection, self.session.number, told)
        return see_other(location)

    async def repeated(self) -> web.Response | None:
        """Lead to where a form led that was acted on before; None: it was not.

        For forms that cannot be looked at a second time: the password they carry is the present one no more.

        Raises:
            InvalidInputError: the form is not one of ours.
        """
        async with self.database.connection() as connection:
            row = await connection.fetchrow(QUERIES["read_form_reply"], self.session.person_id, self.form.once)
        return see_other(row["location"]) if row else None

    async def done(self, location: str, told: str) -> web.Response:
        """Go to a page and say something there."""
        async with self.database.transaction() as connection:
            await sessions.tell(connection, self.session.number, told)
        return see_other(location)

    async def select(self, connection: Connection, kind: str, content: Any) -> str:
        """Keep what the person was shown before an act on many things, and return its number."""
        place = self.tenant.tenant_id, new_once(), self.session.person_id
        number: str = await connection.fetchval(QUERIES["store_selection"], *place, kind, json.dumps(content))
        return number

    async def selected(self, connection: Connection, kind: str, number: str) -> Any:
        """Return what the person was shown under a number.

        Raises:
            NotFoundError: nothing of the kind, or it was another person.
        """
        return await self._selection(connection, "read_selection", kind, number)

    async def held(self, connection: Connection, kind: str, number: str) -> Any:
        """Return it as it stands now, and let nobody else act on it until the transaction ends.

        Raises:
            NotFoundError: as of `selected`.
        """
        return await self._selection(connection, "hold_selection", kind, number)

    async def keep(self, connection: Connection, number: str, content: Any) -> None:
        """Write down how far an act on what is `held` has come."""
        place = self.tenant.tenant_id, number, self.session.person_id
        await connection.execute(QUERIES["keep_selection"], *place, json.dumps(content))

    async def _selection(self, connection: Connection, query: str, kind: str, number: str) -> Any:
        place = self.tenant.tenant_id, number, self.session.person_id
        found = await connection.fetchval(QUERIES[query], *place, kind)
        if found is None:
            raise NotFoundError("it was shown too long ago; look again")
        return json.loads(found)


def see_other(location: str) -> web.Response:
    """Lead to another page after an act, so that loading it again does not act again."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def page_of(request: web.BaseRequest) -> str:
    """Return the address of the page that is looked at: of a form that was sent, where it stood."""
    if request.method in SAFE:
        return request.path_qs
    stood = urlsplit(request.headers.get("Referer", ""))
    return own_path(urlunsplit(("", "", stood.path, stood.query, "")), "/")


def own_path(given: str, otherwise: str) -> str:
    """Return a path of ours that a form or an address asked to go to next; anything else leads to `otherwise`."""
    parts = urlsplit(given) if _OWN_PATH.fullmatch(given) else None
    return given if parts and not parts.scheme and not parts.netloc else otherwise
