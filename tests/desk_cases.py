"""Cases of the told province, found by their reason, and what is laid beside them."""

from typing import Any

from paygate.access import Role
from tests.desk import Visitor, a_person
from tests.served import Served

AGENCY = "000.00.12.H23"


async def number_of(served: Served, reason: str, kind: str = "") -> int:
    """Return the first live discrepancy of a reason, of a kind of case where one is given."""
    found = await served.fetchval(
        "SELECT min(discrepancy_id) FROM discrepancy WHERE reason = $1 AND case_key LIKE $2 || '%'"
        " AND state <> 'resolved'",
        reason,
        kind,
    )
    assert found is not None, reason
    return int(found)


def path_of(number: int, below: str = "", tenant: str = "haiduong") -> str:
    return f"/desk/{tenant}/discrepancies/{number}{below}"


async def signed_in(visitor: Visitor, *roles: Role, **person: Any) -> str:
    """Sign somebody new in, and return their name."""
    name = await a_person(visitor.served, *roles, **person)
    assert await visitor.sign_in(name) == 200
    return name
