"""From facts and matches to what does not agree: discrepancies open, change and resolve by themselves."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import asyncpg

from paygate.domain.casework import Act
from paygate.domain.legs import Leg
from paygate.domain.news import EventKind
from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.model import REASONS, REFUND_WORDS, Reason
from reconciliation.policy import Policy
from reconciliation.turn import Turn, columns

Changes = Sequence[asyncpg.Record]

OPENED: Final = "opened"
"""What the first event of a discrepancy says."""
CHANGED: Final = "changed"
RESOLVED: Final = "resolved by itself"
ENDED: Final = (RESOLVED, str(Act.CLOSE))
"""What the last event of a discrepancy says, but for what is done about it after its end."""


async def judge(turn: Turn, policy: Policy, as_of: date) -> tuple[Changes, Changes, Changes]:
    with RECONCILIATION_SECONDS.labels("judge").time():
        await turn.freshen_statistics()
        await turn.do("gather_unconfirmed", turn.tenant_id)
        await turn.do("gather_dossiers", turn.tenant_id, as_of)
        await turn.do("gather_lone_payments", turn.tenant_id, as_of)
        await turn.do("gather_lone_lines")
        await turn.analyze("w_dossier", "w_lone_payment", "w_lone_line")
        if Leg.SETTLEMENT in turn.told:
            await turn.do("gather_paid_out", turn.tenant_id)
            await turn.analyze("w_paid_out")
        await turn.do("expect_of_dossiers", turn.tenant_id, policy.record_wait_days, policy.rules.recorded_days)
        await turn.do("expect_of_lone_payments", turn.tenant_id, policy.record_wait_days)
        await turn.do("expect_of_loose_payments", turn.tenant_id)
        await turn.do("expect_of_reversed_payments", turn.tenant_id)
        await turn.do("await_no_line_of_reversed_payments")
        await turn.do("expect_of_differing_matches", turn.tenant_id)
        await turn.do("expect_of_matches_by_hand", turn.tenant_id)
        await turn.do("expect_of_odd_payments", turn.tenant_id)
        await turn.do("expect_of_unconfirmed_payments", turn.tenant_id)
        await turn.do("expect_of_loose_lines", turn.tenant_id, REFUND_WORDS)
        await turn.do("expect_of_loose_refunds", turn.tenant_id)
        await _expect_of_settlements(turn)
        await _expect_of_handovers(turn)
        await _reckon_days(turn, policy)
        await turn.do("forget_watches", turn.tenant_id)
        await turn.do("watch_what_is_not_due", turn.tenant_id, as_of)
        await turn.do("drop_what_is_not_due", as_of)
        await turn.do("merge_differences")
        if await turn.ask("did_people_close_anything", turn.tenant_id):
            await turn.do("drop_what_people_closed", turn.tenant_id)
        await turn.do("tell_sources", turn.tenant_id)
        await turn.do("tell_currencies", turn.tenant_id)
        await turn.analyze("w_expected")
        return await _record_changes(turn, policy)


async def _expect_of_settlements(turn: Turn) -> None:
    if Leg.SETTLEMENT in turn.expected | turn.told:
        await turn.analyze("w_expected")
        await turn.do("expect_of_unsettled_payments", turn.tenant_id)
    if Leg.SETTLEMENT in turn.told:
        await turn.do("expect_of_settled_payments", turn.tenant_id)
        await turn.do("expect_of_loose_settlement_lines", turn.tenant_id)
        await turn.do("expect_of_batches", turn.tenant_id)


async def _expect_of_handovers(turn: Turn) -> None:
    if (turn.expected | turn.told) & {Leg.TREASURY, Leg.RECEIPT}:
        await turn.do("expect_of_handovers", turn.tenant_id)
        await turn.do("expect_of_loose_handover_lines", turn.tenant_id)
    if Leg.REPORT in turn.expected:
        await turn.do("expect_of_flags", turn.tenant_id)


async def _reckon_days(turn: Turn, policy: Policy) -> None:
    found = await turn.fetch("days_to_reckon")
    rows = [(row["since"], row["days"], policy.calendar.add(row["since"], row["days"])) for row in found]
    await turn.do("reckon_days", *columns(rows, 3))


async def _record_changes(turn: Turn, policy: Policy) -> tuple[Changes, Changes, Changes]:
    dues = [
        (row["reason"], row["since"], policy.calendar.add(row["since"], REASONS[Reason(row["reason"])].due_days))
        for row in await turn.fetch("reasons_and_days")
    ]
    reckoned = columns(dues, 3)
    resolved = await turn.fetch("resolve_what_agrees", turn.tenant_id)
    changed = await turn.fetch("update_what_changed", turn.tenant_id, *reckoned)
    opened = await turn.fetch("open_what_is_new", turn.tenant_id, *reckoned)
    for changes, said in ((resolved, RESOLVED), (changed, CHANGED), (opened, OPENED)):
        ids, amounts = columns(((row["discrepancy_id"], row["change"]) for row in changes), 2)
        await turn.do("log_changes", turn.tenant_id, ids, amounts, said)
    await turn.do("withdraw_what_is_moot", turn.tenant_id, [row["discrepancy_id"] for row in resolved], RESOLVED)
    await _tell(turn, EventKind.RECORDED, resolved)
    await _tell(turn, EventKind.PAID_NOT_RECORDED, opened)
    return opened, changed, resolved


async def _tell(turn: Turn, kind: EventKind, changes: Changes) -> None:
    """Let the one-stop system hear of money that its dossier does not show, or shows at last."""
    ids = [row["discrepancy_id"] for row in changes if row["reason"] == Reason.PAID_NOT_RECORDED]
    if ids:
        await turn.do("tell_changes", turn.tenant_id, ids, kind)
