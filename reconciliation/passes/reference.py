"""Payments and bank lines of one reference: the same amount, another amount, another account."""

from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.model import CONTENDERS
from reconciliation.passes.apart import part_exact_groups, part_the_rest
from reconciliation.passes.sums import match_sums_of_references
from reconciliation.rules.model import Reference, ReferenceOtherAccount, SumReference, Tolerance
from reconciliation.turn import Turn


async def match_by_reference(turn: Turn) -> None:
    with RECONCILIATION_SECONDS.labels("reference").time():
        parted = await turn.ask("is_anything_parted", turn.tenant_id)
        if parted:
            await part_exact_groups(turn)
        await turn.do("group_by_reference")
        await turn.analyze("w_group")
        await turn.do("match_exact_groups")
        await turn.do("set_aside_what_is_not_exact")
        await turn.analyze("w_rest")
        if sums := turn.rules.find(SumReference):
            if parted:
                await part_the_rest(turn, by_account=True, by_amount=False)
            await match_sums_of_references(turn, sums, parted=parted)
        if turn.rules.find(Reference):
            if parted:
                await part_the_rest(turn, by_account=True, by_amount=False)
            await _match_other_amounts(turn)
        if turn.rules.find(ReferenceOtherAccount):
            if parted:
                await part_the_rest(turn, by_account=False, by_amount=True)
            await turn.do("match_one_reference_on_another_account")
            await turn.do("drop_matched_from_the_rest", "reference_other_account")
            await turn.do("mark_ambiguous_accounts")
        await turn.do("name_the_contenders", CONTENDERS)


async def _match_other_amounts(turn: Turn) -> None:
    tolerance = turn.rules.find(Tolerance)
    limits = (True, tolerance.dong, tolerance.percent) if tolerance else (False, None, None)
    await turn.do("match_one_reference_with_another_amount", *limits)
    await turn.do("drop_matched_from_the_rest", "reference")
    await turn.do("drop_matched_from_the_rest", "tolerance")
    await turn.do("mark_ambiguous_amounts")
