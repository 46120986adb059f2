"""Cases of the told province, found by their reason, and what is laid beside them."""

from typing import Any, Final

from paygate.access import Role
from tests.desk import Visitor, a_person
from tests.served import Served

AGENCY: Final = "000.00.12.H23"
WHY: Final = "Đã đối chiếu với ngân hàng"


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


async def field(visitor: Visitor, path: str, name: str = "version") -> str:
    """Load a page and return a hidden field of it."""
    _, text = await visitor.get(path)
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]


async def state_of(served: Served, number: int) -> str:
    state = await served.fetchval("SELECT state::text FROM discrepancy WHERE discrepancy_id = $1", number)
    return str(state)


async def act(visitor: Visitor, number: int, what: str, **fields: Any) -> tuple[int, str]:
    """Load the page and send one of its forms, as of the version it shows."""
    version = await field(visitor, path_of(number))
    return await visitor.post(path_of(number, f"/{what}"), {"version": version, **fields})


async def propose(visitor: Visitor, number: int, kind: str = "write_off", **fields: Any) -> tuple[int, str]:
    """Fill in a proposal, look at it, and send it."""
    where = path_of(number, f"/propose/{kind}")
    given = {"version": await field(visitor, where), "reason": WHY, **fields}
    status, text = await visitor.post(where, {**given, "step": "check"})
    assert status == 200, text
    assert "Kiểm tra trước khi gửi" in text
    return await visitor.post(where, {**given, "step": "send"})
