"""Who may go where: one line for each page and each route, written by hand from what each is for.

A route that is not here fails the walk. `everyone` needs no session, `signed in` any; else the roles are listed, and
`| agencies` says that people who are limited to some agencies may come too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from paygate.access import Role

TABLE: Final = """
GET  /livez                                              everyone
GET  /readyz                                             everyone
GET  /metrics                                            everyone
GET  /openapi.json                                       everyone
POST /v1/payables/{source}                               everyone
GET  /static/{name}                                      everyone
POST /language                                           everyone
GET  /sign-in                                            everyone
POST /sign-in                                            everyone
GET  /sign-in/code                                       everyone
POST /sign-in/code                                       everyone
GET  /sign-in/{nowhere}                                  everyone
GET  /account/{nowhere}                                  everyone
GET  /desk/{nowhere}                                     everyone

GET  /                                                   signed in
GET  /account                                            signed in
POST /account/sessions/end                               signed in
GET  /account/password                                   signed in
POST /account/password                                   signed in
GET  /account/totp                                       signed in
POST /account/totp                                       signed in
POST /account/totp/remove                                signed in
GET  /account/help                                       signed in
POST /sign-out                                           signed in

GET  /desk/{tenant}                                      officer approver auditor admin | agencies
GET  /desk/{tenant}/reports                              officer approver auditor admin | agencies
GET  /desk/{tenant}/reports/{period}                     officer approver auditor admin | agencies
GET  /desk/{tenant}/reports/{period}/cases               officer approver auditor admin | agencies
GET  /desk/{tenant}/search                               officer approver auditor admin | agencies
GET  /desk/{tenant}/dossiers/{code}                      officer approver auditor admin | agencies
GET  /desk/{tenant}/payments/{payment}                   officer approver auditor admin | agencies
GET  /desk/{tenant}/discrepancies                        officer approver auditor admin | agencies
POST /desk/{tenant}/discrepancies/views                  officer approver auditor admin | agencies
POST /desk/{tenant}/discrepancies/views/drop             officer approver auditor admin | agencies
POST /desk/{tenant}/discrepancies/acts                   officer admin | agencies
GET  /desk/{tenant}/discrepancies/acts/{selection}       officer admin | agencies
POST /desk/{tenant}/discrepancies/acts/{selection}       officer admin | agencies
GET  /desk/{tenant}/discrepancies/{id}                   officer approver auditor admin | agencies
GET  /desk/{tenant}/discrepancies/{id}/notices/{notice}  officer approver auditor admin | agencies
GET  /desk/{tenant}/discrepancies/{id}/notices/{notice}/body  officer approver auditor admin | agencies
GET  /desk/{tenant}/discrepancies/{id}/files/{file}      officer approver auditor admin | agencies
POST /desk/{tenant}/discrepancies/{id}/assign            officer admin | agencies
POST /desk/{tenant}/discrepancies/{id}/comment           officer admin | agencies
POST /desk/{tenant}/discrepancies/{id}/evidence          officer admin | agencies
GET  /desk/{tenant}/discrepancies/{id}/propose/{kind}    officer admin | agencies
POST /desk/{tenant}/discrepancies/{id}/propose/{kind}    officer admin | agencies
POST /desk/{tenant}/discrepancies/{id}/withdraw          officer admin | agencies
POST /desk/{tenant}/discrepancies/{id}/approve           approver admin | agencies
POST /desk/{tenant}/discrepancies/{id}/reject            approver admin | agencies

GET  /desk/{tenant}/reports/{period}.{kind}              officer approver auditor admin
POST /desk/{tenant}/reports/{period}/exports             officer approver auditor admin
GET  /desk/{tenant}/exports/{id}                         officer approver auditor admin
GET  /desk/{tenant}/exports/{id}/file                    officer approver auditor admin
POST /desk/{tenant}/close                                officer admin

GET  /desk/{tenant}/notices                              officer approver auditor operator admin
GET  /desk/{tenant}/notices/{notice}                     officer approver auditor operator admin
GET  /desk/{tenant}/notices/{notice}/body                officer approver auditor operator admin
POST /desk/{tenant}/notices/replays                      operator admin
GET  /desk/{tenant}/notices/replays/{selection}          operator admin
POST /desk/{tenant}/notices/replays/{selection}          operator admin

GET  /desk/{tenant}/imports                              officer approver auditor operator admin
POST /desk/{tenant}/imports                              officer operator admin
GET  /desk/{tenant}/imports/statements/{statement}       officer approver auditor operator admin
GET  /desk/{tenant}/imports/statements/{statement}/refused.csv  officer approver auditor operator admin
GET  /desk/{tenant}/imports/{job}                        officer approver auditor operator admin
GET  /desk/{tenant}/mappings                             officer approver auditor operator admin
POST /desk/{tenant}/mappings                             officer operator admin
GET  /desk/{tenant}/mappings/draft                       officer operator admin
POST /desk/{tenant}/mappings/draft                       officer operator admin
GET  /desk/{tenant}/mappings/configured/{name}           officer approver auditor operator admin
GET  /desk/{tenant}/mappings/{mapping}                   officer approver auditor operator admin
POST /desk/{tenant}/mappings/{mapping}/approve           approver admin
POST /desk/{tenant}/mappings/{mapping}/reject            approver admin
POST /desk/{tenant}/mappings/{mapping}/withdraw          officer operator admin

