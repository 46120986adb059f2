"""The matcher once more, in plain Python over facts in memory: what the set-based passes must equal.

Slow and simple on purpose. It shares no code with the passes, only the rule set that both are given.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from reconciliation.model import WAITING, Reason
from reconciliation.oracle.bank import judge_lines, judge_payments
from reconciliation.oracle.by_hand import match_by_hand
from reconciliation.oracle.dossiers import AddBusinessDays, judge_dossiers
from reconciliation.oracle.facts import DiscrepancyFact, Judgement, World
from reconciliation.oracle.groups import mark, marks_of
from reconciliation.oracle.handover import judge_flags, judge_handovers, match_handovers
from reconciliation.oracle.narrative import match_by_narrative
from reconciliation.oracle.payouts import judge_payouts, match_payouts, paid_out
from reconciliation.oracle.reference import match_by_reference
from reconciliation.oracle.returns import find_returns, judge_gateway_refunds, keep, leave_out, reckon_returned
from reconciliation.oracle.settlement import judge_settlements, match_settlements, promotions
from reconciliation.oracle.sums import match_sums_by_name, may_be_joined
from reconciliation.rules.model import RuleSet


def judge(world: World, rules: RuleSet, *, as_of: date, record_wait_days: int, add: AddBusinessDays) -> Judgement:
    """Match and judge a whole world at once, as of a business day."""
    back = find_returns(world)
    staying = leave_out(world, back)
    may = may_be_joined(world)
    by_hand, free = match_by_hand(world, staying)
    by_reference, loose_payments, loose_lines, ambiguous = match_by_reference(free, rules)
    by_narrative, unclear = match_by_narrative(loose_payments, loose_lines, rules, may)
    settled, doubts = match_settlements(world)
    closed = marks_of(by_narrative) | unclear
    open_payments = [one for one in loose_payments if mark(one) not in closed]
    open_lines = [one for one in loose_lines if mark(one) not in closed]
    by_sum, puzzling = match_sums_by_name(open_payments, open_lines, rules, may)
    left = [one for one in open_lines if mark(one) not in marks_of(by_sum) | puzzling]
    payouts, rivals = match_payouts(world, left, rules)
    booked, doubtful = by_hand | by_reference | by_narrative | by_sum, ambiguous | unclear | puzzling
    returned = reckon_returned(world, back, booked, doubtful, rules)
    kept = keep(world, returned)
    handed_over, undecided = match_handovers(kept)
    matches = booked | settled | payouts | handed_over
    found = [
        *judge_dossiers(world, returned, promotions(settled), record_wait_days, rules.recorded_days, add),
        *judge_payments(world, returned, matches, doubtful, paid_out(world, settled, payouts), add),
        *judge_lines(staying, matches, doubtful | rivals),
        *judge_gateway_refunds(staying),
        *judge_settlements(world, settled, doubts, add),
        *judge_payouts(world, payouts),
        *judge_handovers(kept, matches, undecided, add),
        *judge_flags(kept, add),
    ]
    held = _merge(one for one in found if one.reason not in WAITING or one.since <= as_of)
    return Judgement(matches, frozenset(one for one in held if not _was_closed(world, one)), back)


def _was_closed(world: World, found: DiscrepancyFact) -> bool:
    """Tell whether a person has closed exactly this."""
    return (found.subject, found.reason, found.amount) in world.closed


def _merge(found: Iterable[DiscrepancyFact]) -> frozenset[DiscrepancyFact]:
    """Make one of what several legs say of a subject: the largest amount, since the first day."""
    said: dict[tuple[str, Reason], DiscrepancyFact] = {}
    for one in found:
        other = said.get((one.subject, one.reason), one)
        amount, since = max(one.amount, other.amount), min(one.since, other.since)
        said[one.subject, one.reason] = replace(one, amount=amount, since=since)
    return frozenset(said.values())
