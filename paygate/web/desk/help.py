"""The one place where help stands: what each part is for, what the shapes mean, and whom to ask."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from paygate.database import Database
from paygate.people import list_to_ask
from paygate.web.desk.door import Page
from paygate.web.desk.visit import DeskVisit

HELP: Final = "/account/help"


@dataclass(frozen=True, slots=True)
class HelpPages:
    database: Database

    async def help(self, visit: DeskVisit) -> web.StreamResponse:
        """Show the help, with the people to ask in each of the person's tenants."""
        async with self.database.snapshot() as connection:
            asked = [(tenant, await list_to_ask(connection, tenant.tenant_id)) for tenant in visit.tenants]
        return visit.render("help.html", asked=asked)

    def pages(self) -> list[Page]:
        return [Page("GET", HELP, None, self.help)]
