"""What is changed about how people sign in, by themselves and by who runs the service: each act is written down."""

from collections.abc import Mapping
from typing import Any

from paygate import attempts, audit, credentials, identities, sessions
from paygate.access import load_person, set_admitted, tenants_of
from paygate.credentials import Credential
from paygate.database import Connection
from paygate.domain.deeds import Deed
from paygate.domain.errors import ConflictError
from paygate.sessions import Session


async def note(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
    connection: Connection, person_id: int, actor: str, act: Deed, name: str, detail: Mapping[str, Any]
) -> None:
    """Write into the chain of every tenant in which a person has a role what was done about how they sign in."""
    for tenant_id in await tenants_of(connection, person_id):
        await audit.append(connection, tenant_id, actor, act, name, detail)


async def shut_out(connection: Connection, name: str, actor: str) -> int:
    """Keep a person out of every tenant, end their sessions in the same transaction, and return how many there were.

    Raises:
        NotFoundError: there is nobody of that name.
    """
    person_id = await load_person(connection, name)
    if await set_admitted(connection, person_id, disabled=True):
        await note(connection, person_id, actor, Deed.PERSON_SHUT_OUT, name, {})
    return await sessions.end_all(connection, person_id)


async def let_in(connection: Connection, name: str, actor: str) -> bool:
    """Let a person in again; False: they were not kept out.

    Raises:
        NotFoundError: there is nobody of that name.
    """
    person_id = await load_person(connection, name)
    changed = await set_admitted(connection, person_id, disabled=False)
    if changed:
        await note(connection, person_id, actor, Deed.PERSON_LET_IN, name, {})
    return changed


async def reset_password(connection: Connection, name: str, actor: str) -> str:
    """Give a person a temporary password and return it; sessions, pauses and known browsers end.

    Raises:
        NotFoundError: there is nobody of that name.
    """
    person_id = await load_person(connection, name)
    password = credentials.new_password()
    await credentials.set_password(connection, person_id, password, temporary=True)
    await _begin_anew(connection, person_id, name)
    await note(connection, person_id, actor, Deed.PASSWORD_RESET, name, {})
    return password


async def reset_totp(connection: Connection, name: str, actor: str) -> None:
    """Ask a person for codes no more: they have lost what makes them. Their sessions end.

    Raises:
        NotFoundError: there is nobody of that name.
        ConflictError: they are asked for none.
    """
    person_id = await load_person(connection, name)
    if not await credentials.remove_totp(connection, person_id):
        raise ConflictError("%(name)r is asked for no codes", name=name)
    await _begin_anew(connection, person_id, name)
    await note(connection, person_id, actor, Deed.TOTP_REMOVED, name, {})


async def reset_provider(connection: Connection, name: str, actor: str) -> None:
    """Have a person be bound anew at their next sign-in at the identity provider, and nowhere else. Sessions end.

    Raises:
        NotFoundError: there is nobody of that name.
    """
    person_id = await load_person(connection, name)
    await credentials.remove_password(connection, person_id)
    await identities.forget(connection, person_id)
    await _begin_anew(connection, person_id, name)
    await note(connection, person_id, actor, Deed.PROVIDER_RESET, name, {})


async def _begin_anew(connection: Connection, person_id: int, name: str) -> None:
    await sessions.end_all(connection, person_id)
    await attempts.forget_pause(connection, name)
    await attempts.forget_browsers(connection, person_id)


async def change_password(connection: Connection, session: Session, credential: Credential, hashed: str) -> None:
    """Give oneself another password; all one's other sessions end.

    Raises:
        ConflictError: it was changed since the former one was checked.
    """
    if not await credentials.still_holds(connection, credential):
        raise ConflictError("the password was changed meanwhile")
    await credentials.store_password(connection, session.person_id, hashed, temporary=False)
    await attempts.forget_pause(connection, session.person)
    await _done(connection, session, Deed.PASSWORD_CHANGED)


async def add_totp(connection: Connection, session: Session, sealed: bytes, step: int) -> None:
    """Have oneself asked for codes from now on; all one's other sessions end.

    Raises:
        ConflictError: one is asked for them already, or has no password here.
    """
    if not await credentials.set_totp(connection, session.person_id, sealed, step):
        raise ConflictError("an authenticator app is set up already")
    await _done(connection, session, Deed.TOTP_ADDED)


async def drop_totp(connection: Connection, session: Session) -> None:
    """Have oneself asked for codes no more; all one's other sessions end."""
    if await credentials.remove_totp(connection, session.person_id):
        await _done(connection, session, Deed.TOTP_REMOVED)


async def end_others(connection: Connection, session: Session) -> int:
    """End all one's other sessions and return how many there were."""
    return await sessions.end_all(connection, session.person_id, but=session.number)


async def _done(connection: Connection, session: Session, act: Deed) -> None:
    await end_others(connection, session)
    await note(connection, session.person_id, session.person, act, session.person, {})
