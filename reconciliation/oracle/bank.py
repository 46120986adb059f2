"""What the bank leg lacks: of each payment, and of each line."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from reconciliation.model import REFUND_WORDS, Reason
from reconciliation.oracle.dossiers import AddBusinessDays
from reconciliation.oracle.facts import DiscrepancyFact, LineFact, MatchFact, PaymentFact, World
from reconciliation.oracle.groups import Ambiguous, mark
from reconciliation.oracle.returns import Returned
from reconciliation.oracle.texts import key_of, words_of


def judge_payments(  # noqa: PLR0913, PLR0917 -- each tells another thing of the payments
    world: World,
    returned: Mapping[int, Returned],
    matches: Collection[MatchFact],
    ambiguous: Ambiguous,
    paid_out: Collection[int],
    add: AddBusinessDays,
) -> Iterable[DiscrepancyFact]:
    """Say what each payment lacks; of those in a batch that was paid out, no bank line."""
    match_of = {payment_id: match for match in matches if match.leg == "bank" for payment_id in match.payment_ids}
    booked = {line.line_id: line.booked_on for line in world.lines}
    confirmed = {(one.source_id, one.reference) for one in world.payments if one.came}
    for one in world.payments:
        subject = f"payment:{one.payment_id}"
        if one.conflicting:
            yield DiscrepancyFact(subject, Reason.NOTICES_CONFLICT, one.amount, one.business_date)
        if one.hangs and one.given_up_on and (one.source_id, one.reference) not in confirmed:
            yield DiscrepancyFact(subject, Reason.NEVER_CONFIRMED, one.amount, one.given_up_on)
        if one.came and one.currency != "VND":
            yield DiscrepancyFact(subject, Reason.CURRENCY_DIFFERS, one.amount, one.business_date)
        taken_back = returned[one.payment_id].reversed_on if one.payment_id in returned else None
        if taken_back:
            yield DiscrepancyFact(subject, Reason.REVERSED, one.amount, taken_back)
        match = match_of.get(one.payment_id)
        if match and match.rule == "by_hand":
            if match.difference and one.payment_id == min(match.payment_ids):
                yield DiscrepancyFact(subject, Reason.AMOUNT_DIFFERS, abs(match.difference), _last_day(world, match))
        elif match and match.rule in ("reference", "reference_other_account"):
            since = max(one.business_date, *(booked[line] for line in match.line_ids))
            yield _judge_match(match, one, since)
        elif one.came and not match and one.payment_id not in paid_out:
            lacking = _judge_unmatched(one, ambiguous, add)
            yield from (found for found in lacking if not (taken_back and found.reason is Reason.BANK_MISSING))


def _last_day(world: World, match: MatchFact) -> date:
    paid = [one.business_date for one in world.payments if one.payment_id in match.payment_ids]
    return max(*paid, *(one.booked_on for one in world.lines if one.line_id in match.line_ids))


def _judge_match(match: MatchFact, payment: PaymentFact, since: date) -> DiscrepancyFact:
    subject = f"payment:{payment.payment_id}"
    if match.rule == "reference":
        return DiscrepancyFact(subject, Reason.AMOUNT_DIFFERS, abs(match.difference), since)
    return DiscrepancyFact(subject, Reason.WRONG_ACCOUNT, payment.amount, since)


def _judge_unmatched(one: PaymentFact, ambiguous: Ambiguous, add: AddBusinessDays) -> Iterable[DiscrepancyFact]:
    if one.currency != "VND" or one.amount <= 0 or one.account_id is None:
        return
    subject = f"payment:{one.payment_id}"
    if mark(one) in ambiguous:
        yield DiscrepancyFact(subject, Reason.AMBIGUOUS, one.amount, one.business_date)
    elif one.bank_days is not None:
        yield DiscrepancyFact(subject, Reason.BANK_MISSING, one.amount, add(one.business_date, one.bank_days))


def judge_lines(world: World, matches: Collection[MatchFact], ambiguous: Ambiguous) -> Iterable[DiscrepancyFact]:
    settled = {line_id for match in matches for line_id in match.line_ids}
    for line in world.lines:
        if line.leg == "bank" and line.line_id not in settled:
            reason = Reason.AMBIGUOUS if mark(line) in ambiguous else _unexpected(line)
            yield DiscrepancyFact(f"line:{line.line_id}", reason, abs(line.amount), line.booked_on)


def _unexpected(line: LineFact) -> Reason:
    said = f" {' '.join(words_of(line.narrative))} "
    refund = key_of(line.reference) or any(f" {words} " in said for words in REFUND_WORDS)
    return Reason.REFUND_UNMATCHED if line.amount < 0 and not line.reversal and refund else Reason.BANK_UNEXPECTED
