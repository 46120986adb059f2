"""Signing in and out, and choosing the language."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from aiohttp import web

from paygate import sessions
from paygate.credentials import check_password
from paygate.database import Database
from paygate.domain.errors import InvalidInputError, NotAllowedError, PaygateError
from paygate.telemetry import Event, log
from paygate.web.desk.door import LANGUAGE_COOKIE, SIGN_IN, Door, Page, language_of, refusal
from paygate.web.desk.forms import Form
from paygate.web.desk.pages import page, serve_static
from paygate.web.desk.visit import DeskVisit, own_path, see_other
from paygate.web.desk.words import Language, translations

HOME: Final = "/"
LANGUAGE_SECONDS: Final = 365 * 86400


@dataclass(frozen=True, slots=True)
class SignIn:
    """The pages of those who are not signed in yet, and the way out."""

    database: Database
    door: Door

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Ask for name and password; who is signed in already goes on."""
        following = own_path(request.query.get("next", HOME), HOME)
        if await self.door.session_of(request) is not None:
            return see_other(following)
        return _asking(request, following)

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Begin a session."""
        try:
            self.door.check_origin(request)
            form = Form((name, value) for name, value in (await request.post()).items() if isinstance(value, str))
        except PaygateError as error:
            return refusal(error, language_of(request))
        following = own_path(form.text("next"), HOME)
        async with self.database.transaction() as connection:
            person_id = await check_password(connection, form.text("name"), form.secret("password"))
            secret = person_id and await sessions.begin(connection, person_id, datetime.now(UTC))
        log.info(Event.SIGNED_IN if secret else Event.SIGN_IN_REFUSED)
        if not secret:
            said = translations(language_of(request)).gettext("The name or the password is not right.")
            return _asking(request, following, name=form.text("name"), fault=said)
        response = see_other(following)
        cookie = self.door.entrance
        response.set_cookie(cookie.cookie, secret, secure=cookie.secure, httponly=True, samesite="Lax", path="/")
        return response

    async def sign_out(self, visit: DeskVisit) -> web.StreamResponse:
        """End the session."""
        name = self.door.entrance.cookie
        async with self.database.transaction() as connection:
            await sessions.end(connection, visit.request.cookies[name])
        log.info(Event.SIGNED_OUT)
        response = see_other(SIGN_IN)
        response.del_cookie(name, path="/", secure=self.door.entrance.secure, httponly=True, samesite="Lax")
        return response

    async def choose_language(self, request: web.Request) -> web.StreamResponse:
        """Remember a language and show the page in it."""
        try:
            self.door.check_origin(request)
            fields = await request.post()
            chosen = _language(fields.get("language"))
        except (InvalidInputError, NotAllowedError) as error:
            return refusal(error, language_of(request))
        following = fields.get("next")
        response = see_other(own_path(following, HOME) if isinstance(following, str) else HOME)
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=LANGUAGE_SECONDS, secure=self.door.entrance.secure, samesite="Lax"
        )
        return response

    def pages(self) -> list[Page]:
        return [Page("POST", "/sign-out", None, self.sign_out)]

    def routes(self) -> list[web.RouteDef]:
        """Return what is open to everyone."""
        return [
            web.get(SIGN_IN, self.ask),
            web.post(SIGN_IN, self.sign_in),
            web.post("/language", self.choose_language),
            web.get("/static/{name}", serve_static),
        ]


def _asking(request: web.Request, following: str, *, name: str = "", fault: str = "") -> web.Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    here = f"{SIGN_IN}?next={quote(following, safe='')}"
    return page(
        "sign-in.html", language_of(request), status=status, following=following, name=name, fault=fault, here=here
    )


def _language(given: object) -> Language:
    if not isinstance(given, str) or given not in set(Language):
        raise InvalidInputError("there is no such language")
    return Language(given)
