"""The matcher once more, in plain Python over facts in memory: what the set-based passes must equal.

Slow and simple on purpose. It shares no code with the passes, only the rule set that both are given.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from reconciliation.model import WAITING, Reason
from reconciliation.oracle.bank import judge_lines, judge_payments
from reconciliation.oracle.dossiers import AddBusinessDays, judge_dossiers
from reconciliation.oracle.facts import DiscrepancyFact, Judgement, World
from reconciliation.oracle.handover import judge_flags, judge_handovers, match_handovers
from reconciliation.oracle.narrative import match_by_narrative
from reconciliation.oracle.reference import match_by_reference
from reconciliation.oracle.settlement import judge_settlements, match_settlements
from reconciliation.rules.model import RuleSet


def judge(world: World, rules: RuleSet, *, as_of: date, record_wait_days: int, add: AddBusinessDays) -> Judgement:
    """Match and judge a whole world at once, as of a business day."""
    by_reference, loose_payments, loose_lines, ambiguous = match_by_reference(world, rules)
    by_narrative, unclear = match_by_narrative(loose_payments, loose_lines, rules)
    settled, doubts = match_settlements(world)
    handed_over, undecided = match_handovers(world)
    matches = by_reference | by_narrative | settled | handed_over
    found = [
        *judge_dossiers(world, record_wait_days, rules.recorded_days, add),
        *judge_payments(world, matches, ambiguous | unclear, add),
        *judge_lines(world, matches, ambiguous | unclear),
        *judge_settlements(world, settled, doubts, add),
        *judge_handovers(world, matches, undecided, add),
        *judge_flags(world, add),
    ]
    return Judgement(matches, _merge(one for one in found if one.reason not in WAITING or one.since <= as_of))


def _merge(found: Iterable[DiscrepancyFact]) -> frozenset[DiscrepancyFact]:
    """Make one of what several legs say of a subject: the largest amount, since the first day."""
    said: dict[tuple[str, Reason], DiscrepancyFact] = {}
    for one in found:
        other = said.get((one.subject, one.reason), one)
        amount, since = max(one.amount, other.amount), min(one.since, other.since)
        said[one.subject, one.reason] = replace(one, amount=amount, since=since)
    return frozenset(said.values())
