"""Scenarios of what the engine does not know yet: they are not told where its figures are asserted."""

from typing import Final

from tests.truth.scenarios import backs, bank, batches, dossiers, plain, settlement, sums, waiting

AWAITED: Final[frozenset[str]] = frozenset(
    one.__name__
    for one in (
        backs.refunded_by_the_gateway,
        backs.refunded_by_the_gateway_and_seen_at_the_bank,
        backs.the_gateway_refunds_nothing_known,
        *batches.SCENARIOS,
        *batches.ON_ACCOUNTS_OF_THEIR_OWN,
        *settlement.SCENARIOS,
        bank.pair_that_was_parted,
        dossiers.begun_and_never_confirmed,  # it is told, but counts in no day's report
        dossiers.paid_in_parts_by_two_roads,
        dossiers.paid_twice_by_a_gateway,
        plain.all_six_legs,
        plain.listed_and_booked,
        plain.settled_in_the_batch_of_the_day,
        sums.named_sum_in_two_ways,
        sums.one_line_names_several_dossiers,
        sums.one_line_names_several_references,
        sums.several_lines_name_one_dossier,
        sums.several_lines_name_several_dossiers,
        waiting.payout_not_due,
    )
)
