"""Takes what is dirty, with all that shares a reference with it."""

from reconciliation.passes.by_hand import gather_joined
from reconciliation.passes.returns import gather_returns
from reconciliation.turn import Turn


async def gather(turn: Turn) -> int:
    """Take what is dirty, with all that shares a reference with it, and return how many facts that is."""
    await turn.do("take_dirty_dossiers", turn.tenant_id)
    facts = await (_gather_changes(turn) if turn.judged_before else _gather_everything(turn))
    await turn.analyze("w_fact")
    return facts


async def _gather_everything(turn: Turn) -> int:
    await turn.do("forget_dirty_facts", turn.tenant_id)
    return await turn.do("gather_every_payment", turn.tenant_id) + await turn.do("gather_every_line", turn.tenant_id)


async def _gather_changes(turn: Turn) -> int:
    await turn.do("take_dirty_payments", turn.tenant_id)
    await turn.do("take_dirty_lines", turn.tenant_id)
    await turn.analyze("w_dirty_payment", "w_dirty_line")
    facts = await turn.do("gather_dirty_payments", turn.tenant_id)
    facts += await turn.do("gather_dirty_lines", turn.tenant_id)
    facts += await gather_returns(turn)
    await turn.analyze("w_fact")
    facts += await _gather_same_references(turn)
    if not await turn.ask("is_anything_joined", turn.tenant_id):
        return facts
    while joined := await gather_joined(turn):
        facts += joined + await gather_returns(turn) + await _gather_same_references(turn)
    return facts


async def _gather_same_references(turn: Turn) -> int:
    facts = await turn.do("gather_payments_of_the_same_reference", turn.tenant_id)
    return facts + await turn.do("gather_lines_of_the_same_reference", turn.tenant_id)
