"""Who comes in at the desk: the steps of signing in, and what ends it, each written down.

No connection is held while a password is checked: that takes as long as a page and everybody may ask for it.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paygate import attempts, credentials, identities, sessions
from paygate.attempts import Attempt
from paygate.credentials import Credential, Hashing
from paygate.database import Connection, Database
from paygate.domain.deeds import Deed
from paygate.domain.errors import IntegrityError, NotAllowedError, UnreachableError, worded
from paygate.identities import Identity
from paygate.sessions import Origin, SecondStep
from paygate.sign_in_changes import note
from paygate.telemetry import SIGN_INS, Event, log
from paygate.totp import Seal

NOTHING_TRIED: Final = Attempt((), 0)
NO_KEY: Final = worded(
    "the code cannot be checked: the key under which the authenticator app was set up is not configured any more."
    " Ask who runs the service to put it back, or to run 'paygate people reset %(name)s --totp';"
    " then set the app up anew"
)


@dataclass(frozen=True, slots=True)
class Comer:
    """Who knocks: the secret of their browser, '' where it has none, from where, and when."""

    browser: str
    origin: Origin
    now: datetime


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who has come in: the secrets of their session and of their browser."""

    session: str
    browser: str
    following: str


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """Whose password was right; `secret` names the sign-in that awaits a code."""

    secret: str


