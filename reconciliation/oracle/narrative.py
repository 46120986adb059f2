"""Payments that bank lines name in their narratives."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from reconciliation.model import CUT_LENGTH, WINDOW_DAYS
from reconciliation.oracle.facts import LineFact, MatchFact, PaymentFact
from reconciliation.oracle.groups import Ambiguous
from reconciliation.oracle.texts import key_of, stands_in, words_of


def _in_reach(payment: PaymentFact, line: LineFact) -> bool:
    first, last = (payment.business_date + timedelta(days=days) for days in WINDOW_DAYS)
    return (payment.account_id, payment.amount, payment.currency) == (
        line.account_id,
        line.amount,
        line.currency,
    ) and first <= line.booked_on <= last


def _names(line: LineFact, payments: Sequence[PaymentFact]) -> set[tuple[str, str, int]]:
    """Return (rule, name, payment) for what the line names best: references, else dossiers, else cut forms."""
    words = words_of(f"{line.narrative} {line.reference}")
    texts = (" ".join(words), key_of(line.narrative), key_of(line.reference))
    near = [one for one in payments if _in_reach(one, line)]
    if full := {
        ("narrative_reference", key_of(one.reference), one.payment_id)
        for one in near
        if stands_in(key_of(one.reference), texts)
    }:
        return full
    if full := {
        ("narrative_dossier", key_of(one.dossier_code or ""), one.payment_id)
        for one in near
        if stands_in(key_of(one.dossier_code or ""), texts)
    }:
        return full
    cut = [word for word in {*words, key_of(line.reference)} if len(word) >= CUT_LENGTH]
    return {
        ("narrative_cut", f"cut {one.payment_id}", one.payment_id)
        for one in near
        for key in (key_of(one.reference), key_of(one.dossier_code or ""))
        for word in cut
        if key.startswith(word) and key != word
    }


def match_by_narrative(
    payments: Sequence[PaymentFact], lines: Sequence[LineFact]
) -> tuple[frozenset[MatchFact], Ambiguous]:
    edges = {(line.line_id, *edge) for line in lines for edge in _names(line, payments)}
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
