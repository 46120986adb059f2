"""Lines of the treasury, and receipts, with the payments of their case."""

from paygate.domain.legs import Leg
from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.turn import Turn


async def match_handovers(turn: Turn) -> tuple[int, int]:
    """Store the groups that are new, retire what no longer holds, and return how many rows each came to."""
    if not turn.told & {Leg.TREASURY, Leg.RECEIPT}:
        return 0, 0
    with RECONCILIATION_SECONDS.labels("handover").time():
        await (_gather_changes(turn) if turn.judged_before else _gather_everything(turn))
        await turn.analyze("w_handover_case", "w_handover_payment", "w_handover_line")
        await turn.do("group_handovers")
        retired = await _retire(turn) if turn.judged_before else 0
        stored = await turn.do("store_handovers", turn.tenant_id, turn.rules.version)
        await turn.do("forget_settled_handover_lines", turn.tenant_id)
        await turn.do("keep_loose_handover_lines", turn.tenant_id)
        return stored, retired


async def _gather_everything(turn: Turn) -> None:
    await turn.do("gather_every_handover_line", turn.tenant_id)
    await turn.analyze("w_handover_line")
    await turn.do("find_cases_of_handover_lines", turn.tenant_id)
    await turn.do("gather_every_handover_case")
    await turn.do("gather_handover_payments", turn.tenant_id)


async def _gather_changes(turn: Turn) -> None:
    await turn.do("gather_touched_handover_cases", turn.tenant_id)
    await turn.analyze("w_handover_case")
    await turn.do("gather_handover_payments", turn.tenant_id)
    await turn.analyze("w_handover_payment")
    await turn.do("gather_touched_handover_lines", turn.tenant_id)
    await turn.analyze("w_handover_line")
    await turn.do("find_cases_of_handover_lines", turn.tenant_id)
    await turn.do("leave_lines_of_other_cases")


async def _retire(turn: Turn) -> int:
    await turn.do("find_handovers_judged_again", turn.tenant_id)
    await turn.do("mark_unchanged_handovers", turn.tenant_id)
    return await turn.do("retire_handovers", turn.tenant_id)
