"""People of the tenant, what each may do, and their tokens."""

import re
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from unicodedata import normalize

from aiohttp import web

from paygate import people
from paygate.access import Role
from paygate.database import Connection, Database
from paygate.people import AGENCY, LONGEST_FULL_NAME, MOST_AGENCIES, NAME, PAGE, Allowed, By
from paygate.web.desk.door import Page
from paygate.web.desk.forms import Form
from paygate.web.desk.navigation import ADMINS, say
from paygate.web.desk.visit import DeskVisit, Done

ROLES: Final[Mapping[Role, tuple[str, str]]] = {
    Role.OFFICER: (say("Officer"), say("works on discrepancies, imports, proposes")),
    Role.APPROVER: (say("Approver"), say("approves or rejects what others propose")),
    Role.AUDITOR: (say("Auditor"), say("sees everything, changes nothing")),
    Role.OPERATOR: (say("Operator"), say("looks after notices, imports and settings")),
    Role.ADMIN: (say("Administrator"), say("looks after people, and may do all of the above")),
    Role.SERVICE: (say("System"), say("a one-stop system that calls with a token; does not sign in")),
}
"""What each role is called, and what it is for."""

Secret = tuple[str, str]
"""What kind of secret it is, `password` or `token`, and the secret, to be shown once."""


