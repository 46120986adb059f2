"""Acts of the chain in words, and the page of what each is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from paygate.domain.deeds import Deed
from paygate.web.desk.navigation import say

DEEDS: Final[Mapping[Deed, str]] = {
    Deed.ROLE_GIVEN: say("gave a role"),
    Deed.PERSON_ADDED: say("added a person"),
    Deed.PERSON_CHANGED: say("changed what a person may do"),
    Deed.PERSON_DISABLED: say("disabled a person"),
    Deed.PERSON_ENABLED: say("let a person in again"),
    Deed.PERSON_SHUT_OUT: say("shut a person out of every tenant"),
    Deed.PERSON_LET_IN: say("let a person into their tenants again"),
    Deed.TOKEN_ISSUED: say("made a token"),
    Deed.TOKEN_REVOKED: say("revoked a token"),
    Deed.PASSWORD_RESET: say("made a temporary password"),
    Deed.PASSWORD_CHANGED: say("changed a password"),
    Deed.TOTP_ADDED: say("set an authenticator app up"),
    Deed.TOTP_REMOVED: say("took an authenticator app away"),
    Deed.PROVIDER_RESET: say("had a person bound anew to the identity provider"),
    Deed.IDENTITY_BOUND: say("signed in at the identity provider for the first time"),
    Deed.SIGN_IN_PAUSED: say("was kept from signing in for a while, after too many tries"),
    Deed.RULES_PROPOSED: say("proposed rules"),
    Deed.RULES_APPROVED: say("put rules in force"),
    Deed.RULES_REJECTED: say("rejected rules"),
    Deed.RULES_WITHDRAWN: say("withdrew rules"),
    Deed.MAPPING_PROPOSED: say("proposed a mapping"),
    Deed.MAPPING_APPROVED: say("approved a mapping"),
    Deed.MAPPING_REJECTED: say("rejected a mapping"),
    Deed.MAPPING_WITHDRAWN: say("withdrew a mapping"),
    Deed.DISCREPANCY_ASSIGNED: say("assigned a discrepancy"),
    Deed.DISCREPANCY_UNASSIGNED: say("took a discrepancy from everyone"),
    Deed.DISCREPANCY_COMMENTED: say("commented on a discrepancy"),
    Deed.DISCREPANCY_ATTACHED: say("attached evidence to a discrepancy"),
    Deed.DISCREPANCY_PROPOSED: say("proposed how to settle a discrepancy"),
    Deed.DISCREPANCY_WITHDRAWN: say("withdrew a proposal about a discrepancy"),
    Deed.DISCREPANCY_REJECTED: say("rejected a proposal about a discrepancy"),
    Deed.DISCREPANCY_APPROVED: say("approved a proposal about a discrepancy"),
    Deed.DISCREPANCY_CLOSED: say("approved a proposal, which closed a discrepancy"),
    Deed.MATCH_UNDONE: say("undid a match"),
    Deed.MATCH_REJOINED: say("took the undoing of a match back"),
    Deed.CLOSE_ASKED: say("asked for a day to be closed"),
    Deed.REPORT_EXPORTED: say("had a report made as a file"),
    Deed.NOTICE_BODY_TAKEN: say("took the bytes of a notice"),
    Deed.NOTICES_REPLAYED: say("replayed notices"),
    Deed.DELIVERIES_REPLAYED: say("sent dead letters again"),
    Deed.ENDPOINT_RESUMED: say("resumed an endpoint"),
    Deed.TRIMMED: say("dropped what was over its time"),
}
"""What each act is called."""


@dataclass(frozen=True, slots=True)
class About:
    """What an entry is about. `people`: the numbers of those of the tenant whose pages the reader may open, by name."""

    deed: Deed
    subject: str
    detail: Mapping[str, Any]
    people: Mapping[str, int]

    @property
    def number(self) -> str:
        """What follows the kind in a subject such as `discrepancy:12`."""
        return quote(self.subject.partition(":")[2], safe="")


def _person(about: About) -> str | None:
    number = about.people.get(about.subject)
    return None if number is None else f"/people/{number}"


def _report(about: About) -> str | None:
    period = about.detail.get("period")
    return f"/reports/{quote(period, safe='')}" if isinstance(period, str) else None


_BY_KIND: Final[Mapping[str, Callable[[About], str | None]]] = {
    "rules": lambda about: f"/rules/{quote(about.subject, safe='')}",
    "mapping": lambda about: f"/mappings/{about.number}",
    "discrepancy": lambda about: f"/discrepancies/{about.number}",
    "close": lambda about: f"/reports/{about.number}",
    "report": _report,
    "notice": lambda about: f"/notices/{about.number}",
    "notices": lambda _: "/notices",
    "deliveries": lambda _: "/settings",
    "endpoint": lambda _: "/settings",
    "trimmed": lambda _: "/settings",
    "match": lambda _: None,  # a match is shown where its facts are
}
"""By the first word of an act; every other is about a person."""


def place_of(about: About) -> str | None:
    """Return the page of what an entry is about, below the tenant's; None where there is none for the reader."""
    return _BY_KIND.get(about.deed.partition("_")[0], _person)(about)
