"""Payments and lines that come to the same sum: one to many, many to one, many to many."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.combination import Combinations, Pair, combine
from reconciliation.model import CONTENDERS
from reconciliation.passes.apart import parted_pairs
from reconciliation.rules.model import SumNarrative, SumReference
from reconciliation.turn import Turn, columns

BY_NAME: Final = "sum_narrative"


@dataclass(slots=True)
class _Group:
    """Payments and lines that names hold together, with their amounts."""

    payments: dict[int, int] = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def facts(self) -> int:
        return len(self.payments) + len(self.lines)


async def match_sums_of_references(turn: Turn, rule: SumReference, *, parted: bool) -> None:
    """Match what a reference has left beside its exact pairs, where it comes to the same."""
    await turn.do("match_whole_sums")
    await turn.do("drop_matched_from_the_rest", rule.kind)
    if groups := await turn.fetch("sums_to_search", rule.most_facts):
        payments = [one for row in groups for one in row["payment_ids"]] if parted else []
        apart = await parted_pairs(turn, payments) if parted else frozenset()
        found = await asyncio.to_thread(_search, groups, apart)  # seconds, where many groups are large
        await turn.do("match_found_sums", *columns(_seats(found), 3), rule.kind)
        await turn.do("drop_matched_from_the_rest", rule.kind)
        unclear = [("payment", one) for each in found for one in each.unclear_payments]
        unclear += [("bank", one) for each in found for one in each.unclear_lines]
        await turn.do("mark_ambiguous_sums", *columns(unclear, 2))
    await turn.do("mark_sums_too_large", rule.most_facts)


def _search(groups: Iterable[asyncpg.Record], apart: Collection[Pair]) -> list[Combinations]:
    return [
        combine(
            dict(zip(row["payment_ids"], row["payment_amounts"], strict=True)),
            dict(zip(row["line_ids"], row["line_amounts"], strict=True)),
            _allowed(row, apart) if apart else None,
        )
        for row in groups
    ]


def _allowed(row: asyncpg.Record, apart: Collection[Pair]) -> list[Pair]:
    pairs = [(payment, line) for payment in row["payment_ids"] for line in row["line_ids"]]
    return [pair for pair in pairs if pair not in apart]


async def match_sums_by_name(turn: Turn) -> None:
    """Match payments and lines that names hold together, where they come to the same; a group is judged whole."""
    with RECONCILIATION_SECONDS.labels("sums").time():
        await turn.do("begin_with_facts_judged")
        rule = turn.rules.find(SumNarrative)
        if rule:
            await _follow_names(turn, rule)
        await turn.do("leave_facts_settled_otherwise", turn.tenant_id)
        await turn.do("leave_edges_of_facts_settled_otherwise")
        if rule and (edges := await turn.fetch("sums_by_name", turn.tenant_id)):
            await _match_groups(turn, _hold_together(edges), rule.most_facts)
        await turn.do("set_sum_standing", turn.tenant_id, CONTENDERS)
        await turn.do("judge_payments_reached_by_sum")
        await turn.do("judge_lines_reached_by_sum")


async def _follow_names(turn: Turn, rule: SumNarrative) -> None:
    counting = (rule.window_days.first, rule.window_days.last, rule.least_length)
    reached = 1
    while reached:
        await turn.analyze("w_sum")
        await turn.do("find_payments_named_in_sums", turn.tenant_id, *counting)
        if turn.judged_before:  # else every line is in hand, and has just named its payments
            await turn.do("find_lines_that_name_in_sums", turn.tenant_id, *counting)
        await turn.do("settle_facts_looked_at")
        reached = await turn.do("reach_facts_by_sum")
    await turn.analyze("w_sum_edge")


def _hold_together(edges: Sequence[asyncpg.Record]) -> list[_Group]:
    lines_of, payments_of = defaultdict(list), defaultdict(list)
    for edge in edges:
        lines_of[edge["payment_id"]].append(edge)
        payments_of[edge["line_id"]].append(edge)
    groups = []
    while lines_of:
        group, beginning = _Group(), next(iter(lines_of))
        waiting = list(lines_of.pop(beginning))
        while waiting:
            edge = waiting.pop()
            group.payments[edge["payment_id"]] = edge["payment_amount"]
            group.lines[edge["line_id"]] = edge["line_amount"]
            group.pairs.append((edge["payment_id"], edge["line_id"]))
            waiting += lines_of.pop(edge["payment_id"], ())
            waiting += payments_of.pop(edge["line_id"], ())
        groups.append(group)
    return groups


async def _match_groups(turn: Turn, groups: Sequence[_Group], most: int) -> None:
    found = await asyncio.to_thread(lambda: [_judge(group, most) for group in groups])
    seats = _seats(found)
    await turn.do("match_found_sums", *columns(seats, 3), BY_NAME)
    await turn.do("mark_sums_by_name", *columns((seat[1:] for seat in seats), 2))
    stopped = [group.facts if group.facts > most else None for group in groups]
    unclear = [("payment", one, why) for each, why in zip(found, stopped, strict=True) for one in each.unclear_payments]
    unclear += [("bank", one, why) for each, why in zip(found, stopped, strict=True) for one in each.unclear_lines]
    await turn.do("mark_unclear_sums_by_name", *columns(unclear, 3))


def _judge(group: _Group, most: int) -> Combinations:
    """Take a group as a whole, search a small one, and give up a large one."""
    if sum(group.payments.values()) == sum(group.lines.values()):
        return Combinations([(tuple(sorted(group.payments)), tuple(sorted(group.lines)))])
    if group.facts > most:
        return Combinations((), frozenset(group.payments), frozenset(group.lines))
    return combine(group.payments, group.lines, group.pairs)


def _seats(found: Sequence[Combinations]) -> list[tuple[int, str, int]]:
    """Return (solution, leg, fact) of all that is taken."""
    solutions = [solution for each in found for solution in each.taken]
    return [
        (number, leg, fact)
        for number, sides in enumerate(solutions)
        for leg, facts in zip(("payment", "bank"), sides, strict=True)
        for fact in facts
    ]