@dataclass(frozen=True, slots=True)
class PeoplePages:
    database: Database

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """List people by name."""
        after = visit.request.query.get("after", "")
        async with self.database.connection() as connection:
            found = await people.list_people(connection, visit.tenant.tenant_id, after=after, limit=PAGE + 1)
            named = await people.list_agencies(connection, visit.tenant.tenant_id)
        following = found[PAGE - 1].name if len(found) > PAGE else None
        return visit.render(
            "people.html", people=found[:PAGE], following=following, after=after, roles=ROLES, named=named
        )

    async def tokens(self, visit: DeskVisit) -> web.StreamResponse:
        """List tokens, the latest first."""
        given = visit.request.query.get("before", "")
        before = int(given) if re.fullmatch(r"[1-9][0-9]{0,17}", given) else None
        async with self.database.connection() as connection:
            found = await people.list_tokens(connection, visit.tenant.tenant_id, before=before, limit=PAGE + 1)
        following = found[PAGE - 1].token_id if len(found) > PAGE else None
        return visit.render("tokens.html", tokens=found[:PAGE], following=following, before=before, roles=ROLES)

    async def ask_new(self, visit: DeskVisit) -> web.StreamResponse:
        """Ask whom to add."""
        return await self._asking(visit)

    async def add(self, visit: DeskVisit) -> web.StreamResponse:
        """Add a person, and show the temporary password once."""
        form, allowed = visit.form, await self._allowed(visit)
        name, full_name = (normalize("NFC", form.text(field)) for field in ("name", "full_name"))
        if not NAME.fullmatch(name):
            form.fault("name", visit.say("A name has 1 to 64 letters, digits and . _ - @, and no spaces."))
        if len(full_name) > LONGEST_FULL_NAME or not full_name.isprintable():
            form.fault("full_name", visit.say("A full name has at most %(most)s characters.", most=LONGEST_FULL_NAME))
        if form.faults or allowed is None:
            return await self._asking(visit, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        made: list[tuple[int, Secret]] = []

        async def act(connection: Connection) -> Done:
            person_id, password = await people.welcome(connection, _by(visit), name, full_name, allowed)
            if password is not None:
                made.append((person_id, ("password", password)))
                return self._person_path(visit, person_id), visit.say("%(name)s was added.", name=name)
            told = visit.say("%(name)s was added, and signs in as before.", name=name)
            return self._person_path(visit, person_id), told

        return await self._show_once(visit, await visit.once(act), made)

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a person and what can be done about them."""
        return await self._shown(visit, visit.number("person"))

    async def change(self, visit: DeskVisit) -> web.StreamResponse:
        """Change what a person may do."""
        person_id = visit.number("person")
        allowed = await self._allowed(visit, person_id)
        if allowed is None:
            return await self._shown(visit, person_id, status=HTTPStatus.UNPROCESSABLE_ENTITY)

        async def act(connection: Connection) -> Done:
            person = await people.change(connection, _by(visit), person_id, allowed)
            return self._person_path(visit, person_id), visit.say("%(name)s was changed.", name=person.called)

        return await visit.once(act)

    async def disable(self, visit: DeskVisit) -> web.StreamResponse:
        """Keep a person out from now on."""
        person_id = visit.number("person")

        async def act(connection: Connection) -> Done:
            person = await people.disable(connection, _by(visit), person_id)
            told = visit.say("%(name)s is disabled: signed out, and no token of theirs holds.", name=person.called)
            return self._person_path(visit, person_id), told

        return await visit.once(act)

    async def enable(self, visit: DeskVisit) -> web.StreamResponse:
        """Let a person in again."""
        person_id = visit.number("person")

        async def act(connection: Connection) -> Done:
            person = await people.enable(connection, _by(visit), person_id)
            return self._person_path(visit, person_id), visit.say("%(name)s may come in again.", name=person.called)

        return await visit.once(act)

    async def renew_password(self, visit: DeskVisit) -> web.StreamResponse:
        """Give a person a temporary password, and show it once."""
        person_id = visit.number("person")
        made: list[tuple[int, Secret]] = []

        async def act(connection: Connection) -> Done:
            password = await people.renew_password(connection, _by(visit), person_id)
            made.append((person_id, ("password", password)))
            return self._person_path(visit, person_id), visit.say("A temporary password was made and shown.")

        return await self._show_once(visit, await visit.once(act), made)

    async def issue_token(self, visit: DeskVisit) -> web.StreamResponse:
        """Make a token, and show it once."""
        person_id, role = visit.number("person"), visit.form.text("role")
        if role not in set(Role):
            visit.form.fault("role", visit.say("Choose a role."))
            return await self._shown(visit, person_id, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        made: list[tuple[int, Secret]] = []

        async def act(connection: Connection) -> Done:
            token = await people.hand_out_token(connection, _by(visit), person_id, Role(role))
            made.append((person_id, ("token", token)))
            return self._person_path(visit, person_id), visit.say("A token was made and shown.")

        return await self._show_once(visit, await visit.once(act), made)

    async def revoke_token(self, visit: DeskVisit) -> web.StreamResponse:
        """Make a token worth nothing."""
        token_id = visit.number("token")

        async def act(connection: Connection) -> Done:
            name = await people.revoke_token(connection, _by(visit), token_id)
            told = visit.say("Token %(number)s of %(name)s is revoked.", number=token_id, name=name)
            return visit.path("/people/tokens"), told

        return await visit.once(act)

    def pages(self) -> list[Page]:
        index, person = "/desk/{tenant}/people", "/desk/{tenant}/people/{person}"
        return [
            Page("GET", index, ADMINS, self.index),
            Page("GET", f"{index}/tokens", ADMINS, self.tokens),
            Page("GET", f"{index}/new", ADMINS, self.ask_new),
            Page("POST", f"{index}/new", ADMINS, self.add),
            Page("POST", f"{index}/tokens/{{token}}/revoke", ADMINS, self.revoke_token),
            Page("GET", person, ADMINS, self.show),
            Page("POST", person, ADMINS, self.change),
            Page("POST", f"{person}/disable", ADMINS, self.disable),
            Page("POST", f"{person}/enable", ADMINS, self.enable),
            Page("POST", f"{person}/password", ADMINS, self.renew_password),
            Page("POST", f"{person}/token", ADMINS, self.issue_token),
        ]

    async def _shown(
        self, visit: DeskVisit, person_id: int, *, status: int = HTTPStatus.OK, secret: Secret | None = None
    ) -> web.Response:
        tenant_id = visit.tenant.tenant_id
        async with self.database.snapshot() as connection:
            person = await people.find_person(connection, tenant_id, person_id)
            tokens = await people.list_tokens(connection, tenant_id, person_id)
            renewable = await people.may_renew_password(connection, tenant_id, person)
            known = await people.list_agencies(connection, tenant_id)
        refused = status != HTTPStatus.OK
        return visit.render(
            "person.html",
            status=status,
            person=person,
            tokens=tokens,
            renewable=renewable,
            secret=secret,
            roles=ROLES,
            chosen=visit.form.all("role") if refused else list(person.roles),
            known=known,
            **(_typed(visit.form) if refused else _held(person.agencies, known)),
            faults=visit.form.faults,
        )

    async def _asking(self, visit: DeskVisit, *, status: int = HTTPStatus.OK) -> web.Response:
        form = visit.form
        async with self.database.connection() as connection:
            known = await people.list_agencies(connection, visit.tenant.tenant_id)
        return visit.render(
            "person-new.html",
            status=status,
            roles=ROLES,
            chosen=form.all("role") if status != HTTPStatus.OK else [Role.OFFICER],
            known=known,
            faults=form.faults,
            name=form.text("name"),
            full_name=form.text("full_name"),
            **_typed(form),
        )

    async def _allowed(self, visit: DeskVisit, person_id: int | None = None) -> Allowed | None:
        """Read roles and agencies from a form; None where they are not right, and the faults say why."""
        tenant_id = visit.tenant.tenant_id
        async with self.database.connection() as connection:
            known = set(await people.list_agencies(connection, tenant_id))
            if person_id is not None:
                known |= set((await people.find_person(connection, tenant_id, person_id)).agencies)
        return _allowed(visit, known)

    async def _show_once(
        self, visit: DeskVisit, otherwise: web.Response, made: Sequence[tuple[int, Secret]]
    ) -> web.Response:
        """Answer the form that made a secret with it: it is written down nowhere, and a second sending leads on."""
        if not made:
            return otherwise
        ((person_id, secret),) = made
        return await self._shown(visit, person_id, secret=secret)

    @staticmethod
    def _person_path(visit: DeskVisit, person_id: int) -> str:
        return visit.path(f"/people/{person_id}")


def _by(visit: DeskVisit) -> By:
    return By(visit.tenant.tenant_id, visit.person)


def _typed(form: Form) -> dict[str, Any]:
    """Return the agencies as the form had them: those ticked, and those by their codes."""
    return {"ticked": form.all("agency"), "agencies": form.text("agencies")}


def _held(agencies: Sequence[str], known: Container[str]) -> dict[str, Any]:
    """Return a person's agencies for the form: those that dossiers name to be ticked, the others by their codes."""
    ticked = [one for one in agencies if one in known]
    return {"ticked": ticked, "agencies": " ".join(one for one in agencies if one not in known)}


def _allowed(visit: DeskVisit, known: Collection[str]) -> Allowed | None:
    form = visit.form
    roles = [role for role in form.all("role") if role in set(Role)]
    if not roles:
        form.fault("role", visit.say("Choose a role."))
    agencies = {*form.all("agency"), *(one for one in re.split(r"[\s,;]+", form.text("agencies")) if one)}
    unknown = sorted(agencies - set(known))
    if len(agencies) > MOST_AGENCIES:
        form.fault("agencies", visit.say("A person is limited to at most %(most)s agencies.", most=MOST_AGENCIES))
    elif not all(map(AGENCY.fullmatch, unknown)):
        form.fault("agencies", visit.say("An agency's code is like 000.01.12.H23; part several by spaces."))
    elif unknown and not form.text("anyway"):
        named = ", ".join(unknown)
        form.fault("agencies", visit.say("No dossier of %(codes)s has come yet: check the code.", codes=named))
    if form.faults:
        return None
    return Allowed(frozenset(map(Role, roles)), frozenset(agencies))
