"""What is left of a group of payments and lines once a person has parted some of its pairs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

Pair = tuple[int, int]
"""A payment and a line."""
Component = tuple[list[int], list[int]]
"""Payments, and the lines that may still be theirs."""


def split_group(payments: Iterable[int], lines: Iterable[int], parted: Collection[Pair]) -> Iterator[Component]:
    """Yield the connected parts of a group, where every payment may have every line but those it was parted from.

    The cost follows the facts and the parted pairs, not the pairs that are left. What has lost all of the other side
    is no part.
    """
    not_of: dict[int, set[int]] = defaultdict(set)
    for payment, line in parted:
        not_of[payment].add(line)
    left, unreached = sorted(payments, reverse=True), set(lines)
    while left:
        part, reached = [left.pop()], set[int]()
        for payment in part:
            new = unreached - not_of[payment]
            unreached -= new
            reached |= new
            part += [one for one in left if not new <= not_of[one]]
            left = [one for one in left if new <= not_of[one]]
        if reached:
            yield sorted(part), sorted(reached)
