"""Payments whose reference or dossier stands in the narrative of a bank line of the same amount."""

from dataclasses import dataclass

from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.rules.model import (
    SHORTEST_CUT,
    SHORTEST_NAME,
    NarrativeCut,
    NarrativeDossier,
    NarrativeReference,
    RuleSet,
)
from reconciliation.turn import Turn


@dataclass(frozen=True, slots=True)
class _Names:
    """The rules by which names count, and the widest of what they allow."""

    reference: NarrativeReference | None
    dossier: NarrativeDossier | None
    cut: NarrativeCut | None

    @classmethod
    def of(cls, rules: RuleSet) -> "_Names":
        return cls(rules.find(NarrativeReference), rules.find(NarrativeDossier), rules.find(NarrativeCut))

    @property
    def reach(self) -> tuple[int, int] | None:
        """From the earliest to the latest day on which a line may name a payment; None: no rule has it name any."""
        windows = [rule.window_days for rule in (self.reference, self.dossier, self.cut) if rule]
        return (min(one.first for one in windows), max(one.last for one in windows)) if windows else None

    @property
    def shortest(self) -> int:
        """The length of the shortest name that counts in full."""
        return min((one.least_length for one in (self.reference, self.dossier) if one), default=SHORTEST_NAME)


async def match_by_narrative(turn: Turn) -> None:
    with RECONCILIATION_SECONDS.labels("narrative").time():
        if turn.judged_before:
            await turn.do("begin_with_former_company", turn.tenant_id)
            await turn.do("note_departed", turn.tenant_id)
        await turn.do("keep_loose_payments", turn.tenant_id)
        await turn.do("keep_loose_lines", turn.tenant_id, SHORTEST_CUT, turn.rules.prefix_pattern)
        await turn.do("begin_with_changed_payments")
        await turn.do("begin_with_changed_lines")
        names = _Names.of(turn.rules)
        if names.reach:
            await _follow_names(turn, names, names.reach)
        await turn.do("forget_edges_of_settled_lines", turn.tenant_id)
        await turn.do("match_by_narrative", turn.tenant_id)
        await turn.do("set_narrative_standing", turn.tenant_id)


async def _follow_names(turn: Turn, names: _Names, reach: tuple[int, int]) -> None:
    """Follow names from changed facts to all that stand beside them, until nothing new is reached."""
    reached = 1
    while reached:
        await turn.analyze("w_payment", "w_line")
        await turn.do("clear_names")
        await turn.do("lay_out_lines", turn.tenant_id)
        await turn.do("lay_out_payers", turn.tenant_id, *reach)
        await _find_names(turn, names)
        await turn.analyze("w_edge")
        await turn.do("reach_payments_by_edge")
        if turn.judged_before:
            await turn.do("reach_payments_of_former_company", turn.tenant_id)
        await turn.do("keep_the_best_names")
        await turn.do("settle_lines_looked_at")
        reached = await turn.do("reach_lines_by_name", turn.tenant_id, *reach, names.shortest)
        await turn.do("settle_payments_looked_at")


async def _find_names(turn: Turn, names: _Names) -> None:
    await turn.do("lay_out_names", names.shortest, *counting_names(names.reference), *counting_names(names.dossier))
    await turn.do("lay_out_pieces", names.shortest)
    await turn.analyze("w_near", "w_payer", "w_name", "w_gram")
    await turn.do("find_full_names", turn.tenant_id)
    await turn.analyze("w_edge")
    if names.cut:
        window = names.cut.window_days
        await turn.do("find_cut_names", window.first, window.last, names.cut.least_length, turn.tenant_id)


def counting_names(rule: NarrativeReference | NarrativeDossier | None) -> tuple[int | None, int, int]:
    """Return the shortest name that counts, None where none does, and its window."""
    return (rule.least_length, rule.window_days.first, rule.window_days.last) if rule else (None, 0, 0)
