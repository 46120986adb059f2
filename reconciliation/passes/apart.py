"""Keeps apart what a person has parted: of a reference, only what may still be joined is judged together."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import asyncpg

from reconciliation.combination import Pair
from reconciliation.turn import Turn, columns

Fact = tuple[str, int]
"""Leg and number."""


async def part_exact_groups(turn: Turn) -> None:
    """Number the parts of every reference and amount in which a pair is parted."""
    found = await turn.fetch("facts_of_parted_pairs", turn.tenant_id)
    await turn.do("set_parts_of_facts", *columns(await _parts(turn, found), 3))


async def part_the_rest(turn: Turn, *, by_account: bool, by_amount: bool) -> None:
    """Number the parts anew of what is still open, with other company now."""
    found = await turn.fetch("open_facts_of_parted_pairs", turn.tenant_id, by_account, by_amount)
    await turn.do("clear_parts_of_the_rest")
    await turn.do("set_parts_of_the_rest", *columns(await _parts(turn, found), 3))


async def parted_pairs(turn: Turn, payment_ids: Collection[int]) -> frozenset[Pair]:
    """Return the pairs parted of these payments."""
    rows = await turn.fetch("parted_pairs", turn.tenant_id, list(payment_ids))
    return frozenset((row["payment_id"], row["line_id"]) for row in rows)


async def _parts(turn: Turn, found: Sequence[asyncpg.Record]) -> list[tuple[str, int, int]]:
    groups: dict[int, list[Fact]] = defaultdict(list)
    for row in found:
        groups[row["group_id"]].append((row["leg"], row["fact_id"]))
    parted = await parted_pairs(turn, [row["fact_id"] for row in found if row["leg"] == "payment"])
    company: dict[Fact, set[int]] = defaultdict(set)
    for payment, line in parted:
        company["payment", payment].add(line)
        company["bank", line].add(payment)
    return [
        (*fact, part)
        for group in groups.values()
        for part, facts in enumerate(_connected(group, company))
        for fact in facts
    ]


def _connected(group: Collection[Fact], parted_from: Mapping[Fact, set[int]]) -> Iterator[list[Fact]]:
    """Yield the facts in parts that allowed pairs hold together; each fact is looked at as often as it is parted."""
    left = {"payment": {number for leg, number in group if leg == "payment"}}
    left["bank"] = {number for leg, number in group if leg == "bank"}
    for leg, number in group:
        if number not in left[leg]:
            continue
        left[leg].discard(number)
        part = [(leg, number)]
        for near, one in part:  # grows while it is walked through
            far = "bank" if near == "payment" else "payment"
            new = left[far] - parted_from.get((near, one), set())
            left[far] -= new
            part += [(far, other) for other in new]
        yield part
