"""People of the sample province who can sign in, and what they have done about its discrepancies already.

All they do goes through the same acts as at the desk. Nothing is closed, so that a second run finds the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
import stamina

from paygate.access import Role
from paygate.app import Service, casework_of
from paygate.casework import Worker
from paygate.credentials import new_password, set_password
from paygate.database import load_queries
from paygate.domain.casework import ProposalKind
from paygate.domain.errors import TemporaryError
from paygate.people import Allowed, By, find_by_name, welcome
from reconciliation.model import Reason
from reconciliation.remedies import REFUNDABLE

QUERIES: Final = load_queries("paygate.sql", "queries/demo.sql")

MAKER: Final = "lan.nguyen"
CHECKER: Final = "minh.tran"
PEOPLE: Final[Mapping[str, tuple[str, Role]]] = {
    MAKER: ("Nguyễn Thị Lan", Role.OFFICER),
    CHECKER: ("Trần Văn Minh", Role.APPROVER),
    "thu.pham": ("Phạm Thị Thu", Role.AUDITOR),
    "dung.vo": ("Võ Tiến Dũng", Role.OPERATOR),
    "hoa.le": ("Lê Thị Hoa", Role.ADMIN),
}
"""By the name they sign in with."""
OF_EACH_REASON: Final = 2
"""Discrepancies of each reason that somebody has looked at."""
PATIENCE_SECONDS: Final = 10.0
"""For as long as the matcher may be at work for the tenant."""
COMMENTS: Final[Mapping[Reason, str]] = {
    Reason.BANK_MISSING: "Đã gọi ngân hàng, chờ sao kê bổ sung.",
    Reason.PAID_NOT_RECORDED: "Đã nhắc bộ phận một cửa ghi nhận hồ sơ.",
    Reason.RECORD_MISSING: "Hồ sơ có trên hệ thống một cửa, chưa đồng bộ sang.",
    Reason.AMBIGUOUS: "Hai người nộp cùng số tiền trong ngày, cần xem chứng từ.",
    Reason.FLAG_NOT_SYNCED: "Đã báo đơn vị đồng bộ lại cờ.",
}
WHY_REFUND: Final = "Người dân nộp thừa, đã đối chiếu với phiếu thu."
WHY_WRITE_OFF: Final = "Chênh lệch nhỏ do ngân hàng trừ phí, đề nghị xóa."
WHY_REJECT: Final = "Chưa có xác nhận của người dân, bổ sung rồi gửi lại."
WRITTEN_OFF: Final = frozenset({Reason.AMOUNT_DIFFERS, Reason.FEE_DIFFERS})


@dataclass(frozen=True, slots=True)
class SignIn:
    """What lets a visitor in; the password is told here alone."""

    name: str
    full_name: str
    role: Role
    password: str


async def let_people_in(service: Service, tenant_id: int) -> Sequence[SignIn]:
    """Make the people, or give those of an earlier run new passwords."""
    made = []
    async with service.database.transaction() as connection:
        for name, (full_name, role) in PEOPLE.items():
            person_id = await find_by_name(connection, tenant_id, name)
            if person_id is None:
                person_id, _ = await welcome(
                    connection, By(tenant_id, "demo"), name, full_name, Allowed(frozenset({role}))
                )
            password = new_password()
            await set_password(connection, person_id, password, temporary=False)
            made.append(SignIn(name, full_name, role, password))
    return made


async def work_on_discrepancies(service: Service, tenant_id: int) -> int:
    """Have some of each reason looked into, and return how many; of a reason that somebody has begun with, none."""
    async with service.database.connection() as connection:
        rows = await connection.fetch(QUERIES["open_of_each_reason"], tenant_id, OF_EACH_REASON)
    for row in rows:
        await _look_into(service, tenant_id, row)
    return len(rows)


@stamina.retry(on=TemporaryError, timeout=PATIENCE_SECONDS)
async def _look_into(service: Service, tenant_id: int, row: asyncpg.Record) -> None:
    """Do about a discrepancy what an officer would do."""
    casework, reason = casework_of(service), Reason(row["reason"])
    maker = Worker(tenant_id, MAKER, frozenset({Role.OFFICER}))
    case = (row["discrepancy_id"], row["version"])
    async with service.database.transaction() as connection:
        await casework.assign(connection, maker, *case, MAKER)
        if reason in COMMENTS:
            await casework.comment(connection, maker, *case, COMMENTS[reason])
        elif reason in WRITTEN_OFF:
            await casework.propose(connection, maker, *case, ProposalKind.WRITE_OFF, {}, WHY_WRITE_OFF)
        elif reason in REFUNDABLE:
            detail = {"amount": row["amount"]}
            done = await casework.propose(connection, maker, *case, ProposalKind.REFUND, detail, WHY_REFUND)
            if row["place"] > 1:
                checker = Worker(tenant_id, CHECKER, frozenset({Role.APPROVER}))
                await casework.reject(connection, checker, case[0], done.version, WHY_REJECT)
