"""Payments that bank lines name in their narratives."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact
from reconciliation.oracle.groups import Ambiguous, Fact
from reconciliation.oracle.texts import key_of, stands_in, without_prefixes, words_not_broken, words_of
from reconciliation.rules.model import NarrativeCut, NarrativeDossier, NarrativeReference, RuleSet, Window

Names = set[tuple[str, str, int]]
"""(rule, name, payment)."""
May = Callable[[PaymentFact, LineFact], bool]
"""Whether a payment and a line may be joined at all."""


def _sum(fact: Fact) -> tuple[int | None, int, str]:
    return fact.account_id, fact.amount, fact.currency


def _in_reach(payment: PaymentFact, line: LineFact, window: Window) -> bool:
    """Whether a line of the payment's sum and account is booked in time."""
    first, last = (payment.business_date + timedelta(days=days) for days in (window.first, window.last))
    return first <= line.booked_on <= last


def readings_of(line: LineFact, prefixes: Sequence[str]) -> list[tuple[str, str]]:
    """Return narrative and reference as they stand, and without what the bank wrote before them."""
    bare = [without_prefixes(text, prefixes) for text in (line.narrative, line.reference)]
    if bare == [None, None]:
        return [(line.narrative, line.reference)]
    narrative, reference = bare
    return [
        (line.narrative, line.reference),
        (line.narrative if narrative is None else narrative, line.reference if reference is None else reference),
    ]


def texts_of(line: LineFact, prefixes: Sequence[str]) -> list[str]:
    """Return everything in which a whole name may stand."""
    readings = readings_of(line, prefixes)
    words = [" ".join(words_of(" ".join(reading))) for reading in readings]
    return [*words, *(key_of(text) for reading in readings for text in reading)]


def names_whole(line: LineFact, payment: PaymentFact, rules: RuleSet) -> bool:
    """Return whether the line names the payment in full within its window, whatever the sums."""
    texts = texts_of(line, rules.prefixes)
    found = _references(line, [payment], texts, rules.find(NarrativeReference))
    return bool(found or _dossiers(line, [payment], texts, rules.find(NarrativeDossier)))


def _names(line: LineFact, payments: Sequence[PaymentFact], rules: RuleSet) -> Names:
    """Return what the line names best: references, else dossiers, else cut forms."""
    readings = readings_of(line, rules.prefixes)
    words = [word for reading in readings for text in reading for word in words_not_broken(text)]
    texts = texts_of(line, rules.prefixes)
    return (
        _references(line, payments, texts, rules.find(NarrativeReference))
        or _dossiers(line, payments, texts, rules.find(NarrativeDossier))
        or _cut(line, payments, {*words, *(key_of(reference) for _, reference in readings)}, rules.find(NarrativeCut))
    )


def _references(
    line: LineFact, payments: Sequence[PaymentFact], texts: Sequence[str], rule: NarrativeReference | None
) -> Names:
    return {
        ("narrative_reference", key_of(one.reference), one.payment_id)
        for one in payments
        if rule
        and _in_reach(one, line, rule.window_days)
        and stands_in(key_of(one.reference), texts, rule.least_length)
    }


def _dossiers(
    line: LineFact, payments: Sequence[PaymentFact], texts: Sequence[str], rule: NarrativeDossier | None
) -> Names:
    return {
        ("narrative_dossier", key_of(one.dossier_code or ""), one.payment_id)
        for one in payments
        if rule
        and _in_reach(one, line, rule.window_days)
        and stands_in(key_of(one.dossier_code or ""), texts, rule.least_length)
    }


def _cut(line: LineFact, payments: Sequence[PaymentFact], words: set[str], rule: NarrativeCut | None) -> Names:
    return {
        ("narrative_cut", f"cut {one.payment_id}", one.payment_id)
        for one in payments
        if rule and _in_reach(one, line, rule.window_days)
        for key in (key_of(one.reference), key_of(one.dossier_code or ""))
        for word in words
        if len(word) >= rule.least_length and key.startswith(word) and key != word
    }


def match_by_narrative(
    payments: Sequence[PaymentFact],
    lines: Sequence[LineFact],
    rules: RuleSet,
    may: Callable[[PaymentFact, LineFact], bool],
) -> tuple[frozenset[MatchFact], Ambiguous]:
    payers: dict[tuple[int | None, int, str], list[PaymentFact]] = defaultdict(list)
    for one in payments:
        payers[_sum(one)].append(one)
    edges = {
        (line.line_id, *edge)
        for line in lines
        for edge in _names(line, [one for one in payers[_sum(line)] if may(one, line)], rules)
    }
    of_line, of_payment, of_name = defaultdict(set), defaultdict(set), defaultdict(set)
    amounts = {line.line_id: (line.account_id, line.amount, line.currency) for line in lines}
    for line_id, rule, name, payment_id in edges:
        of_line[line_id].add((rule, name))
        of_payment[payment_id].add((rule, name))
        of_name[rule, name, amounts[line_id]].add((line_id, payment_id))
    matches, unclear = set(), set()
    for (rule, _, _), pairs in of_name.items():
        line_ids = tuple(sorted({line for line, _ in pairs}))
        payment_ids = tuple(sorted({payment for _, payment in pairs}))
        clean = all(len(of_line[one]) == 1 for one in line_ids) and all(
            len(of_payment[one]) == 1 for one in payment_ids
        )
        if clean and len(line_ids) == len(payment_ids) and len(pairs) == len(line_ids) * len(payment_ids):
            matches.add(MatchFact(rule, payment_ids, line_ids, 0))
        else:
            unclear |= {("line", one) for one in line_ids} | {("payment", one) for one in payment_ids}
    return frozenset(matches), frozenset(unclear)