GET  /desk/{tenant}/people                               admin
GET  /desk/{tenant}/people/new                           admin
POST /desk/{tenant}/people/new                           admin
GET  /desk/{tenant}/people/tokens                        admin
POST /desk/{tenant}/people/tokens/{token}/revoke         admin
GET  /desk/{tenant}/people/{person}                      admin
POST /desk/{tenant}/people/{person}                      admin
POST /desk/{tenant}/people/{person}/disable              admin
POST /desk/{tenant}/people/{person}/enable               admin
POST /desk/{tenant}/people/{person}/password             admin
POST /desk/{tenant}/people/{person}/token                admin

GET  /desk/{tenant}/settings                             auditor operator admin
GET  /desk/{tenant}/settings/calendar                    auditor operator admin
GET  /desk/{tenant}/rules                                officer approver auditor admin
GET  /desk/{tenant}/rules/new                            officer admin
POST /desk/{tenant}/rules/new                            officer admin
GET  /desk/{tenant}/rules/backtests/{job}                officer approver auditor admin
GET  /desk/{tenant}/rules/{version}                      officer approver auditor admin
POST /desk/{tenant}/rules/{version}/approve              approver admin
POST /desk/{tenant}/rules/{version}/reject               approver admin
POST /desk/{tenant}/rules/{version}/withdraw             officer admin
GET  /desk/{tenant}/audit                                auditor admin
POST /desk/{tenant}/audit/checks                         auditor admin
GET  /desk/{tenant}/audit/checks/{job}                   auditor admin
GET  /desk/{tenant}/audit/{number}                       auditor admin

PUT  /v1/records                                         service admin
GET  /v1/records/{dossier}                               service officer approver auditor admin | agencies
POST /v1/payment-requests                                service admin
POST /v1/statements                                      service officer admin
GET  /v1/imports/{id}                                    service officer admin
GET  /v1/reports/{tenant}/{date}                         officer approver auditor admin
GET  /v1/reports/{tenant}/{date}.csv                     officer approver auditor admin
GET  /v1/reports/{tenant}/{date}.xlsx                    officer approver auditor admin
GET  /v1/reports/{tenant}/{date}.pdf                     officer approver auditor admin
POST /v1/reconciliations                                 service officer admin
GET  /v1/reconciliations/{id}                            service officer admin
POST /v1/matches/{id}/undo                               approver admin
POST /v1/matches/{id}/rejoin                             approver admin
GET  /v1/events                                          service auditor admin
GET  /v1/discrepancies                                   service officer approver auditor admin | agencies
GET  /v1/discrepancies/{id}                              officer approver auditor admin | agencies
POST /v1/discrepancies/{id}/assign                       officer admin | agencies
POST /v1/discrepancies/{id}/comment                      officer admin | agencies
POST /v1/discrepancies/{id}/evidence                     officer admin | agencies
GET  /v1/discrepancies/{id}/evidence/{file}              officer approver auditor admin | agencies
POST /v1/discrepancies/{id}/propose                      officer admin | agencies
POST /v1/discrepancies/{id}/withdraw                     officer admin | agencies
POST /v1/discrepancies/{id}/approve                      approver admin | agencies
POST /v1/discrepancies/{id}/reject                       approver admin | agencies
"""
EVERYONE: Final = "everyone"
SIGNED_IN: Final = "signed in"

NOBODYS: Final = {
    "period": "2024-05-08",
    "date": "2024-05-08",
    "name": "desk.css",
    "kind": "csv",
    "code": "000.00.00.H23-000000-0000",
    "dossier": "000.00.00.H23-000000-0000",
    "source": "none",
}
"""What stands in a path where nothing in particular is asked for; elsewhere a number that nothing has."""
NO_NUMBER: Final = "999999999"


@dataclass(frozen=True)
class Line:
    """A line of the table. `roles` is None where none is asked for; `open` without a session even."""

    method: str
    path: str
    roles: frozenset[Role] | None
    agencies: bool
    open: bool

    @property
    def unsafe(self) -> bool:
        return self.method not in {"GET", "HEAD"}

    @property
    def page(self) -> bool:
        return not self.path.startswith("/v1/")

    @property
    def of_a_tenant(self) -> bool:
        return self.roles is not None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_table() -> Mapping[tuple[str, str], Line]:
    lines = [re.split(r"\s+", text, maxsplit=2) for text in TABLE.strip().splitlines() if text]
    return {(method, path): _line(method, path, who) for method, path, who in lines}


def _line(method: str, path: str, who: str) -> Line:
    if who in {EVERYONE, SIGNED_IN}:
        return Line(method, path, None, agencies=True, open=who == EVERYONE)
    roles, _, agencies = who.partition(" | ")
    return Line(method, path, frozenset(map(Role, roles.split())), agencies=agencies == "agencies", open=False)


def filled(line: Line, tenant: str, **known: str) -> str:
    """Put a tenant and numbers into a path; `known` are by the part of the path before them."""
    parts = line.path.split("/")
    for at, part in enumerate(parts):
        for name in re.findall(r"\{(\w+)\}", part):
            told = tenant if name == "tenant" else known.get(parts[at - 1], NOBODYS.get(name, NO_NUMBER))
            parts[at] = parts[at].replace(f"{{{name}}}", str(told))
    asked = "&version=1" if line.path.endswith("/evidence") else ""
    return "/".join(parts) + ("" if line.page else f"?tenant={tenant}{asked}")
