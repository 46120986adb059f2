"""The way in to every page: who comes, whether they may, and that what they send comes from a page of ours."""

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from structlog.contextvars import bind_contextvars

from paygate import sessions
from paygate.access import Caller, Role
from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import InvalidInputError, NotAllowedError, NotFoundError, PaygateError
from paygate.domain.parties import Tenant
from paygate.sessions import Session
from paygate.telemetry import Event, log, log_unhandled
from paygate.web.desk.entrance import Entrance
from paygate.web.desk.forms import CSRF, Form
from paygate.web.desk.pages import page
from paygate.web.desk.refusals import UNKNOWN_ZONE, reason_of
from paygate.web.desk.visit import SAFE, DeskVisit, page_of, see_other
from paygate.web.desk.words import Language
from paygate.web.notices import refuse_encoded, request_id
from paygate.web.problems import problem_of, retry_after

QUERIES: Final = load_queries("paygate.sql", "queries/forms.sql")

SIGN_IN: Final = "/sign-in"
LOST: Final = "lost"
"""Of the address of the sign-in: something was sent that was not done."""
CSRF_HEADER: Final = "X-CSRF-Token"
LANGUAGE_COOKIE: Final = "paygate_language"
FORM_LIMIT: Final = 1024 * 1024
"""Bytes of a form without a file."""
MOST_FIELDS: Final = 20_000
FORGET_HOURS: Final = 48
OWN_PASSWORD: Final = "/account/password"  # noqa: S105 -- an address
BEFORE_THE_PASSWORD: Final = frozenset({OWN_PASSWORD, "/account/help", "/sign-out"})
"""Where somebody can go whose password is a temporary one."""
PARTS: Final = ("/desk", "/account", SIGN_IN)
"""Below which addresses are those of pages, whether there are such pages or not."""
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Page:
    """A page or an act of the desk. Paths below `/desk/{tenant}` are of a tenant, the others of the person alone.

    `roles` are those that may; None: all who are signed in. `limited` is True where the handler heeds
    `DeskVisit.agencies`: others refuse those who are limited to some. `upload`: the handler reads the body itself, and
    proves the token with `Door.check_token`.
    """

    method: str
    path: str
    roles: frozenset[Role] | None
    handler: Callable[[DeskVisit], Awaitable[web.StreamResponse]]
    limited: bool = False
    upload: bool = False


