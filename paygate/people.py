"""The people of a tenant, as its administrators look after them: each act is written down with who did it.

An administrator sees and changes what a person may do in the tenant, and nothing of what they may do elsewhere. A
password can open every door of a person's, so it is given by none but the only tenant that knows them.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from paygate import audit, sessions
from paygate.access import Role, add_person, issue_token, limit_person
from paygate.credentials import new_password, set_password
from paygate.database import Connection, TenantLock, load_queries
from paygate.domain.deeds import Deed
from paygate.domain.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from paygate.sign_in_changes import reset_password

QUERIES: Final = load_queries("paygate.sql", "queries/people.sql")

MOST_TO_ASK: Final = 20
PAGE: Final = 50
NAME: Final = re.compile(r"[^\W_](?:[\w.@-]{0,62}[^\W_])?")
"""What people sign in by."""
LONGEST_FULL_NAME: Final = 100
AGENCY: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9.-]{0,38}[A-Z0-9])?")
MOST_AGENCIES: Final = 200
MOST_AGENCIES_SHOWN: Final = 1_000
AT_THE_DESK: Final = frozenset(Role) - {Role.SERVICE}
"""Roles of people who sign in; a system comes with a token."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a tenant knows them. `disabled_at` is None for those who may come in."""

    person_id: int
    name: str
    full_name: str
    roles: Sequence[Role]
    agencies: Sequence[str]
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None
    disabled_by: str | None
    disabled_everywhere: bool
    has_password: bool
    tokens: int

    @property
    def called(self) -> str:
        return self.full_name or self.name

    @property
    def disabled(self) -> bool:
        return self.disabled_everywhere or self.disabled_at is not None


@dataclass(frozen=True, slots=True)
class Token:
    """A token as people see it: never what it says. `used_at` is known to within a minute."""

    token_id: int
    person_id: int
    name: str
    full_name: str
    role: Role
    issued_at: datetime
    issued_by: str | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person is to be allowed in a tenant; `agencies` are those it is limited to, none: the whole tenant."""

    roles: Collection[Role]
    agencies: Collection[str] = ()

    def __post_init__(self) -> None:
        if not self.roles:
            raise InvalidInputError("a person has a role at least")

    def told(self) -> dict[str, list[str]]:
        return {"roles": sorted(self.roles), "agencies": sorted(self.agencies)}


@dataclass(frozen=True, slots=True)
class By:
    """Who looks after which tenant."""

    tenant_id: int
    actor: str


async def list_people(connection: Connection, tenant_id: int, *, after: str = "", limit: int = PAGE) -> list[Person]:
    """Return people by name, from the one after `after` on."""
    rows = await connection.fetch(QUERIES["list_people"], tenant_id, None, after, limit)
    return [_person(row) for row in rows]


async def list_to_ask(connection: Connection, tenant_id: int) -> dict[Role, list[str]]:
    """Return who looks after a tenant's people and after its feeds, as pages call them; of many the first."""
    found: dict[Role, list[str]] = {Role.ADMIN: [], Role.OPERATOR: []}
    for row in await connection.fetch(QUERIES["list_to_ask"], tenant_id, MOST_TO_ASK):
        found[Role(row["role"])].append(row["name"])
    return found


async def find_person(connection: Connection, tenant_id: int, person_id: int) -> Person:
    """Find one of a tenant's people.

    Raises:
        NotFoundError: the tenant knows nobody of that number.
    """
    row = await connection.fetchrow(QUERIES["list_people"], tenant_id, person_id, "", 1)
    if row is None:
        raise NotFoundError("there is no such person")
    return _person(row)


async def find_by_name(connection: Connection, tenant_id: int, name: str) -> int | None:
    """Return the number of one of a tenant's people; None where it knows nobody of that name."""
    person_id: int | None = await connection.fetchval(QUERIES["find_among_people"], tenant_id, name)
    return person_id


async def numbers_of(connection: Connection, tenant_id: int, names: Collection[str]) -> dict[str, int]:
    """Return the numbers of those of the names that a tenant knows."""
    rows = await connection.fetch(QUERIES["number_people"], tenant_id, sorted(names))
    return {row["name"]: row["person_id"] for row in rows}


async def list_agencies(connection: Connection, tenant_id: int) -> dict[str, str]:
    """Return the agencies that a tenant's dossiers name, by code, with their names; of very many the first."""
    rows = await connection.fetch(QUERIES["list_agencies"], tenant_id, MOST_AGENCIES_SHOWN)
    return {row["code"]: row["name"] for row in rows}


