"""Keeps apart what a person has parted: of a reference, only what may still be joined is judged together."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import asyncpg

from reconciliation.components import Pair, split_group
from reconciliation.turn import Turn, columns

Part = tuple[str, int, int]
"""Leg and number of a fact, and the part of its group that it is in."""


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


async def _parts(turn: Turn, found: Sequence[asyncpg.Record]) -> list[Part]:
    """Return leg, number and part of each fact; a part's number is its group's own."""
    groups: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for row in found:
        groups[row["group_id"]][row["leg"] == "bank"].append(row["fact_id"])
    parted = await parted_pairs(turn, [row["fact_id"] for row in found if row["leg"] == "payment"])
    return [fact for payments, lines in groups.values() for fact in _numbered(payments, lines, parted)]


def _numbered(payments: Collection[int], lines: Collection[int], parted: Collection[Pair]) -> Iterator[Part]:
    """Number the parts of a group from 2; payments that have lost every line are one part, and so are such lines."""
    part_of = {("payment", one): 0 for one in payments} | {("bank", one): 1 for one in lines}
    for part, sides in enumerate(split_group(payments, lines, parted), 2):
        for leg, facts in zip(("payment", "bank"), sides, strict=True):
            part_of |= {(leg, one): part for one in facts}
    return ((*fact, part) for fact, part in part_of.items())
