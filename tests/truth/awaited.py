"""Scenarios of what the engine does not know yet: they are not told where its figures are asserted."""

from typing import Final

from tests.truth.scenarios import batches

AWAITED: Final[frozenset[str]] = frozenset(
    one.__name__
    for one in (
        batches.batch_codes_that_begin_alike_and_come_to_the_same,  # it is ambiguous, for one code stands in the other
    )
)