class Admission:
    """Lets people in who have a password here. `seal` is None where none is configured."""

    def __init__(self, database: Database, hashing: Hashing, seal: Seal | None) -> None:
        self._database = database
        self.hashing = hashing
        self.seal = seal

    async def try_password(
        self, comer: Comer, name: str, password: str, following: str
    ) -> Admitted | CodeWanted | None:
        """Look at a name and a password; None: they are nobody's.

        Raises:
            PausedError: too many tries failed before.
            TooMuchWaitsError: too many are looked at already.
        """
        async with self._database.transaction() as connection:
            address = comer.origin.address
            attempt = await attempts.take_try(connection, name, comer.browser, address, comer.now)
            credential = await credentials.find_credential(connection, name)
        right = await self.hashing.check(credential, password)
        if credential is None or not right:
            await self._refuse(name, credential, attempt)
            return None
        renewed = await self.hashing.renewed(credential, password)
        async with self._database.transaction() as connection:
            if not await credentials.still_holds(connection, credential):
                return None
            if renewed is not None:
                await credentials.store_renewed(connection, credential, renewed)
            if credential.totp_secret is None:
                return await admit(connection, comer, credential.person_id, attempt, following)
            step = await sessions.begin_second_step(connection, credential.person_id, following, comer.now)
        _count("code_wanted", Event.SIGN_IN_CODE_WANTED)
        return CodeWanted(step)

    async def awaited(self, secret: str, now: datetime) -> SecondStep | None:
        """Find the sign-in that awaits a code."""
        async with self._database.connection() as connection:
            return await sessions.find_second_step(connection, secret, now)

    async def try_code(self, comer: Comer, step: SecondStep, code: str) -> Admitted | None:
        """Look at a code; None: it is not the one of now, or was used before.

        Raises:
            PausedError: too many tries failed before.
            NotAllowedError: no key that is configured opens what the app was set up with; an administrator has to help.
        """
        seal = self._seal_of(step.totp_secret, step.person_id, step.person)
        async with self._database.transaction() as connection:
            attempt = await attempts.take_try(connection, step.person, comer.browser, None, comer.now)
        async with self._database.transaction() as connection:
            # Without a second step any more, somebody has taken it away: then the sign-in begins anew.
            right = step.totp_secret is not None and await credentials.use_code(
                connection, step.person_id, step.totp_secret, seal, code, comer.now
            )
            if right and await sessions.end_second_step(connection, step):
                return await admit(connection, comer, step.person_id, attempt, step.following)
            credential = await credentials.own_credential(connection, step.person_id)
        await self._refuse(step.person, credential, attempt)
        return None

    @asynccontextmanager
    async def counted(self, comer: Comer) -> AsyncIterator[None]:
        """Count what is tried by address, unless it comes out well or there is no answer.

        Raises:
            PausedError: too many tries failed before.
        """
        async with self._database.transaction() as connection:
            attempt = await attempts.take_address(connection, comer.origin.address, comer.now)
        try:
            yield
        except UnreachableError:
            await self._give_back(attempt, comer)
            raise
        await self._give_back(attempt, comer)

    async def _give_back(self, attempt: Attempt, comer: Comer) -> None:
        async with self._database.transaction() as connection:
            await attempts.succeed(connection, attempt, comer.now)

    async def by_identity(self, comer: Comer, identity: Identity, following: str) -> Admitted:
        """Let in whom an identity provider vouches for.

        Raises:
            NotAllowedError: nobody here is that.
        """
        async with self._database.transaction() as connection:
            known = await identities.recognise(connection, identity)
            if known.bound:
                name = identity.name or ""
                await note(connection, known.person_id, name, Deed.IDENTITY_BOUND, name, {"issuer": identity.issuer})
            return await admit(connection, comer, known.person_id, NOTHING_TRIED, following)

    async def prove_password(self, comer: Comer, name: str, credential: Credential, password: str) -> bool:
        """Have somebody who is signed in show that they know their password.

        Raises:
            PausedError, TooMuchWaitsError: as `try_password`.
        """
        async with self._database.transaction() as connection:
            attempt = await attempts.take_try(connection, name, comer.browser, None, comer.now)
        right = await self.hashing.check(credential, password)
        if right:
            async with self._database.transaction() as connection:
                await attempts.succeed(connection, attempt, comer.now)
        return right

    async def prove_code(self, comer: Comer, name: str, credential: Credential, code: str) -> bool:
        """Have somebody who is signed in show that they have their authenticator app.

        Raises:
            PausedError, NotAllowedError: as `try_code`.
        """
        seal = self._seal_of(credential.totp_secret, credential.person_id, name)
        async with self._database.transaction() as connection:
            attempt = await attempts.take_try(connection, name, comer.browser, None, comer.now)
        async with self._database.transaction() as connection:
            right = credential.totp_secret is not None and await credentials.use_code(
                connection, credential.person_id, credential.totp_secret, seal, code, comer.now
            )
            if right:
                await attempts.succeed(connection, attempt, comer.now)
        return right

    def _seal_of(self, sealed: bytes | None, person_id: int, name: str) -> Seal:
        """Return the seal that opens an app's secret. What it cannot open counts as no try: the person is right."""
        if self.seal is not None:
            with suppress(IntegrityError):
                if sealed is not None:
                    self.seal.open(sealed, person_id)
                return self.seal
        log.error(Event.SIGN_IN_UNCHECKED)
        raise NotAllowedError(NO_KEY, name=name)

    async def _refuse(self, name: str, credential: Credential | None, attempt: Attempt) -> None:
        _count("refused", Event.SIGN_IN_REFUSED)
        if attempt.begins_pause:
            log.warning(Event.SIGN_IN_PAUSED, failures=attempt.failures)
            if credential is not None:
                async with self._database.transaction() as connection:
                    detail = {"failures": attempt.failures}
                    await note(connection, credential.person_id, name, Deed.SIGN_IN_PAUSED, name, detail)


async def admit(connection: Connection, comer: Comer, person_id: int, attempt: Attempt, following: str) -> Admitted:
    """Begin the session of someone who has proven who they are, in the transaction in which that was seen."""
    await attempts.succeed(connection, attempt, comer.now)
    browser = comer.browser or secrets.token_urlsafe(sessions.SECRET_BYTES)
    await attempts.know_browser(connection, person_id, browser, comer.now)
    secret = await sessions.begin(connection, person_id, comer.now, comer.origin)
    _count("signed_in", Event.SIGNED_IN)
    return Admitted(secret, browser, following)


def _count(outcome: str, event: Event) -> None:
    SIGN_INS.labels(outcome).inc()
    log.info(event)
