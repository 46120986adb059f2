"""The worlds themselves: every fact is accounted for once, every reason has its scenario, and nothing is orderly."""

from collections import Counter
from itertools import pairwise

from paygate.domain.text import reference_key
from reconciliation.model import Reason
from tests.truth.days import ALL
from tests.truth.drawing import draw_worlds
from tests.truth.facts import Line, World
from tests.truth.measure import Measure, late_payments
from tests.truth.scenarios import ODD, PLAIN, RARE
from tests.truth.stored import Stored, key_of_case, key_of_group

WORLDS = draw_worlds(3_000, seed=5)
OF_THE_FEEDS = {Reason.STATEMENT_GAP, Reason.STATEMENT_UNBALANCED, Reason.LATE}
"""What is said of no case, or of one that is settled."""


def stored_truth(world: World) -> Stored:
    """Return what an engine without a fault would store."""
    hanging = {key_of_case(one.case) for one in world.verdicts if one.verdict == "pending"}
    return Stored(
        [key_of_group(one) for one in world.groups],
        {key_of_case(one.case): dict(one.reasons) for one in world.verdicts if one.reasons},
        frozenset(hanging),
        [(number, "resolved") for number in late_payments(world)],
    )


def test_the_same_seed_draws_the_same_world() -> None:
    first, again = draw_worlds(500, seed=9), draw_worlds(500, seed=9)
    assert [[key_of_group(one) for one in world.groups] for world in first] == [
        [key_of_group(one) for one in world.groups] for world in again
    ]


def test_every_scenario_is_told() -> None:
    names = {one.__name__ for one in (*ODD, *PLAIN, *RARE)}
    told = {one.scenario for world in WORLDS for one in world.verdicts}
    assert names == told
    assert len(names) == len(ODD) + len(PLAIN) + len(RARE)


def test_every_reason_has_a_scenario_that_produces_it() -> None:
    told = {reason for world in WORLDS for one in world.verdicts for reason in one.reasons}
    assert told == {*Reason} - OF_THE_FEEDS


def test_a_fact_settles_once() -> None:
    for world in WORLDS:
        seats = Counter(
            (group.tie, fact)
            for group in world.groups
            for fact in (*group.payments, *group.lines)
            if group.tie != "refund"
        )
        assert set(seats.values()) == {1}


def test_every_line_settles_something_or_is_a_case_or_no_evidence() -> None:
    for world in WORLDS:
        used = {line for group in world.groups for line in group.lines}
        used |= {one.case for one in world.verdicts if isinstance(one.case, Line)}
        assert not {line.scenario for line in world.lines if line not in used and line.evidence and not _paid_out(line)}


def _paid_out(line: Line) -> bool:
    """Tell of what lies in a batch: its money is accounted for with the batch."""
    return line.leg == "settlement" and line.batch is not None


def test_every_case_is_judged_once() -> None:
    for world in WORLDS:
        assert set(Counter(key_of_case(one.case) for one in world.verdicts).values()) == {1}
        judged = {key_of_case(one.case) for one in world.verdicts}
        assert not {one.dossier for one in world.payments if one.dossier} - {
            one.removeprefix("dossier:") for one in judged
        }


def test_every_fact_comes_on_a_day_that_is_closed() -> None:
    days = {one.day for world in WORLDS for one in world.payments}
    days |= {one.booked_on for world in WORLDS for one in world.lines}
    assert days <= {*ALL}


def test_unrelated_payments_share_amounts_and_days() -> None:
    for world in WORLDS:
        alike = Counter((one.source.account, one.amount, one.day) for one in world.payments)
        assert sum(count for count in alike.values() if count > 1) > len(world.payments) / 3


def test_some_codes_begin_others() -> None:
    keys = sorted({reference_key(record.code) for world in WORLDS for record in world.records})
    assert sum(longer.startswith(key) for key, longer in pairwise(keys)) >= len(WORLDS)


def test_what_is_stored_without_a_fault_measures_whole() -> None:
    measure = Measure()
    for world in WORLDS:
        measure.take(world, stored_truth(world))
    assert (measure.precision, measure.recall, measure.reasons_right) == (1.0, 1.0, 1.0)
    assert measure.ambiguous == measure.ambiguous_listed > 0
    assert measure.ambiguous_taken == 0


def test_one_wrong_match_is_seen() -> None:
    world, measure = WORLDS[0], Measure()
    stored = stored_truth(world)
    (tie, one, lines, batch), (_, other, others, _) = stored.groups[:2]
    stored.groups[:2] = [(tie, one, others, batch), (tie, other, lines, batch)]
    measure.take(world, stored)
    assert measure.precision == 1 - 2 / len(world.groups)
    assert measure.recall == 1 - 2 / len(world.groups)


def test_one_reason_too_many_is_seen() -> None:
    world, measure = WORLDS[0], Measure()
    stored = stored_truth(world)
    quiet = next(one for one in world.verdicts if one.verdict == "matched")
    stored.reasons[key_of_case(quiet.case)] = {"bank_missing": 1}
    measure.take(world, stored)
    assert measure.figures()["off"]
    assert 0.99 < measure.reasons_right < 1


def test_a_taken_ambiguity_is_seen() -> None:
    world, measure = WORLDS[0], Measure()
    stored = stored_truth(world)
    line = next(one.case for one in world.verdicts if "ambiguous" in one.reasons and isinstance(one.case, Line))
    stored.groups.append(("bank", frozenset({world.payments[0].number}), frozenset({line.number}), None))
    measure.take(world, stored)
    assert measure.ambiguous_taken == 1
