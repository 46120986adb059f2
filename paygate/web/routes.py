"""The routes of people and systems: who may call each, and the application they make together."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web
from structlog.contextvars import bind_contextvars

from paygate.access import Caller, Role
from paygate.domain.errors import NotFoundError, PaygateError, UnknownCallerError
from paygate.domain.parties import Tenant
from paygate.telemetry import Event, log
from paygate.web.notices import BODY_LIMIT, refuse_encoded, request_id

READERS: Final = frozenset({Role.OFFICER, Role.APPROVER, Role.AUDITOR, Role.ADMIN})


class Authenticate(Protocol):
    """Finds out whose token it is."""

    async def __call__(self, token: str) -> Caller: ...


class AtDesk(Protocol):
    """Finds out who calls from the desk, None where nobody is signed in there.

    Raises:
        NotAllowedError: what would change something does not come from a page of ours.
    """

    async def __call__(self, request: web.Request) -> Caller | None: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """An authenticated request and what its caller may do on this route."""

    request: web.Request
    caller: Caller
    roles: frozenset[Role]
    tenants: Mapping[str, Tenant]
    limited: bool = False

    def tenant(self, wanted: str | None = None) -> Tenant:
        """Return the tenant this is about: as given, else `?tenant=`, else the caller's only one.

        Raises:
            NotFoundError, NotAllowedError, InvalidInputError: as `Caller.tenant`.
        """
        code = self.caller.tenant(wanted or self.request.query.get("tenant"), self.roles, limited=self.limited)
        if code not in self.tenants:
            raise NotFoundError("there is no such tenant")
        return self.tenants[code]

    def agencies(self, tenant: Tenant) -> list[str] | None:
        """Return the agencies whose things the caller may see and change; None: all."""
        return self.caller.agencies(tenant.code)


@dataclass(frozen=True, slots=True)
class Route:
    """A route that asks for one of `roles`. The handler must ask the visit for its tenant.

    `limited` is True where the handler heeds `Visit.agencies`: others refuse those who are limited to some.
    """

    method: str
    path: str
    roles: frozenset[Role]
    handler: Callable[[Visit], Awaitable[web.StreamResponse]]
    limited: bool = False


def guarded(route: Route, authenticate: Authenticate, at_desk: AtDesk, tenants: Mapping[str, Tenant]) -> web.RouteDef:
    """Let in only who may come in."""

    async def identify(request: web.Request) -> Caller:
        if "Authorization" not in request.headers and (caller := await at_desk(request)) is not None:
            return caller
        return await authenticate(_bearer(request))

    async def handle(request: web.Request) -> web.StreamResponse:
        # A request runs in a task of its own, so that what is bound here is seen by its own lines alone.
        bind_contextvars(request_id=request_id(request), method=request.method, route=route.path)
        try:
            caller = await identify(request)
            bind_contextvars(person=caller.person)
            refuse_encoded(request)
            response = await route.handler(Visit(request, caller, route.roles, tenants, route.limited))
        except PaygateError as error:
            log.info(Event.REQUEST, refused=type(error).__name__)
            raise
        log.info(Event.REQUEST, status=response.status)
        return response

    return web.route(route.method, route.path, handle)


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnknownCallerError("there is no bearer token")
    return token.strip()


def build_application(
    public: Iterable[web.RouteDef],
    private: Iterable[Route],
    authenticate: Authenticate,
    at_desk: AtDesk,
    tenants: Mapping[str, Tenant],
) -> web.Application:
    """Put routes together."""
    application = web.Application(client_max_size=BODY_LIMIT)
    application.add_routes(public)
    application.add_routes([guarded(route, authenticate, at_desk, tenants) for route in private])
    return application
