"""Signing in and out, and choosing the language."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from paygate import sessions
from paygate.admission import Admission, CodeWanted
from paygate.domain.errors import InvalidInputError, PausedError, PaygateError
from paygate.sessions import SECOND_STEP, SecondStep
from paygate.telemetry import SIGN_INS, Event, log
from paygate.web.desk.door import LANGUAGE_COOKIE, LOST, SIGN_IN, Door, Page, language_of, read_form, refusal
from paygate.web.desk.navigation import say
from paygate.web.desk.pages import page, serve_static
from paygate.web.desk.visit import DeskVisit, own_path, see_other
from paygate.web.desk.words import Language, translations

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOME: Final = "/"
CODE: Final = "/sign-in/code"
LANGUAGE_SECONDS: Final = 365 * 86400
LONGEST_NAME: Final = 200
MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class SignIn:
    """The pages of those who are not signed in yet, and the way out. `elsewhere` names the identity provider."""

    door: Door
    admission: Admission
    elsewhere: str | None = None

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Ask for name and password; who is signed in already goes on."""
        following = own_path(request.query.get("next", HOME), HOME)
        if await self.door.session_of(request) is not None:
            return see_other(following)
        return self.asking(request, following)

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Look at a name and a password, and begin a session or ask for a code."""
        self.door.check_origin(request)
        form = await read_form(request)
        following = own_path(form.text("next"), HOME)
        name = form.text("name")[:LONGEST_NAME]
        try:
            comer = self.door.entrance.comer(request)
            came = await self.admission.try_password(comer, name, form.secret("password"), following)
        except PausedError as error:
            return self._paused(request, following, name, error)
        if came is None:
            told = said(request, say("The name or the password is not right."))
            return self.asking(request, following, name=name, fault=told, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        await self.end_former(request)
        if isinstance(came, CodeWanted):
            response = see_other(CODE)
            entrance = self.door.entrance
            entrance.give(response, entrance.named("code"), came.secret, int(SECOND_STEP.total_seconds()))
            return response
        return self.door.entrance.welcome(came)

    async def ask_code(self, request: web.Request) -> web.StreamResponse:
        """Ask for the code; where none is awaited, everything begins anew."""
        if await self._awaited(request) is None:
            return see_other(SIGN_IN)
        return _asking_code(request)

    async def try_code(self, request: web.Request) -> web.StreamResponse:
        """Look at a code and begin the session."""
        self.door.check_origin(request)
        form = await read_form(request)
        step = await self._awaited(request)
        if step is None:
            return see_other(SIGN_IN)
        try:
            came = await self.admission.try_code(self.door.entrance.comer(request), step, form.text("code"))
        except PausedError as error:
            SIGN_INS.labels("paused").inc()
            return with_pause(_asking_code(request, wait(request, error), HTTPStatus.TOO_MANY_REQUESTS), error)
        if came is None:
            told = said(request, say("The code is not right, or was used before. Wait for the next one."))
            return _asking_code(request, told, HTTPStatus.UNPROCESSABLE_ENTITY)
        response = self.door.entrance.welcome(came)
        self.door.entrance.take(response, self.door.entrance.named("code"))
        return response

    async def sign_out(self, visit: DeskVisit) -> web.StreamResponse:
        """End the session."""
        await self.end_former(visit.request)
        log.info(Event.SIGNED_OUT)
        response = see_other(SIGN_IN)
        self.door.entrance.take(response, self.door.entrance.cookie)
        return response

    async def choose_language(self, request: web.Request) -> web.StreamResponse:
        """Remember a language and show the page in it."""
        self.door.check_origin(request)
        form = await read_form(request)
        chosen = _language(form.text("language"))
        response = see_other(own_path(form.text("next"), HOME))
        secure = self.door.entrance.secure
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=LANGUAGE_SECONDS, secure=secure, httponly=True, samesite="Lax"
        )
        return response

    def asking(
        self,
        request: web.Request,
        following: str,
        *,
        name: str = "",
        fault: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> web.Response:
        """Write the page that asks who comes."""
        lost = LOST in request.query
        here = f"{SIGN_IN}?next={quote(following, safe='')}{f'&{LOST}=1' if lost else ''}"
        fields: dict[str, Any] = {"following": following, "name": name, "fault": fault, "here": here, "lost": lost}
        return page("sign-in.html", language_of(request), status=status, elsewhere=self.elsewhere, **fields)

    async def end_former(self, request: web.Request) -> None:
        """End what the browser was signed in to: whoever signs in next begins with nothing of it."""
        if secret := request.cookies.get(self.door.entrance.cookie):
            async with self.door.database.transaction() as connection:
                await sessions.end(connection, secret)

    def pages(self) -> list[Page]:
        return [Page("POST", "/sign-out", None, self.sign_out)]

    def routes(self) -> list[web.RouteDef]:
        """Return what is open to everyone."""
        return [
            web.get(SIGN_IN, open_page(self.ask)),
            web.post(SIGN_IN, open_page(self.sign_in)),
            web.get(CODE, open_page(self.ask_code)),
            web.post(CODE, open_page(self.try_code)),
            web.post("/language", open_page(self.choose_language)),
            web.get("/static/{name}", serve_static),
        ]

    async def _awaited(self, request: web.Request) -> SecondStep | None:
        entrance = self.door.entrance
        secret = request.cookies.get(entrance.named("code"), "")
        return await self.admission.awaited(secret, entrance.comer(request).now) if secret else None

    def _paused(self, request: web.Request, following: str, name: str, error: PausedError) -> web.Response:
        SIGN_INS.labels("paused").inc()
        told = wait(request, error)
        asked = self.asking(request, following, name=name, fault=told, status=HTTPStatus.TOO_MANY_REQUESTS)
        return with_pause(asked, error)


def open_page(handler: Handler) -> Handler:
    """Answer what goes wrong on a page that is open to everyone with a page."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (PaygateError, web.HTTPException) as error:
            log.info(Event.REQUEST, refused=type(error).__name__)
            return refusal(error, language_of(request))

    return answer


def _asking_code(request: web.Request, fault: str = "", status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return page("sign-in-code.html", language_of(request), status=status, fault=fault, here=CODE)


def with_pause(response: web.Response, error: PausedError) -> web.Response:
    """Say when to come again in the answer's head too."""
    response.headers["Retry-After"] = str(error.seconds)
    return response


def said(request: web.Request, message: str) -> str:
    """Say a message in the visitor's language."""
    return translations(language_of(request)).gettext(message)


def wait(request: web.Request, error: PausedError) -> str:
    """Say how long to wait."""
    told = translations(language_of(request)).ngettext(
        "Too many tries failed. Try again in %(count)s minute.",
        "Too many tries failed. Try again in %(count)s minutes.",
        count := ceil(error.seconds / MINUTE),
    )
    return told % {"count": count}


def _language(given: str) -> Language:
    if given not in set(Language):
        raise InvalidInputError("there is no such language")
    return Language(given)
