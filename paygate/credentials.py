"""Passwords of people who sign in here: argon2id, and never a hint of whether it was the name or the password."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from paygate.database import Connection, load_queries
from paygate.domain.errors import InvalidInputError

QUERIES: Final = load_queries("paygate.sql", "queries/credentials.sql")

SHORTEST_PASSWORD: Final = 12
"""Characters; length is what counts, so no other rule (NIST SP 800-63B 3.1.1.2)."""
LONGEST_PASSWORD: Final = 256
HASHER: Final = PasswordHasher()
"""argon2id as RFC 9106 recommends it where memory is short."""
NOBODY: Final = HASHER.hash("a password that nobody has")
"""Checked in place of a person that is not there, so that the time taken tells nothing."""


async def set_password(connection: Connection, person_id: int, password: str, *, temporary: bool) -> None:
    """Give a person a password; a temporary one they have to change before anything else.

    Raises:
        InvalidInputError: it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInputError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    await connection.execute(QUERIES["set_password"], person_id, HASHER.hash(password), temporary)


async def check_password(connection: Connection, name: str, password: str) -> int | None:
    """Return the number of the person whose name and password these are; None: nobody's, or of a disabled person."""
    row = await connection.fetchrow(QUERIES["find_credential"], name)
    held = row["password_hash"] if row else NOBODY
    if not _holds(held, password[:LONGEST_PASSWORD]) or row is None:
        return None
    if HASHER.check_needs_rehash(held):
        await connection.execute(QUERIES["set_password"], row["person_id"], HASHER.hash(password), row["temporary"])
    return int(row["person_id"])


def _holds(held: str, password: str) -> bool:
    try:
        return HASHER.verify(held, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
