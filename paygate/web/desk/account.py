"""What people look after themselves: their password, the codes they are asked for, where they are signed in."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import segno
from aiohttp import web

from paygate import credentials, sign_in_changes
from paygate.admission import Admission
from paygate.credentials import SHORTEST_PASSWORD, Credential
from paygate.database import Connection, Database
from paygate.domain.errors import IntegrityError, InvalidInputError, NotAllowedError, NotFoundError
from paygate.sessions import sessions_of
from paygate.totp import Seal, address_of, new_secret, step_of
from paygate.web.desk.browsers import browser_name
from paygate.web.desk.door import OWN_PASSWORD, Page
from paygate.web.desk.entrance import Entrance
from paygate.web.desk.visit import DeskVisit, Done

ACCOUNT: Final = "/account"
TOTP: Final = "/account/totp"
QUIET: Final = 4
"""Empty squares around the picture, as its readers need them."""


@dataclass(frozen=True, slots=True)
class AccountPages:
    database: Database
    entrance: Entrance
    admission: Admission

    async def account(self, visit: DeskVisit) -> web.StreamResponse:
        """Show how the person signs in, and where they are signed in."""
        async with self.database.connection() as connection:
            own = await credentials.own_credential(connection, visit.session.person_id)
            now = datetime.now(UTC)
            listed = await sessions_of(connection, visit.session.person_id, now, self.entrance.lasting)
        named = [one | {"browser": browser_name(one["browser"])} for one in listed]
        return visit.render("account.html", credential=own, sessions=named)

    async def end_others(self, visit: DeskVisit) -> web.StreamResponse:
        """End the person's other sessions."""

        async def act(connection: Connection) -> Done:
            await sign_in_changes.end_others(connection, visit.session)
            return ACCOUNT, visit.say("You are signed in here alone.")

        return await visit.once(act)

    async def ask_password(self, visit: DeskVisit) -> web.StreamResponse:
        await self._credential(visit)
        return _asking_password(visit)

    async def change_password(self, visit: DeskVisit) -> web.StreamResponse:
        """Change the person's password."""
        if (first := await visit.repeated()) is not None:
            return first
        own = await self._credential(visit)
        hashed = await self._hashed(visit, own)
        if hashed is None:
            return _asking_password(visit)

        async def act(connection: Connection) -> Done:
            await sign_in_changes.change_password(connection, visit.session, own, hashed)
            following = "/" if visit.session.must_change else ACCOUNT
            return following, visit.say("The password is changed.")

        return await visit.once(act)

    async def _hashed(self, visit: DeskVisit, own: Credential) -> str | None:
        form = visit.form
        present, fresh = form.secret("present"), form.secret("fresh")
        if fresh != form.secret("again"):
            form.fault("again", visit.say("The two new passwords differ."))
        elif fresh == present:
            form.fault("fresh", visit.say("The new password is the present one."))
        elif not await self.admission.prove_password(self.entrance.comer(visit.request), visit.person, own, present):
            form.fault("present", visit.say("The present password is not right."))
        try:
            return await self.admission.hashing.hash(fresh) if not form.faults else None
        except InvalidInputError:
            said = visit.say("A password has at least %(count)s characters, and not too many.", count=SHORTEST_PASSWORD)
            form.fault("fresh", said)
            return None

    async def totp(self, visit: DeskVisit) -> web.StreamResponse:
        """Offer an authenticator app's secret, or to do without codes."""
        own = await self._credential(visit)
        if own.totp_secret is not None:
            return visit.render("account-totp.html", removing=True, fault="")
        if self.admission.seal is None:
            return visit.render("account-totp.html", removing=False, fault="", offer="")
        return _offering(visit, new_secret(), self.admission.seal)

    async def add_totp(self, visit: DeskVisit) -> web.StreamResponse:
        """Ask for codes from now on, once the first is right."""
        if (first := await visit.repeated()) is not None:
            return first
        await self._credential(visit)
        seal = self._seal()
        sealed = _offered(visit.form.text("offer"))
        try:
            secret = seal.open(sealed, visit.session.person_id)
        except IntegrityError:
            raise InvalidInputError("the form is not one of ours") from None
        step = step_of(secret, visit.form.text("code"), datetime.now(UTC))
        if step is None:
            return _offering(visit, secret, seal, visit.say("The code is not right. Look at the clock of your phone."))

        async def act(connection: Connection) -> Done:
            await sign_in_changes.add_totp(connection, visit.session, sealed, step)
            return ACCOUNT, visit.say("A code is asked for from the next sign-in on.")

        return await visit.once(act)

    async def remove_totp(self, visit: DeskVisit) -> web.StreamResponse:
        """Ask for codes no more, once another was right."""
        if (first := await visit.repeated()) is not None:
            return first
        own = await self._credential(visit)
        self._seal()
        if own.totp_secret is None:
            raise NotFoundError("there is no authenticator app")
        comer, code = self.entrance.comer(visit.request), visit.form.text("code")
        right = await self.admission.prove_code(comer, visit.person, own, code)
        if not right:
            said = visit.say("The code is not right, or was used before. Wait for the next one.")
            return visit.render("account-totp.html", status=_AGAIN, removing=True, fault=said)

        async def act(connection: Connection) -> Done:
            await sign_in_changes.drop_totp(connection, visit.session)
            return ACCOUNT, visit.say("No code is asked for any more.")

        return await visit.once(act)

    async def _credential(self, visit: DeskVisit) -> Credential:
        async with self.database.connection() as connection:
            own = await credentials.own_credential(connection, visit.session.person_id)
        if own is None:
            raise NotFoundError("you have no password here")
        return own

    def _seal(self) -> Seal:
        if self.admission.seal is None:
            raise NotAllowedError("codes cannot be used here: no secret is configured to keep theirs under")
        return self.admission.seal

    def pages(self) -> list[Page]:
        return [
            Page("GET", ACCOUNT, None, self.account),
            Page("POST", "/account/sessions/end", None, self.end_others),
            Page("GET", OWN_PASSWORD, None, self.ask_password),
            Page("POST", OWN_PASSWORD, None, self.change_password),
            Page("GET", TOTP, None, self.totp),
            Page("POST", TOTP, None, self.add_totp),
            Page("POST", "/account/totp/remove", None, self.remove_totp),
        ]


_AGAIN: Final = HTTPStatus.UNPROCESSABLE_ENTITY


def _asking_password(visit: DeskVisit) -> web.Response:
    faults = visit.form.faults
    status = _AGAIN if faults else HTTPStatus.OK
    return visit.render("account-password.html", status=status, faults=faults, shortest=SHORTEST_PASSWORD)


def _offering(visit: DeskVisit, secret: str, seal: Seal, fault: str = "") -> web.Response:
    sealed = base64.urlsafe_b64encode(seal.close(secret, visit.session.person_id)).decode()
    drawn, size = draw_code(address_of(secret, visit.person))
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    status = _AGAIN if fault else HTTPStatus.OK
    shown = {"offer": sealed, "drawn": drawn, "size": size, "key": grouped, "fault": fault}
    return visit.render("account-totp.html", status=status, removing=False, **shown)


def _offered(text: str) -> bytes:
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError("the form is not one of ours") from None


def draw_code(text: str) -> tuple[str, int]:
    """Draw a QR code as the path of an SVG and return it with the picture's width, in squares."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=QUIET)]
    squares = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return "".join(squares), len(rows)
