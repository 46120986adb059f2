"""What people have joined."""

from dataclasses import replace

from reconciliation.oracle.facts import MatchFact, World
from reconciliation.oracle.groups import join


def match_by_hand(world: World, staying: World) -> tuple[frozenset[MatchFact], World]:
    """Match what is joined as long as all of it is there, and return what is left for the rules."""
    payments = {one.payment_id: one for one in world.payments if one.came}
    lines = {one.line_id: one for one in staying.lines if one.leg == "bank"}
    matches = frozenset(
        join("by_hand", [payments[one] for one in sorted(paid)], [lines[one] for one in sorted(booked)])
        for paid, booked in world.joined
        if payments.keys() >= set(paid) and lines.keys() >= set(booked)
    )
    used_payments = {one for match in matches for one in match.payment_ids}
    used_lines = {one for match in matches for one in match.line_ids}
    return matches, replace(
        staying,
        payments=[one for one in staying.payments if one.payment_id not in used_payments],
        lines=[one for one in staying.lines if one.line_id not in used_lines],
    )
