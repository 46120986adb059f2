"""What was handed over to the treasury, and receipted, against what the payments of a case brought."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from reconciliation.model import Reason
from reconciliation.oracle.dossiers import AddBusinessDays
from reconciliation.oracle.facts import DiscrepancyFact, LineFact, MatchFact, PaymentFact, SourceFact, World
from reconciliation.oracle.groups import Ambiguous, mark
from reconciliation.oracle.texts import key_of

LACKING = {"treasury": Reason.TREASURY_NOT_SENT, "receipt": Reason.RECEIPT_MISSING}
UNEXPECTED = {"treasury": Reason.TREASURY_UNEXPECTED, "receipt": Reason.RECEIPT_UNEXPECTED}

Cases = Mapping[str, Sequence[PaymentFact]]


def match_handovers(world: World) -> tuple[frozenset[MatchFact], Ambiguous]:
    cases = _cases(world)
    belonging, unclear = defaultdict(list), set()
    for line in _evidence(world):
        found = _cases_of(line, cases, _apart(line, world))
        if len(found) == 1:
            belonging[line.leg, found.pop()].append(line)
        elif found:
            unclear.add(mark(line))
    matches = {_join(leg, cases[case], lines, world.sources) for (leg, case), lines in belonging.items()}
    return frozenset(matches), frozenset(unclear)


def judge_handovers(
    world: World, matches: Collection[MatchFact], ambiguous: Ambiguous, add: AddBusinessDays
) -> Iterable[DiscrepancyFact]:
    group_of = {(match.leg, number): match for match in matches for number in match.payment_ids}
    booked = {line.line_id: line.booked_on for line in world.lines}
    for case, payments in _cases(world).items():
        for leg, reason in LACKING.items():
            waited = [one for one in payments if _days(one, leg, world.sources) is not None and one.amount > 0]
            group = next((group_of[leg, one.payment_id] for one in payments if (leg, one.payment_id) in group_of), None)
            lacking = group.difference if group else sum(one.amount for one in waited)
            if lacking > 0 and waited:
                yield DiscrepancyFact(case, reason, lacking, _due(waited, leg, world.sources, add))
            elif lacking < 0 and group:
                days = [*(one.business_date for one in payments), *(booked[line] for line in group.line_ids)]
                yield DiscrepancyFact(case, Reason.AMOUNT_DIFFERS, -lacking, max(days))
    joined = {line for match in matches for line in match.line_ids}
    for line in _evidence(world):
        if line.line_id not in joined:
            reason = Reason.AMBIGUOUS if mark(line) in ambiguous else UNEXPECTED[line.leg]
            yield DiscrepancyFact(f"line:{line.line_id}", reason, abs(line.amount), line.booked_on)


def judge_flags(world: World, add: AddBusinessDays) -> Iterable[DiscrepancyFact]:
    cases = _cases(world)
    for record in world.records:
        case = f"dossier:{record.dossier_code}"
        kept = [one for one in cases.get(case, ()) if one.amount > 0]
        waited = [one for one in kept if _days(one, "report", world.sources) is not None]
        if record.flag == 0 and waited:
            since = _due(waited, "report", world.sources, add)
            yield DiscrepancyFact(case, Reason.FLAG_NOT_SYNCED, sum(one.amount for one in kept), since)


def _cases(world: World) -> Cases:
    cases = defaultdict(list)
    for one in world.payments:
        if one.came and one.currency == "VND":
            cases[_case_of(one)].append(one)
    return cases


def _case_of(payment: PaymentFact) -> str:
    return f"dossier:{payment.dossier_code}" if payment.dossier_code else f"payment:{payment.payment_id}"


def _evidence(world: World) -> Iterable[LineFact]:
    return (line for line in world.lines if line.leg in LACKING and line.evidence)


def _apart(line: LineFact, world: World) -> set[str]:
    """Return the cases from whose payments, or any of them, a person has parted the line."""
    return {_case_of(one) for one in world.payments if (line.leg, one.payment_id, line.line_id) in world.parted}


def _cases_of(line: LineFact, cases: Cases, apart: set[str]) -> set[str]:
    """Return the case a line belongs to, several where its reference leaves that open, or none."""
    if line.currency != "VND":
        return set()
    key, dossier = key_of(line.reference), f"dossier:{line.dossier_code}"
    named = {case for case, payments in cases.items() if key and key in {key_of(one.reference) for one in payments}}
    named -= apart
    if dossier in named or (not named and dossier in cases.keys() - apart):
        return {dossier}
    return named


def _join(
    leg: str, payments: Sequence[PaymentFact], lines: Sequence[LineFact], sources: Mapping[int, SourceFact]
) -> MatchFact:
    waited = [one for one in payments if _days(one, leg, sources) is not None] or payments
    difference = sum(one.amount for one in waited) - sum(line.amount for line in lines)
    return MatchFact(
        "reference" if difference else "exact",
        tuple(sorted(one.payment_id for one in waited)),
        tuple(sorted(line.line_id for line in lines)),
        difference,
        leg,
    )


def _days(payment: PaymentFact, leg: str, sources: Mapping[int, SourceFact]) -> int | None:
    source = sources.get(payment.source_id, SourceFact())
    return {"treasury": source.treasury_days, "receipt": source.receipt_days, "report": source.report_days}[leg]


def _due(payments: Sequence[PaymentFact], leg: str, sources: Mapping[int, SourceFact], add: AddBusinessDays) -> date:
    """Return when the latest payment's leg is due."""
    day, days = max((one.business_date, _days(one, leg, sources) or 0) for one in payments)
    return add(day, days)