async def list_tokens(
    connection: Connection,
    tenant_id: int,
    person_id: int | None = None,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> list[Token]:
    """Return tokens, the latest first, from the one before `before` on."""
    rows = await connection.fetch(QUERIES["list_tokens"], tenant_id, person_id, before, limit)
    return [Token(**{**row, "role": Role(row["role"])}) for row in rows]


async def welcome(
    connection: Connection, by: By, name: str, full_name: str, allowed: Allowed
) -> tuple[int, str | None]:
    """Let a person in, and return their number and a temporary password; None where they have one of their own.

    Raises:
        ConflictError: the tenant knows them already.
        NotAllowedError: they are disabled.
    """
    await _take_turn(connection, by)
    if await find_by_name(connection, by.tenant_id, name) is not None:
        raise ConflictError("%(name)s is there already", name=name)
    is_new = await connection.fetchval(QUERIES["store_person"], name, full_name) is not None
    person_id = await _give(connection, by.tenant_id, name, allowed)
    password = new_password() if is_new and AT_THE_DESK & set(allowed.roles) else None
    if password is not None:
        await set_password(connection, person_id, password, temporary=True)
    detail = {**allowed.told(), "new": is_new, "password": password is not None}
    await audit.append(connection, by.tenant_id, by.actor, Deed.PERSON_ADDED, name, detail)
    return person_id, password


async def change(connection: Connection, by: By, person_id: int, allowed: Allowed) -> Person:
    """Change what a person may do, and return them as they were. Tokens of a role that is taken are worth nothing.

    Raises:
        NotFoundError: the tenant knows nobody of that number.
        ConflictError: nobody would be left to look after people.
    """
    await _take_turn(connection, by)
    before = await find_person(connection, by.tenant_id, person_id)
    await _give(connection, by.tenant_id, before.name, allowed)
    await connection.execute(QUERIES["take_roles"], by.tenant_id, person_id, sorted(allowed.roles))
    await _keep_an_admin(connection, by.tenant_id)
    detail = {"before": Allowed(before.roles, before.agencies).told(), "after": allowed.told()}
    await audit.append(connection, by.tenant_id, by.actor, Deed.PERSON_CHANGED, before.name, detail)
    return before


async def disable(connection: Connection, by: By, person_id: int) -> Person:
    """Keep a person out from now on: what they are signed in to ends, their tokens open nothing. Done twice is done.

    Raises:
        NotFoundError, ConflictError: as `change`.
    """
    await _take_turn(connection, by)
    person = await find_person(connection, by.tenant_id, person_id)
    if await connection.fetchval(QUERIES["disable_person"], by.tenant_id, person_id, by.actor):
        await _keep_an_admin(connection, by.tenant_id)
        if not await _known_elsewhere(connection, by.tenant_id, person_id):
            await sessions.end_all(connection, person_id)
        await audit.append(connection, by.tenant_id, by.actor, Deed.PERSON_DISABLED, person.name, {})
    return person


async def enable(connection: Connection, by: By, person_id: int) -> Person:
    """Let a person in again. Done twice is done.

    Raises:
        NotFoundError: the tenant knows nobody of that number.
    """
    await _take_turn(connection, by)
    person = await find_person(connection, by.tenant_id, person_id)
    if await connection.fetchval(QUERIES["enable_person"], by.tenant_id, person_id):
        await audit.append(connection, by.tenant_id, by.actor, Deed.PERSON_ENABLED, person.name, {})
    return person


async def may_renew_password(connection: Connection, tenant_id: int, person: Person) -> bool:
    """Tell whether a tenant may give a person another password: it is theirs alone, and they sign in here."""
    at_the_desk = bool(AT_THE_DESK & set(person.roles))
    return at_the_desk and not person.disabled and not await _known_elsewhere(connection, tenant_id, person.person_id)


async def renew_password(connection: Connection, by: By, person_id: int) -> str:
    """Give a person a temporary password in place of the one they had; where they are signed in, that ends.

    Raises:
        NotFoundError: the tenant knows nobody of that number.
        NotAllowedError: another tenant knows them too, they are disabled, or never sign in.
    """
    await _take_turn(connection, by)
    person = await find_person(connection, by.tenant_id, person_id)
    if not await may_renew_password(connection, by.tenant_id, person):
        raise NotAllowedError("the password of %(name)s is not this tenant's to give", name=person.name)
    return await reset_password(connection, person.name, by.actor)


async def hand_out_token(connection: Connection, by: By, person_id: int, role: Role) -> str:
    """Make a token of one of a person's roles and return it; it is kept nowhere.

    Raises:
        NotFoundError: the tenant knows nobody of that number.
        ConflictError: the role is not theirs, or they are disabled.
    """
    await _take_turn(connection, by)
    person = await find_person(connection, by.tenant_id, person_id)
    if role not in person.roles or person.disabled:
        raise ConflictError("%(name)s may not act as %(role)s", name=person.name, role=role)
    token = await issue_token(connection, person.name, role, by.tenant_id, issued_by=by.actor)
    await audit.append(connection, by.tenant_id, by.actor, Deed.TOKEN_ISSUED, person.name, {"role": role})
    return token


async def revoke_token(connection: Connection, by: By, token_id: int) -> str:
    """Make a token worth nothing, and return whose it was. Done twice is done.

    Raises:
        NotFoundError: the tenant has none of that number.
    """
    name: str | None = await connection.fetchval(QUERIES["find_token"], by.tenant_id, token_id)
    if name is None:
        raise NotFoundError("there is no such token")
    role = await connection.fetchval(QUERIES["revoke_token"], by.tenant_id, token_id)
    if role is not None:
        detail = {"token": token_id, "role": role}
        await audit.append(connection, by.tenant_id, by.actor, Deed.TOKEN_REVOKED, name, detail)
    return name


async def _take_turn(connection: Connection, by: By) -> None:
    await connection.execute(QUERIES["take_turn_at_people"], by.tenant_id, TenantLock.PEOPLE)


async def _give(connection: Connection, tenant_id: int, name: str, allowed: Allowed) -> int:
    (person_id, *_) = [await add_person(connection, name, role, tenant_id) for role in sorted(allowed.roles)]
    await limit_person(connection, person_id, tenant_id, sorted(allowed.agencies))
    return person_id


async def _known_elsewhere(connection: Connection, tenant_id: int, person_id: int) -> bool:
    return bool(await connection.fetchval(QUERIES["is_known_elsewhere"], tenant_id, person_id))


async def _keep_an_admin(connection: Connection, tenant_id: int) -> None:
    if not await connection.fetchval(QUERIES["count_admins"], tenant_id):
        raise ConflictError("the last administrator of the whole tenant stays one")


def _person(row: asyncpg.Record) -> Person:
    return Person(**{**row, "roles": tuple(sorted(map(Role, row["roles"]))), "agencies": tuple(row["agencies"])})
