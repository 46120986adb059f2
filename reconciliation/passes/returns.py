"""Money that went back: reversals with their credits, refunds with their payments, before anything is matched."""

from collections import defaultdict

from paygate.domain.legs import Leg
from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.allotment import Refund, Returnable, allot
from reconciliation.passes.narrative import counting_names
from reconciliation.rules.model import NarrativeDossier, NarrativeReference
from reconciliation.turn import Turn, columns


async def gather_returns(turn: Turn) -> int:
    """Take what is reversed by what it says, and what gateways refunded, and return how many facts that is."""
    facts = 0
    if await turn.ask("is_anything_reversed_by_narrative", turn.tenant_id):
        facts += await turn.do("gather_lines_reversed_by_narrative", turn.tenant_id)
    if Leg.SETTLEMENT in turn.told:
        facts += await turn.do("gather_payments_refunded_by_gateways", turn.tenant_id)
    return facts


async def set_returns_aside(turn: Turn) -> None:
    """Pair reversals and tie refunds; what went back so takes no part in any match."""
    with RECONCILIATION_SECONDS.labels("returns").time():
        found = await turn.do("lay_out_debits", turn.tenant_id)
        if found:
            await turn.do("pair_reversals", turn.tenant_id)
            found += await turn.do("lay_out_refunds_of_banks")
        if Leg.SETTLEMENT in turn.told:
            found += await _lay_out_refunds_of_gateways(turn)
        if found:
            await _tie_refunds(turn)
            await turn.do("set_aside_what_went_back")
            await _keep(turn)


async def _lay_out_refunds_of_gateways(turn: Turn) -> int:
    if turn.judged_before:
        found = await turn.do("lay_out_touched_refunds_of_gateways", turn.tenant_id)
    else:
        found = await turn.do("lay_out_every_refund_of_gateways", turn.tenant_id)
    if found:
        await turn.do("name_sources_of_refunds", turn.tenant_id)
    return found


async def _tie_refunds(turn: Turn) -> None:
    await turn.analyze("w_refund")
    await turn.do("group_refunds", turn.tenant_id)
    await turn.do("tie_single_refunds")
    refunds, payments = defaultdict(list), defaultdict(list)
    for row in await turn.fetch("refunds_to_allot"):
        refunds[row["group_id"]].append(Refund(row["booked_on"], row["line_id"], row["amount"]))
    for row in await turn.fetch("payments_to_refund", turn.tenant_id):
        told = (row[name] for name in ("business_date", "occurred_at", "transaction_id", "payment_id", "amount"))
        payments[row["group_id"]].append(Returnable(*told))
    parts = [part for group, lines in refunds.items() for part in allot(lines, payments[group])]
    await turn.do("tie_allotted_refunds", *columns(parts, 3))
    await turn.analyze("w_back")


async def _keep(turn: Turn) -> None:
    if turn.judged_before:
        await turn.do("forget_what_no_longer_went_back", turn.tenant_id)
    await turn.do("keep_what_went_back", turn.tenant_id)
    if Leg.SETTLEMENT in turn.told:
        await turn.do("forget_tied_refunds_of_gateways", turn.tenant_id)
        await turn.do("keep_loose_refunds_of_gateways", turn.tenant_id)


async def reckon_returns(turn: Turn) -> None:
    """Reckon what is kept of the payments in hand, once it is known which of them are left without a line."""
    with RECONCILIATION_SECONDS.labels("returns").time():
        taken_back = await turn.ask("is_anything_taken_back", turn.tenant_id)
        names = (turn.rules.find(NarrativeReference), turn.rules.find(NarrativeDossier))
        counting = [number for rule in names for number in counting_names(rule)]
        await turn.do("reckon_what_is_returned", turn.tenant_id, taken_back, *counting)
        if turn.judged_before:
            await turn.do("forget_what_is_returned_otherwise", turn.tenant_id)
        await turn.do("keep_what_is_returned", turn.tenant_id)
        await turn.analyze("w_returned_otherwise")
