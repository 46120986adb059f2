"""The matcher once more, in plain Python over facts in memory: what the set-based passes must equal.

Slow and simple on purpose. It shares no code with the passes, only the numbers of `model` that both are given.
"""

from datetime import date

from reconciliation.model import WAITING
from reconciliation.oracle.bank import judge_lines, judge_payments
from reconciliation.oracle.dossiers import AddBusinessDays, judge_dossiers
from reconciliation.oracle.facts import Judgement, World
from reconciliation.oracle.narrative import match_by_narrative
from reconciliation.oracle.reference import match_by_reference


def judge(world: World, *, as_of: date, record_wait_days: int, add: AddBusinessDays) -> Judgement:
    """Match and judge a whole world at once, as of a business day."""
    by_reference, loose_payments, loose_lines, ambiguous = match_by_reference(world)
    by_narrative, unclear = match_by_narrative(loose_payments, loose_lines)
    matches = by_reference | by_narrative
    found = [
        *judge_dossiers(world, record_wait_days, add),
        *judge_payments(world, matches, ambiguous | unclear, add),
        *judge_lines(world, matches, ambiguous | unclear),
    ]
    return Judgement(matches, frozenset(one for one in found if one.reason not in WAITING or one.since <= as_of))
