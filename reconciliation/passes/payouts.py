"""Batches of settlement lines, and the bank lines by which gateways pay them out."""

from paygate.domain.legs import Leg
from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.model import CONTENDERS
from reconciliation.rules.model import SettlementBatch
from reconciliation.turn import Turn


async def match_payouts(turn: Turn) -> int:
    """Find what is paid out now, retire what no longer is, and return how many matches that were.

    What is new is stored with the bank's other matches, once those that no longer hold have made room.
    """
    if Leg.SETTLEMENT not in turn.told:
        return 0
    with RECONCILIATION_SECONDS.labels("payouts").time():
        await turn.do("name_changed_batches" if turn.judged_before else "name_every_batch", turn.tenant_id)
        await turn.do("sum_batches", turn.tenant_id)
        await turn.do("begin_with_changed_batches", turn.tenant_id)
        await turn.do("begin_with_credits_taken", turn.tenant_id)
        if rule := turn.rules.find(SettlementBatch):
            await _reach_neighbours(turn, rule)
            await _pay_out(turn, rule)
        return await _keep(turn)


async def _reach_neighbours(turn: Turn, rule: SettlementBatch) -> None:
    """Follow batches and credits to all whose fate may hang on theirs, until nothing new is reached."""
    if turn.judged_before:
        await turn.do("begin_with_changed_credits", turn.tenant_id)
    limits = (rule.window_days.first, rule.window_days.last, rule.least_length, rule.least_word)
    reached = 1
    while reached:
        await turn.analyze("w_batch", "w_credit")
        await turn.do("reach_credits", turn.tenant_id, *limits)
        await turn.do("settle_batches_looked_at")
        reached = await turn.do("reach_batches", turn.tenant_id, *limits)
        await turn.do("settle_credits_looked_at")


async def _pay_out(turn: Turn, rule: SettlementBatch) -> None:
    """The closest answers first: named and of the net, named, of the net, the only one there is."""
    await turn.do("lay_out_windows", rule.window_days.first, rule.window_days.last)
    await turn.analyze("w_batch_day", "w_credit")
    lengths = (rule.least_length, rule.least_word)
    for name, arguments in (
        ("find_payouts_of_the_net", (True, *lengths)),
        ("find_payouts_named", lengths),
        ("find_payouts_of_the_net", (False, *lengths)),
        ("find_lone_payouts", (rule.lone_percent,)),
    ):
        if await turn.do(name, *arguments):
            await turn.do("drop_parted_payouts", turn.tenant_id)
            await turn.do("take_unique_payouts")
            await turn.do("stand_batches", CONTENDERS)
            await turn.do("stand_credits")
            await turn.do("clear_payout_edges")


async def _keep(turn: Turn) -> int:
    await turn.do("keep_batches", turn.tenant_id)
    await turn.do("keep_credits", turn.tenant_id)
    retired = await turn.do("retire_payouts", turn.tenant_id)
    await turn.do("drop_unchanged_payouts", turn.tenant_id)
    if turn.judged_before:
        await turn.do("note_payments_paid_out_otherwise", turn.tenant_id)
        await turn.analyze("w_settlement_payment")
    return retired
