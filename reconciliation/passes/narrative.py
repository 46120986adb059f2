"""Payments whose reference or dossier stands in the narrative of a bank line of the same amount."""

from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.model import CUT_LENGTH, NAMED_LENGTH, WINDOW_DAYS
from reconciliation.turn import Turn


async def match_by_narrative(turn: Turn) -> None:
    with RECONCILIATION_SECONDS.labels("narrative").time():
        if turn.judged_before:
            await turn.do("begin_with_former_company", turn.tenant_id)
            await turn.do("note_departed", turn.tenant_id)
        await turn.do("keep_loose_payments", turn.tenant_id)
        await turn.do("keep_loose_lines", turn.tenant_id, CUT_LENGTH)
        await turn.do("begin_with_changed_payments")
        await turn.do("begin_with_changed_lines")
        await _follow_names(turn)
        await turn.do("forget_edges_of_settled_lines", turn.tenant_id)
        await turn.do("match_by_narrative", turn.tenant_id)
        await turn.do("set_narrative_standing", turn.tenant_id)


async def _follow_names(turn: Turn) -> None:
    """Follow names from changed facts to all that stand beside them, until nothing new is reached."""
    reached = 1
    while reached:
        await turn.analyze("w_payment", "w_line")
        await _find_names(turn)
        await turn.do("settle_lines_looked_at")
        await turn.analyze("w_edge")
        await turn.do("reach_payments_by_edge")
        reached = await turn.do("reach_lines_by_name", turn.tenant_id, *WINDOW_DAYS, NAMED_LENGTH)
        await turn.do("settle_payments_looked_at")


async def _find_names(turn: Turn) -> None:
    await turn.do("clear_names")
    await turn.do("lay_out_lines", turn.tenant_id)
    await turn.do("lay_out_payers", turn.tenant_id, *WINDOW_DAYS)
    await turn.do("lay_out_names", NAMED_LENGTH)
    await turn.do("lay_out_pieces", NAMED_LENGTH)
    await turn.analyze("w_near", "w_payer", "w_name", "w_gram")
    await turn.do("find_full_names", *WINDOW_DAYS)
    await turn.analyze("w_edge")
    await turn.do("find_cut_names", *WINDOW_DAYS, CUT_LENGTH)
    await turn.do("keep_the_best_names")
