"""Signing in at an identity provider: the way there, and the way back."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from paygate.admission import Admission
from paygate.domain.errors import NotAllowedError, PausedError
from paygate.identities import Identity
from paygate.provider import Begun, Provider
from paygate.telemetry import SIGN_INS, Event, log
from paygate.web.desk.navigation import say
from paygate.web.desk.sign_in import HOME, SignIn, open_page, said, wait, with_pause
from paygate.web.desk.visit import own_path, see_other

BEGIN: Final = "/sign-in/oidc"
RETURNING: Final = "/sign-in/oidc/callback"
MINUTES: Final = 10
"""That somebody may take at the provider."""
LONGEST_FOLLOWING: Final = 1000
LONGEST_COOKIE: Final = 3000


@dataclass(frozen=True, slots=True)
class ProviderSignIn:
    provider: Provider
    sign_in: SignIn
    admission: Admission

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Lead to the provider."""
        begun = Begun.anew()
        following = own_path(request.query.get("next", HOME), HOME)
        response = see_other(await self.provider.begin(begun))
        entrance = self.sign_in.door.entrance
        entrance.give(response, entrance.named("oidc"), _packed(begun, following), MINUTES * 60)
        return response

    async def come_back(self, request: web.Request) -> web.StreamResponse:
        """Look at what the provider says and begin a session."""
        entrance = self.sign_in.door.entrance
        begun, following = _unpacked(request.cookies.get(entrance.named("oidc"), ""))
        try:
            identity = await self._identity(request, begun)
            response: web.Response = entrance.welcome(
                await self.admission.by_identity(entrance.comer(request), identity, following)
            )
        except NotAllowedError as error:
            response = self._refused(request, following, error)
        except PausedError as error:
            SIGN_INS.labels("paused").inc()
            told = wait(request, error)
            asked = self.sign_in.asking(request, following, fault=told, status=HTTPStatus.TOO_MANY_REQUESTS)
            response = with_pause(asked, error)
        else:
            await self.sign_in.end_former(request)
        entrance.take(response, entrance.named("oidc"))
        return response

    async def _identity(self, request: web.Request, begun: Begun | None) -> Identity:
        answer, comer = request.query, self.sign_in.door.entrance.comer(request)
        if begun is None or not _same(answer.get("state", ""), begun.state):
            raise NotAllowedError("the sign-in was not begun in this browser, or too long ago")
        if "error" in answer:
            raise NotAllowedError("the provider has let nobody in")
        async with self.admission.counted(comer):
            return await self.provider.identify(begun, answer.get("code", ""), answer.get("iss"), comer.now)

    def _refused(self, request: web.Request, following: str, error: NotAllowedError) -> web.Response:
        log.warning(Event.SIGN_IN_REFUSED, why=str(error))
        SIGN_INS.labels("refused").inc()
        told = said(
            request,
            say("You could not be signed in there. Try again; if it fails again, ask an administrator to add you."),
        )
        return self.sign_in.asking(request, following, fault=told, status=HTTPStatus.FORBIDDEN)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(BEGIN, open_page(self.begin)), web.get(RETURNING, open_page(self.come_back))]


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _packed(begun: Begun, following: str) -> str:
    kept = following if len(following) <= LONGEST_FOLLOWING else HOME
    return f"{begun.secret}.{base64.urlsafe_b64encode(kept.encode()).decode()}"


def _unpacked(cookie: str) -> tuple[Begun | None, str]:
    """Return what the browser kept; what it could have made up itself is looked at as what a stranger sends."""
    secret, _, packed = cookie.partition(".")
    try:
        following = base64.b64decode(packed, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None, HOME
    begun = Begun(secret) if secret and len(cookie) <= LONGEST_COOKIE else None
    return begun, own_path(following, HOME)
