"""Who people are at an identity provider: bound once to its own number for them, never to what it calls them."""

from dataclasses import dataclass
from typing import Final

from paygate.database import Connection, load_queries
from paygate.domain.errors import NotAllowedError

QUERIES: Final = load_queries("paygate.sql", "queries/identities.sql")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says has come. `name` is None where it vouches for none."""

    issuer: str
    subject: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """The person somebody is here; `bound` where they have just become so."""

    person_id: int
    bound: bool


async def recognise(connection: Connection, identity: Identity) -> Known:
    """Find the person of an identity. At the first sign-in that is whom an administrator has made under the name.

    Raises:
        NotAllowedError: nobody has, they sign in otherwise, or they are disabled.
    """
    row = await connection.fetchrow(QUERIES["find_identity"], identity.issuer, identity.subject)
    if row is not None:
        if row["disabled"]:
            raise NotAllowedError("this person is disabled")
        return Known(row["person_id"], bound=False)
    person = identity.name and await connection.fetchrow(QUERIES["bindable_person"], identity.name, identity.issuer)
    if not person or person["disabled"] or person["bound"] or person["has_password"]:
        raise NotAllowedError("nobody here is known by what the provider says")
    await connection.execute(QUERIES["bind_identity"], identity.issuer, identity.subject, person["person_id"])
    return Known(person["person_id"], bound=True)


async def forget(connection: Connection, person_id: int) -> None:
    """Have a person be bound anew."""
    await connection.execute(QUERIES["forget_identities"], person_id)
