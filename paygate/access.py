"""Who may do what: people, their tokens, and the role each token carries in one tenant."""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.errors import InvalidInputError, NotAllowedError, NotFoundError, UnknownCallerError

QUERIES: Final = load_queries("paygate.sql", "queries/access.sql")

TOKEN_PREFIX: Final = "pg_"  # noqa: S105 -- what a secret scanner may look for, not a secret
TOKEN_BYTES: Final = 32
LONGEST_TOKEN: Final = 200
NOTED_SECONDS: Final = 60
"""How long a token's use goes without being written down."""


class Role(StrEnum):
    SERVICE = "service"
    OFFICER = "officer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


MAKERS: Final = frozenset({Role.OFFICER, Role.ADMIN})
"""Who works on what does not agree, and proposes."""
CHECKERS: Final = frozenset({Role.APPROVER, Role.ADMIN})
"""Who decides what others propose."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person may do in a tenant; `agencies` are those it is limited to, none: the whole tenant."""

    roles: frozenset[Role]
    agencies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, with what they may do in which tenant, by the tenants' codes."""

    person: str
    grants: Mapping[str, Grant]

    def tenant(self, wanted: str | None, roles: frozenset[Role], *, limited: bool = False) -> str:
        """Return the code of the tenant a request is about; None means the only one the caller has.

        `limited` is True where the request heeds the agencies a caller is limited to; elsewhere such a caller is
        refused, for it would show or change what other agencies have.

        Raises:
            NotFoundError: a tenant the caller has no grant in does not exist for them.
            NotAllowedError: none of `roles` is theirs there, or it is for those of the whole tenant.
            InvalidInputError: they have several and named none.
        """
        if wanted is None:
            if len(self.grants) != 1:
                raise InvalidInputError("say which tenant: ?tenant=")
            wanted = next(iter(self.grants))
        if wanted not in self.grants:
            raise NotFoundError("there is no such tenant")
        grant = self.grants[wanted]
        if not grant.roles & roles:
            raise NotAllowedError("the role %(roles)s may not do this", roles=", ".join(sorted(grant.roles)))
        if grant.agencies and not limited:
            raise NotAllowedError("this is for people of the whole tenant")
        return wanted

    def agencies(self, tenant: str) -> list[str] | None:
        """Return the agencies the caller is limited to in a tenant of theirs; None: to none."""
        return sorted(self.grants[tenant].agencies) or None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone who works in a tenant. `checker`: they may approve what others propose."""

    name: str
    full_name: str
    checker: bool


async def people_who(
    connection: Connection, tenant_id: int, roles: Collection[Role], agency: str | None
) -> list[Colleague]:
    """Return who has one of the roles in a tenant and may see an agency's things, by name.

    Of what belongs to no agency (None), those of the whole tenant.
    """
    rows = await connection.fetch(QUERIES["people_who"], tenant_id, sorted(roles), agency, [Role.APPROVER, Role.ADMIN])
    return [Colleague(row["name"], row["full_name"], row["checker"]) for row in rows]


async def naming(connection: Connection, names: Iterable[str | None]) -> Callable[[str], str]:
    """Return what calls people by their full names where it knows them by what they sign in with, else as given."""
    wanted = sorted({one for one in names if one})
    rows = await connection.fetch(QUERIES["full_names"], wanted) if wanted else []
    known = {row["name"]: row["full_name"] for row in rows}
    return lambda name: known.get(name, name)


async def add_person(connection: Connection, name: str, role: Role, tenant_id: int) -> int:
    """Give a person a role in a tenant, adding the person if need be, and return their number.

    Raises:
        NotAllowedError: the person is there and disabled.
    """
    await connection.execute(QUERIES["add_person"], name)
    person = await connection.fetchrow(QUERIES["find_person"], name)
    if person is None or person["disabled"]:
        raise NotAllowedError("%(name)r is disabled", name=name)
    await connection.execute(QUERIES["grant_role"], person["person_id"], tenant_id, role)
    return int(person["person_id"])


async def load_person(connection: Connection, name: str) -> int:
    """Return the number of a person, disabled or not.

    Raises:
        NotFoundError: there is nobody of that name.
    """
    person = await connection.fetchrow(QUERIES["find_person"], name)
    if person is None:
        raise NotFoundError("there is nobody called %(name)r", name=name)
    return int(person["person_id"])


async def set_admitted(connection: Connection, person_id: int, *, disabled: bool) -> bool:
    """Disable a person in every tenant, or let them in again; False: so it was already."""
    return bool(await connection.fetchval(QUERIES["admit_person"], person_id, disabled))


async def tenants_of(connection: Connection, person_id: int) -> list[int]:
    """Return the numbers of the tenants in which a person has a role."""
    return [row["tenant_id"] for row in await connection.fetch(QUERIES["tenants_of_person"], person_id)]


async def count_who_can_sign_in(connection: Connection, *, elsewhere: bool) -> int:
    """Count the people who can sign in at the desk; `elsewhere`: at an identity provider too, without a password."""
    return int(await connection.fetchval(QUERIES["count_people_who_can_sign_in"], elsewhere))


async def limit_person(connection: Connection, person_id: int, tenant_id: int, agencies: Sequence[str]) -> None:
    """Limit all that a person may do in a tenant to some agencies; to none: the whole tenant."""
    await connection.execute(QUERIES["forget_agencies"], person_id, tenant_id)
    await connection.execute(QUERIES["limit_to_agencies"], person_id, tenant_id, list(agencies))


async def issue_token(
    connection: Connection, name: str, role: Role, tenant_id: int, *, issued_by: str | None = None
) -> str:
    """Make a token for a person, adding person and role if need be. It is returned once; only its hash is kept."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    person_id = await add_person(connection, name, role, tenant_id)
    await connection.execute(QUERIES["store_token"], _hash(token), person_id, tenant_id, role, issued_by)
    return token


async def authenticate(connection: Connection, token: str) -> Caller:
    """Find out whose token it is.

    Raises:
        UnknownCallerError: nobody's, revoked, or of a disabled person.
    """
    if len(token) > LONGEST_TOKEN:
        raise UnknownCallerError("the token is not known")
    row = await connection.fetchrow(QUERIES["find_grants"], _hash(token), NOTED_SECONDS)
    if row is None:
        raise UnknownCallerError("the token is not known")
    if row["worth_noting"]:
        await connection.execute(QUERIES["note_token_use"], _hash(token))
    return Caller(row["person"], {row["tenant"]: _grant(row)})


async def grants_of(connection: Connection, person_id: int) -> dict[str, Grant]:
    """Return what a person may do, by the tenants' codes."""
    rows = await connection.fetch(QUERIES["list_grants"], person_id)
    return {row["tenant"]: _grant(row) for row in rows}


async def grant_of(connection: Connection, tenant_id: int, name: str) -> Grant | None:
    """Return what someone may do in a tenant; None where there is no such person, or none who may do anything."""
    row = await connection.fetchrow(QUERIES["find_grant"], tenant_id, name)
    return _grant(row) if row else None


def _grant(row: asyncpg.Record) -> Grant:
    return Grant(frozenset(map(Role, row["roles"])), frozenset(row["agencies"]))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