class Door:
    """Lets people in to pages. `session_of` is also how the other routes know who comes from the desk."""

    def __init__(self, database: Database, tenants: Mapping[str, Tenant], entrance: Entrance) -> None:
        self.database = database
        self.tenants = tenants
        self.entrance = entrance

    def routes(self, pages: Iterable[Page]) -> list[web.RouteDef]:
        """Return the route of each page, and last those of pages that are not there."""
        there = [web.route(one.method, one.path, self._guarded(one)) for one in pages]
        return [*there, *(web.get(f"{part}/{{nowhere:.*}}", self._nowhere) for part in PARTS)]

    async def session_of(self, request: web.Request) -> Session | None:
        """Find the session of a request's cookie."""
        secret = request.cookies.get(self.entrance.cookie)
        if not secret:
            return None
        async with self.database.connection() as connection:
            return await sessions.find(connection, secret, datetime.now(UTC), self.entrance.lasting)

    async def caller_of(self, request: web.Request) -> Caller | None:
        """Find out who calls a route for systems from the desk; None: nobody who is signed in.

        Raises:
            NotAllowedError: what would change something does not come from a page of ours.
        """
        session = await self.session_of(request)
        if session is None:
            return None
        if request.method not in SAFE:
            self.check_origin(request)
            self.check_token(session, request.headers.get(CSRF_HEADER, ""))
        if session.must_change:
            raise NotAllowedError("the password is a temporary one; change it first")
        return session.caller

    def check_origin(self, request: web.Request) -> None:
        """Refuse what another site has the browser send.

        Raises:
            NotAllowedError: it says so, or does not say where it comes from.
        """
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        # A browser says so itself, over https; over plain http the origin has to do.
        if site in {"same-origin", "none"} or (site is None and origin == self.entrance.origin(request)):
            return
        raise NotAllowedError("the form was sent from another site")

    @staticmethod
    def check_token(session: Session, given: str) -> None:
        """Refuse a form that was not made for this session.

        Raises:
            NotAllowedError: its token is another.
        """
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), session.csrf_token.encode()):
            raise NotAllowedError("the form is out of date; load the page again")

    def _guarded(self, one: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            bind_contextvars(request_id=request_id(request), method=request.method, route=one.path)
            language = language_of(request)
            session = None
            try:
                session = await self.session_of(request)
                if session is None:
                    return _to_sign_in(request)
                bind_contextvars(person=session.person)
                if session.must_change and one.path not in BEFORE_THE_PASSWORD:
                    return see_other(OWN_PASSWORD)
                response = await one.handler(await self._visit(one, request, session, language))
                await self._go_on(request, session, response)
            except (PaygateError, web.HTTPException) as error:
                log.info(Event.REQUEST, refused=type(error).__name__)
                return refusal(error, language, self._zone(request), self._lost(request, session, language))
            except (RequestPayloadError, ConnectionError):
                raise
            except Exception as error:  # noqa: BLE001 -- people are shown a page whatever happens
                log_unhandled(error)
                lost = self._lost(request, session, language)
                return refusal(web.HTTPInternalServerError(), language, visit=lost)
            log.info(Event.REQUEST, status=response.status)
            return response

        return handle

    def _zone(self, request: web.Request) -> ZoneInfo:
        tenant = self.tenants.get(request.match_info.get("tenant", ""))
        return UNKNOWN_ZONE if tenant is None else tenant.zone

    async def _visit(self, one: Page, request: web.Request, session: Session, language: Language) -> DeskVisit:
        refuse_encoded(request)
        current = self._tenant(one, request, session)
        form = Form(())
        if request.method not in SAFE:
            self.check_origin(request)
            if not one.upload:
                form = await read_form(request)
                self.check_token(session, form.secret(CSRF))
        return DeskVisit(request, session, language, self.database, self._known(session), current, form)

    def _known(self, session: Session) -> tuple[Tenant, ...]:
        return tuple(self.tenants[code] for code in session.grants if code in self.tenants)

    def _lost(self, request: web.Request, session: Session | None, language: Language) -> DeskVisit | None:
        """Return the visit of somebody who is refused, for the way around; None: they are not signed in."""
        if session is None:
            return None
        return DeskVisit(request, session, language, self.database, self._known(session), None)

    async def _nowhere(self, request: web.Request) -> web.Response:
        language = language_of(request)
        lost = self._lost(request, await self.session_of(request), language)
        return refusal(web.HTTPNotFound(), language, visit=lost)

    def _tenant(self, one: Page, request: web.Request, session: Session) -> Tenant | None:
        code = request.match_info.get("tenant")
        if code is None:
            return None
        allowed = frozenset(Role) if one.roles is None else one.roles
        session.caller.tenant(code, allowed, limited=one.limited)
        if code not in self.tenants:
            raise NotFoundError("there is no such tenant")
        return self.tenants[code]

    async def _go_on(self, request: web.Request, session: Session, response: web.StreamResponse) -> None:
        """Forget what was said, and change the session's secret where it is old; what is under way keeps its own."""
        said = session.told is not None and response.status == HTTPStatus.OK
        now = datetime.now(UTC)
        if not said and now - session.secret_made_at < sessions.RENEWED:
            return
        async with self.database.connection() as connection:
            if said:
                await sessions.tell(connection, session.number, None)
            secret = request.cookies[self.entrance.cookie]
            fresh = None if response.prepared else await sessions.renew(connection, session, secret, now)
        if fresh is not None:
            self.entrance.give(response, self.entrance.cookie, fresh)


async def read_form(request: web.Request) -> Form:
    """Read the fields of a form without files.

    Raises:
        NotAllowedError, InvalidInputError: it is none of ours, or none that a browser sends.
        web.HTTPRequestEntityTooLarge: it is larger than `FORM_LIMIT`.
    """
    if request.content_type != _FORM:
        raise NotAllowedError("the form is not one of ours")
    refuse_encoded(request)
    # The limit is of forms, not of the notices.
    body = await request.clone(client_max_size=FORM_LIMIT).read()
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise InvalidInputError("the form cannot be read") from None
    if any("\0" in value for pair in fields for value in pair):
        raise InvalidInputError("the form holds what cannot be kept")
    return Form(fields)


def _to_sign_in(request: web.Request) -> web.Response:
    """Lead to the sign-in and back; what was sent without a session is lost, and the page there says so."""
    lost = "" if request.method in SAFE else f"&{LOST}=1"
    return see_other(f"{SIGN_IN}?next={quote(page_of(request), safe='')}{lost}")


def language_of(request: web.BaseRequest) -> Language:
    """Return the language a visitor has chosen, the first where they have not."""
    given = request.cookies.get(LANGUAGE_COOKIE, "")
    return Language(given) if given in set(Language) else Language.VI


def refusal(
    error: PaygateError | web.HTTPException,
    language: Language,
    zone: ZoneInfo = UNKNOWN_ZONE,
    visit: DeskVisit | None = None,
) -> web.Response:
    """Write why a page is not shown, or an act not done; with the way around, where it is known who comes."""
    if isinstance(error, web.HTTPException):
        status, slug, detail = error.status, "", ""
    else:
        problem = problem_of(error)
        status, slug = int(problem.status), problem.slug
        detail = "" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else reason_of(error, language, zone)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log_unhandled(error)
    said: dict[str, Any] = {"status": status, "code": status, "slug": slug, "detail": detail}
    response = page("refused.html", language, **said) if visit is None else visit.render("refused.html", **said)
    if isinstance(error, PaygateError):
        response.headers.update(retry_after(error))
    return response


async def forget_forms(connection: Connection) -> None:
    """Drop what is older than anyone sends again."""
    await connection.execute(QUERIES["forget_forms"], FORGET_HOURS)
