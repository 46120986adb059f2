"""Who may do what: people, their tokens, and the role each token carries in one tenant."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from paygate.database import Connection, load_queries
from paygate.domain.errors import InvalidInputError, NotAllowedError, NotFoundError, UnknownCallerError

QUERIES: Final = load_queries("paygate.sql", "queries/access.sql")

TOKEN_PREFIX: Final = "pg_"  # noqa: S105 -- what a secret scanner may look for, not a secret
TOKEN_BYTES: Final = 32
LONGEST_TOKEN: Final = 200


class Role(StrEnum):
    SERVICE = "service"
    OFFICER = "officer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, with which role in which tenant, by the tenants' codes."""

    person: str
    grants: Mapping[str, Role]

    def tenant(self, wanted: str | None, roles: frozenset[Role]) -> str:
        """Return the code of the tenant a request is about; None means the only one the caller has.

        Raises:
            NotFoundError: a tenant the caller has no grant in does not exist for them.
            NotAllowedError: none of `roles` is theirs there.
            InvalidInputError: they have several and named none.
        """
        if wanted is None:
            if len(self.grants) != 1:
                raise InvalidInputError("say which tenant: ?tenant=")
            wanted = next(iter(self.grants))
        if wanted not in self.grants:
            raise NotFoundError("there is no such tenant")
        if self.grants[wanted] not in roles:
            raise NotAllowedError(f"the role {self.grants[wanted]} may not do this")
        return wanted


async def add_person(connection: Connection, name: str, role: Role, tenant_id: int) -> int:
    """Give a person a role in a tenant, adding the person if need be, and return their number.

    Raises:
        NotAllowedError: the person is there and disabled.
    """
    await connection.execute(QUERIES["add_person"], name)
    person = await connection.fetchrow(QUERIES["find_person"], name)
    if person is None or person["disabled"]:
        raise NotAllowedError(f"{name!r} is disabled")
    await connection.execute(QUERIES["grant_role"], person["person_id"], tenant_id, role)
    return int(person["person_id"])


async def issue_token(connection: Connection, name: str, role: Role, tenant_id: int) -> str:
    """Make a token for a person, adding person and role if need be. It is returned once; only its hash is kept."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    person_id = await add_person(connection, name, role, tenant_id)
    await connection.execute(QUERIES["store_token"], _hash(token), person_id, tenant_id, role)
    return token


async def authenticate(connection: Connection, token: str) -> Caller:
    """Find out whose token it is.

    Raises:
        UnknownCallerError: nobody's, revoked, or of a disabled person.
    """
    if len(token) > LONGEST_TOKEN:
        raise UnknownCallerError("the token is not known")
    rows = await connection.fetch(QUERIES["find_grants"], _hash(token))
    if not rows:
        raise UnknownCallerError("the token is not known")
    return Caller(rows[0]["person"], {row["tenant"]: Role(row["role"]) for row in rows})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
