"""Passwords and codes of people who sign in here, and never a hint of whether it was the name or the password."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, TypeVar

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from paygate.database import Connection, load_queries
from paygate.domain.errors import IntegrityError, InvalidInputError, TooMuchWaitsError
from paygate.totp import Seal, step_of

QUERIES: Final = load_queries("paygate.sql", "queries/credentials.sql")

SHORTEST_PASSWORD: Final = 12
"""Characters; length is what counts, so no other rule (NIST SP 800-63B 3.1.1.2)."""
LONGEST_PASSWORD: Final = 256
HASHER: Final = PasswordHasher()
"""argon2id as RFC 9106 recommends it where memory is short: 64 MiB for as long as one check takes."""
CHECKS_AT_ONCE: Final = 2
CHECKS_WAITING: Final = 32
"""Passwords that may wait to be checked; who comes then is asked to come again."""
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of temporary passwords: none that is taken for another where it is read aloud."""
GROUPS: Final = 4
GROUP_LETTERS: Final = 5

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Credential:
    """How a person proves who they are. `totp_secret` is sealed; None: the password is enough."""

    person_id: int
    password_hash: str
    totp_secret: bytes | None


@cache
def _hash_of_nobody() -> str:
    """Make what is checked in place of a person that is not there, so that the time taken tells nothing.

    It is made when passwords are about to be checked: most commands never do.
    """
    return HASHER.hash("a password that nobody has")


class Hashing:
    """Threads in which passwords are hashed and checked, so few that people who sign in cannot take all the memory."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(CHECKS_AT_ONCE, "passwords")
        self._waiting = 0
        self._nobodys = _hash_of_nobody()

    async def hash(self, password: str) -> str:
        """Hash a new password.

        Raises:
            InvalidInputError: it is too short or too long.
            TooMuchWaitsError: too many are hashed already.
        """
        return await self._run(lambda: hash_password(password))

    async def check(self, credential: Credential | None, password: str) -> bool:
        """Tell whether it is the password; a person who is not there takes as long as one who is.

        Raises:
            TooMuchWaitsError: too many are checked already.
        """
        held = credential.password_hash if credential else self._nobodys
        return await self._run(lambda: _holds(held, password)) and credential is not None

    async def renewed(self, credential: Credential, password: str) -> str | None:
        """Hash a password that was right again where its hash is of an earlier strength; None: it is of today's."""
        if not HASHER.check_needs_rehash(credential.password_hash):
            return None
        return await self._run(lambda: HASHER.hash(_written(password)))

    async def _run(self, work: Callable[[], ResultT]) -> ResultT:
        if self._waiting >= CHECKS_WAITING:
            raise TooMuchWaitsError("too many people sign in at once; try again in a moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises:
        InvalidInputError: it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(_written(password)) <= LONGEST_PASSWORD:
        raise InvalidInputError(
            "a password has %(least)s to %(most)s characters", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD
        )
    return HASHER.hash(_written(password))


def new_password() -> str:
    """Make a temporary password that can be read aloud: `k7mqa-x2hdn-…`."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))
    return "-".join(groups)


async def set_password(connection: Connection, person_id: int, password: str, *, temporary: bool) -> None:
    """Give a person a password; a temporary one they have to change before anything else.

    Raises:
        InvalidInputError: it is too short or too long.
    """
    await store_password(connection, person_id, await asyncio.to_thread(hash_password, password), temporary=temporary)


async def store_password(connection: Connection, person_id: int, hashed: str, *, temporary: bool) -> None:
    """Store a hash that was made of a person's password."""
    await connection.execute(QUERIES["set_password"], person_id, hashed, temporary)


async def store_renewed(connection: Connection, credential: Credential, hashed: str) -> None:
    """Store a stronger hash of the same password."""
    await connection.execute(QUERIES["hash_password_again"], credential.person_id, credential.password_hash, hashed)


async def find_credential(connection: Connection, name: str) -> Credential | None:
    """Find how the person of a name proves who they are; None: nobody's name, or of a disabled person."""
    row = await connection.fetchrow(QUERIES["find_credential"], name)
    return Credential(**row) if row else None


async def own_credential(connection: Connection, person_id: int) -> Credential | None:
    """Find a person's; None: they have no password here."""
    row = await connection.fetchrow(QUERIES["own_credential"], person_id)
    return Credential(**row) if row else None


async def still_holds(connection: Connection, credential: Credential) -> bool:
    """Tell whether what was checked a moment ago holds, and keep it so to the transaction's end."""
    return bool(await connection.fetchval(QUERIES["still_holds"], credential.person_id, credential.password_hash))


async def use_code(  # noqa: PLR0913, PLR0917 -- whose, sealed how, and what was typed when
    connection: Connection, person_id: int, sealed: bytes, seal: Seal, code: str, now: datetime
) -> bool:
    """Tell whether it is the person's code of now, used for the first time, and use it up.

    Raises:
        IntegrityError: the secret was sealed with another key.
    """
    step = step_of(seal.open(sealed, person_id), code, now)
    return step is not None and bool(await connection.fetchval(QUERIES["use_step"], person_id, step))


async def unreadable_apps(connection: Connection, seal: Seal | None) -> list[str]:
    """Name the people whose authenticator app a seal cannot open; without a seal all that have one."""
    rows = await connection.fetch(QUERIES["list_totp"])
    return [row["name"] for row in rows if seal is None or not _opens(seal, row)]


def _opens(seal: Seal, row: asyncpg.Record) -> bool:
    try:
        seal.open(row["totp_secret"], row["person_id"])
    except IntegrityError:
        return False
    return True


async def set_totp(connection: Connection, person_id: int, sealed: bytes, step: int) -> bool:
    """Ask a person for codes from now on, later ones than that of `step`; False: they are asked already."""
    return bool(await connection.fetchval(QUERIES["set_totp"], person_id, sealed, step))


async def remove_totp(connection: Connection, person_id: int) -> bool:
    """Ask a person for codes no more; False: they were not asked."""
    return bool(await connection.fetchval(QUERIES["remove_totp"], person_id))


async def remove_password(connection: Connection, person_id: int) -> bool:
    """Let a person sign in at an identity provider alone; False: they had no password."""
    return bool(await connection.fetchval(QUERIES["remove_credential"], person_id))


def _written(password: str) -> str:
    # Keyboards write one Vietnamese letter in several ways; it is the same password.
    return unicodedata.normalize("NFC", password)


def _holds(held: str, password: str) -> bool:
    try:
        return HASHER.verify(held, _written(password)[: LONGEST_PASSWORD + 1].encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
