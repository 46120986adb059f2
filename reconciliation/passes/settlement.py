"""Payments and the lines by which their gateways settle them."""

from typing import Final

from paygate.domain.legs import Leg
from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.components import split_group
from reconciliation.model import CONTENDERS
from reconciliation.turn import Turn

STAGES: Final = ((True, True), (False, True), (True, False), (False, False))
"""Which facts may settle each other, the closest first: of one source or with lines that name none, of one amount or
of any."""


async def match_settlements(turn: Turn) -> tuple[int, int]:
    """Store what is new, retire what no longer holds, and return how many rows each came to."""
    if Leg.SETTLEMENT not in turn.told:
        return 0, 0
    with RECONCILIATION_SECONDS.labels("settlement").time():
        await _gather(turn)
        await _settle(turn)
        retired = 0
        if turn.judged_before:
            await turn.do("find_settlements_judged_again", turn.tenant_id)
            await turn.analyze("w_settlement", "w_settlement_stale")
            await turn.do("mark_unchanged_settlements")
            await turn.do("note_payments_settled_otherwise")
            await turn.analyze("w_settlement_payment")
            retired = await turn.do("retire_settlements", turn.tenant_id)
        stored = await turn.do("store_settlements", turn.tenant_id, turn.rules.version)
        await _keep_the_rest(turn)
        return stored, retired


async def _gather(turn: Turn) -> None:
    if turn.judged_before:
        await turn.do("gather_settlement_lines", turn.tenant_id)
    else:
        await turn.do("gather_every_settlement_line", turn.tenant_id)
    await turn.analyze("w_settling")
    await turn.do("gather_payments_to_settle", turn.tenant_id)
    await turn.analyze("w_settling")


async def _settle(turn: Turn) -> None:
    await turn.do("group_settlements")
    await turn.analyze("w_settling_group")
    await turn.do("set_parted_groups_aside", turn.tenant_id)
    await turn.do("settle_pairs")
    await turn.do("settle_groups")
    await turn.do("set_the_unsettled_aside")
    await turn.analyze("w_unsettled")
    for by_source, by_amount in STAGES:
        if await turn.do("group_the_unsettled", by_source, by_amount):
            await _split_parted_groups(turn)
            await turn.do("settle_the_unsettled", turn.tenant_id, by_amount)
            await turn.do("drop_the_settled")
            await turn.do("doubt_the_unsettled", by_amount, CONTENDERS)
            await turn.do("clear_unsettled_groups")


async def _split_parted_groups(turn: Turn) -> None:
    for row in await turn.fetch("take_parted_groups", turn.tenant_id):
        parted = list(zip(row["parted_payments"], row["parted_lines"], strict=True))
        for payment_ids, line_ids in split_group(row["payment_ids"], row["line_ids"], parted):
            await turn.do("put_part_back", payment_ids, line_ids)


async def _keep_the_rest(turn: Turn) -> None:
    if turn.judged_before:
        await turn.do("forget_settled_lines", turn.tenant_id)
        await turn.do("forget_settlement_doubts", turn.tenant_id)
    await turn.do("keep_unsettled_lines", turn.tenant_id)
    await turn.do("keep_settlement_doubts", turn.tenant_id)
