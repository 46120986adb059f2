"""Scenarios of what the engine does not know yet: they are not told where its figures are asserted."""

from typing import Final

from tests.truth.scenarios import bank, batches, dossiers, sums

AWAITED: Final[frozenset[str]] = frozenset(
    one.__name__
    for one in (
        bank.pair_that_was_parted,
        batches.batch_codes_that_begin_alike_and_come_to_the_same,  # it is ambiguous, for one code stands in the other
        dossiers.begun_and_never_confirmed,  # it is told, but counts in no day's report
        sums.named_sum_in_two_ways,
        sums.one_line_names_several_dossiers,
        sums.one_line_names_several_references,
        sums.several_lines_name_one_dossier,
        sums.several_lines_name_several_dossiers,
    )
)
