"""The sample month: the same seed gives the same province, and every story is told."""

from collections import Counter
from datetime import date

import pytest

from paygate.demo.catalogue import DEPARTMENTS, DISTRICTS, PROCEDURES
from paygate.demo.expected import figures_of, inbox_of, replies_of
from paygate.demo.plays import CUT_TO
from paygate.demo.scene import CALENDAR, COUNTER, SHARES, Treatment
from paygate.demo.stories import CHIEF_DAY, DAYS, DOSSIERS, STORIES, Plan, plant
from paygate.domain.lifecycle import PaymentState
from paygate.domain.text import DOSSIER_CODE, dossier_code_in, reference_key
from reconciliation.model import REASONS, Reason, Verdict
from reconciliation.rules.model import SHORTEST_CUT


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plant(2024)


def test_the_same_seed_plants_the_same_month() -> None:
    assert plant(7, 0.02) == plant(7, 0.02)


def test_another_seed_plants_another_month() -> None:
    assert plant(7, 0.02).cases != plant(8, 0.02).cases


def test_the_province_has_its_agencies_and_procedures() -> None:
    assert len({agency.code for agency in DEPARTMENTS + DISTRICTS}) == 20
    assert len({procedure.code for procedure in PROCEDURES}) == 50


def test_the_month_has_five_thousand_dossiers_each_with_its_own_code(plan: Plan) -> None:
    codes = [case.facts.record.dossier_code for case in plan.cases if case.facts.record]
    assert len(codes) == len(set(codes)) == DOSSIERS


def test_every_dossier_code_has_the_form_of_one(plan: Plan) -> None:
    assert all(DOSSIER_CODE.fullmatch(case.dossier_code) for case in plan.cases if case.dossier_code)


def test_every_dossier_is_of_may_2024(plan: Plan) -> None:
    received = {case.facts.record.received_on for case in plan.cases if case.facts.record}
    assert all(day is not None and (day.year, day.month) == (2024, 5) for day in received)


def test_about_six_thousand_notices_are_sent(plan: Plan) -> None:
    assert 5_700 <= replies_of(plan).total() <= 6_300


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_every_story_is_told_at_least_twice_on_the_chief_day(scale: float) -> None:
    told = Counter(case.story.name for case in plant(2024, scale).cases if case.day == CHIEF_DAY)
    months_rest = {"unpaid"}
    assert all(told[story.name] >= 2 for story in STORIES if story.name not in months_rest)


def test_most_dossiers_agree(plan: Plan) -> None:
    classes = figures_of(plan, CHIEF_DAY).classes
    assert classes[Verdict.MATCHED] > 0.9 * sum(classes.values())


def test_every_reason_is_planted_but_foreign_money_and_what_takes_days_of_asking() -> None:
    left_out = {Reason.CURRENCY_DIFFERS, Reason.NEVER_CONFIRMED}
    left_out |= {
        Reason.REVERSED,
        Reason.REFUND_UNMATCHED,
        Reason.NET_DIFFERS,
        Reason.STATEMENT_GAP,
        Reason.STATEMENT_UNBALANCED,
        Reason.LATE,
    }
    assert {story.reason for story in STORIES if story.reason} == set(Reason) - left_out


def test_a_story_has_the_verdict_the_contract_gives_its_reason() -> None:
    assert all(story.verdict is REASONS[story.reason].verdict for story in STORIES if story.reason)


def test_what_ripens_is_pending_on_its_own_day_and_named_on_the_next(plan: Plan) -> None:
    case = next(case for case in plan.cases if case.story.name == "no_line" and case.day == CHIEF_DAY)
    assert case.judged(CHIEF_DAY) == (Verdict.PENDING, None)
    assert case.judged(date(2024, 5, 9)) == (Verdict.MISSING, Reason.BANK_MISSING)


def test_the_closed_days_are_consecutive_business_days() -> None:
    assert [CALENDAR.add(DAYS[0], ahead) for ahead in range(3)] == list(DAYS)


def test_no_two_dossiers_share_a_reference(plan: Plan) -> None:
    of_case = [{sending.facts.reference for sending in case.facts.sendings} for case in plan.cases]
    assert sum(map(len, of_case)) == len(set().union(*of_case))


def test_a_cut_reference_is_long_enough_and_names_one_payment(plan: Plan) -> None:
    keys = [reference_key(sending.facts.reference) for case in plan.cases for sending in case.facts.sendings[:1]]
    cut = [key for case in plan.cases if case.story.name == "cut_reference" for key in _cut(case.facts.sendings)]
    assert CUT_TO >= SHORTEST_CUT
    assert cut
    assert all(sum(key.startswith(start) for key in keys) == 1 for start in cut)


def _cut(sendings: object) -> list[str]:
    assert isinstance(sendings, tuple)
    return [reference_key(sending.facts.reference)[:CUT_TO] for sending in sendings]


def test_every_source_reports_payments(plan: Plan) -> None:
    assert {sending.source for case in plan.cases for sending in case.facts.sendings} == {*SHARES, COUNTER}


def test_a_notice_names_its_dossier_or_was_requested_beforehand(plan: Plan) -> None:
    for case in plan.cases:
        for sending in case.facts.sendings:
            assert case.facts.request or dossier_code_in(sending.facts.description)


def test_a_late_success_comes_after_its_failure_under_the_same_transaction(plan: Plan) -> None:
    case = next(case for case in plan.cases if case.story.name == "late_success")
    failed, paid = (sending.facts for sending in case.facts.sendings)
    assert (failed.state, paid.state) == (PaymentState.FAILED, PaymentState.PAID)
    assert failed.transaction_id == paid.transaction_id
    assert failed.occurred_at is not None
    assert paid.occurred_at is not None
    assert failed.occurred_at < paid.occurred_at


def test_forgeries_are_answered_401_and_never_kept(plan: Plan) -> None:
    forged = [
        sending for case in plan.cases for sending in case.facts.sendings if sending.treatment is Treatment.TAMPERED
    ]
    sent = [sending for case in plan.cases for sending in case.facts.sendings]
    assert forged
    assert replies_of(plan)[401] == sum(sending.copies for sending in forged)
    assert inbox_of(plan).kept == len(sent) - len(forged)


def test_a_contradicted_payment_counts_once_with_the_smaller_amount() -> None:
    plan = plant(2024, 0.01)
    case = next(case for case in plan.cases if case.story.name == "contradiction" and case.day == CHIEF_DAY)
    assert case.facts.record is not None
    alone = figures_of(Plan(plan.seed, [case]), CHIEF_DAY)
    assert (alone.payments.count, alone.payments.amount) == (1, case.facts.record.due)
