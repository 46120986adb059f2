"""Payments and lines that come to the same sum: one to many, many to one, many to many."""

import asyncio
from collections.abc import Iterable, Sequence

import asyncpg

from reconciliation.combination import Combinations, combine
from reconciliation.rules.model import SumReference
from reconciliation.turn import Turn, columns


async def match_sums_of_references(turn: Turn, rule: SumReference) -> None:
    """Match what a reference has left beside its exact pairs, where it comes to the same."""
    await turn.do("match_whole_sums")
    await turn.do("drop_matched_from_the_rest", rule.kind)
    if groups := await turn.fetch("sums_to_search", rule.most_facts):
        found = await asyncio.to_thread(_search, groups)  # seconds, where many groups are large
        await turn.do("match_found_sums", *columns(_seats(found), 3), rule.kind)
        await turn.do("drop_matched_from_the_rest", rule.kind)
        unclear = [("payment", one) for each in found for one in each.unclear_payments]
        unclear += [("bank", one) for each in found for one in each.unclear_lines]
        await turn.do("mark_ambiguous_sums", *columns(unclear, 2))
    await turn.do("mark_sums_too_large", rule.most_facts)


def _search(groups: Iterable[asyncpg.Record]) -> list[Combinations]:
    return [
        combine(
            dict(zip(row["payment_ids"], row["payment_amounts"], strict=True)),
            dict(zip(row["line_ids"], row["line_amounts"], strict=True)),
        )
        for row in groups
    ]


def _seats(found: Sequence[Combinations]) -> list[tuple[int, str, int]]:
    """Return (solution, leg, fact) of all that is taken."""
    solutions = [solution for each in found for solution in each.taken]
    return [
        (number, leg, fact)
        for number, sides in enumerate(solutions)
        for leg, facts in zip(("payment", "bank"), sides, strict=True)
        for fact in facts
    ]
