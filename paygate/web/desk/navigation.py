"""Where a person can go from every page, by what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paygate.access import Caller, Role

WORKERS: Final = frozenset({Role.OFFICER, Role.APPROVER, Role.AUDITOR, Role.ADMIN})
"""Who sees what agrees and what does not."""
PEOPLE: Final = frozenset(Role) - {Role.SERVICE}
ADMINS: Final = frozenset({Role.ADMIN})
KEEPERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR, Role.ADMIN})
"""Who sees how the service is set up."""
WATCHERS: Final = frozenset({Role.AUDITOR, Role.ADMIN})
"""Who reads who did what."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the desk. `name` is in English, as the words' files have it; `path` is below the tenant's."""

    name: str
    path: str
    roles: frozenset[Role]
    limited: bool = False


def say(message: str) -> str:
    """Mark a message for the words' files; it is said where a language is known."""
    return message


PLACES: Final = (
    Place(say("Today"), "", WORKERS, limited=True),
    Place(say("Discrepancies"), "/discrepancies", WORKERS, limited=True),
    Place(say("Reports"), "/reports", WORKERS, limited=True),
    Place(say("Notices"), "/notices", PEOPLE),
    Place(say("Imports"), "/imports", PEOPLE),
)
"""In the order of the menu. `limited`: open to those who are limited to some agencies."""

KEEPING: Final = (
    Place(say("Rules"), "/rules", WORKERS),
    Place(say("Settings"), "/settings", KEEPERS),
    Place(say("People"), "/people", ADMINS),
    Place(say("Audit trail"), "/audit", WATCHERS),
)
"""At the end of the menu: how the service is set up, and who did what."""


def places_for(caller: Caller, tenant: str) -> Sequence[Place]:
    """Return the parts of the desk that are open to someone in a tenant."""
    grant = caller.grants[tenant]
    return [one for one in (*PLACES, *KEEPING) if grant.roles & one.roles and (one.limited or not grant.agencies)]


def first_of(caller: Caller, tenant: str) -> str:
    """Return the address at which someone begins in a tenant: the first part of the desk that is open to them."""
    places = places_for(caller, tenant)
    return f"/desk/{tenant}{places[0].path if places else ''}"
