"""The matcher once more, in plain Python over facts in memory: what the set-based passes must equal.

Slow and simple on purpose. It shares no code with the passes, only the numbers of `model` that both are given.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reconciliation.model import CUT_LENGTH, NAMED_LENGTH, RECORDED_DAYS, WINDOW_DAYS, Reason


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """A payment. `came` tells whether money was taken; `bank_days` None: no bank line is expected.

    `hangs`: no result is known. `given_up_on` is the day on which the questions about its reference ended without one.
    """

    payment_id: int
    reference: str
    dossier_code: str | None
    amount: int
    currency: str
    business_date: date
    account_id: int | None
    bank_days: int | None
    came: bool = True
    conflicting: bool = False
    source_id: int = 1
    hangs: bool = False
    given_up_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineFact:
    """A booked bank line, signed."""

    line_id: int
    account_id: int
    amount: int
    currency: str
    booked_on: date
    reference: str
    narrative: str


@dataclass(frozen=True, slots=True)
class RecordFact:
    """What a dossier owes and where it stands."""

    dossier_code: str
    due: int
    status: str
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class MatchFact:
    """Payments and lines that settle each other."""

    rule: str
    payment_ids: tuple[int, ...]
    line_ids: tuple[int, ...]
    difference: int


@dataclass(frozen=True, slots=True)
class DiscrepancyFact:
    """What does not agree: the subject as `kind:id`, the amount at stake, the day from which it holds."""

    subject: str
    reason: Reason
    amount: int
    since: date


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything the matcher says of a world."""

    matches: frozenset[MatchFact]
    discrepancies: frozenset[DiscrepancyFact]


@dataclass(frozen=True, slots=True)
class World:
    """All facts of one tenant."""

    payments: Sequence[PaymentFact]
    lines: Sequence[LineFact]
    records: Sequence[RecordFact]


AddBusinessDays = Callable[[date, int], date]


def judge(world: World, *, as_of: date, record_wait_days: int, add: AddBusinessDays) -> Judgement:
    """Match and judge a whole world at once, as of a business day."""
    by_reference, loose_payments, loose_lines, ambiguous = _match_by_reference(world)
    by_narrative, unclear = _match_by_narrative(loose_payments, loose_lines)
    matches = by_reference | by_narrative
    found = [
        *_judge_dossiers(world, record_wait_days, add),
        *_judge_payments(world, matches, ambiguous | unclear, add),
        *_judge_lines(world, matches, ambiguous | unclear),
    ]
    waiting = {Reason.BANK_MISSING, Reason.RECORD_MISSING, Reason.PAID_NOT_RECORDED, Reason.NEVER_CONFIRMED}
    return Judgement(matches, frozenset(one for one in found if one.reason not in waiting or one.since <= as_of))


def _strip(text: str) -> str:
    text = text.replace("đ", "d").replace("Đ", "D")
    return "".join(one for one in unicodedata.normalize("NFD", text) if not "\u0300" <= one <= "\u036f")


def _key(text: str) -> str:
    return "".join(one for one in _strip(text) if one.isascii() and one.isalnum()).upper()


def _words(text: str) -> list[str]:
    joined = re.sub(r"[.\-_/]", "", _strip(text))
    return [word.upper() for word in re.split(r"[^A-Za-z0-9]+", joined) if word]


Fact = PaymentFact | LineFact
Ambiguous = frozenset[tuple[str, int]]


def _mark(fact: Fact) -> tuple[str, int]:
    return ("payment", fact.payment_id) if isinstance(fact, PaymentFact) else ("line", fact.line_id)


def _group(facts: Iterable[Fact], by: Callable[[Fact], Hashable]) -> Mapping[Hashable, list[Fact]]:
    groups = defaultdict(list)
    for fact in facts:
        groups[by(fact)].append(fact)
    return groups


def _sides(group: Collection[Fact]) -> tuple[list[PaymentFact], list[LineFact]]:
    payments = sorted((one for one in group if isinstance(one, PaymentFact)), key=lambda one: one.payment_id)
    lines = sorted((one for one in group if isinstance(one, LineFact)), key=lambda one: one.line_id)
    return payments, lines


def _join(rule: str, payments: Collection[PaymentFact], lines: Collection[LineFact]) -> MatchFact:
    difference = sum(one.amount for one in payments) - sum(one.amount for one in lines)
    return MatchFact(rule, tuple(one.payment_id for one in payments), tuple(one.line_id for one in lines), difference)


def _match_by_reference(
    world: World,
) -> tuple[frozenset[MatchFact], list[PaymentFact], list[LineFact], Ambiguous]:
    came = [one for one in world.payments if one.came and one.amount > 0 and one.account_id is not None]
    credits_ = [one for one in world.lines if one.amount > 0]
    facts: list[Fact] = [*came, *credits_]
    open_facts = [one for one in facts if _key(one.reference)]
    nameless = [one for one in facts if not _key(one.reference)]
    matches: set[MatchFact] = set()
    ambiguous: set[tuple[str, int]] = set()
    stages: tuple[tuple[str, Callable[[Fact], Hashable], bool], ...] = (
        ("exact", lambda one: (_key(one.reference), one.currency, one.account_id, one.amount), True),
        ("reference", lambda one: (_key(one.reference), one.currency, one.account_id), False),
        ("reference_other_account", lambda one: (_key(one.reference), one.currency, one.amount), False),
    )
    for rule, by, many in stages:
        left: list[Fact] = []
        for group in _group(open_facts, by).values():
            payments, lines = _sides(group)
            if not payments or not lines:
                left += group
            elif len(payments) == len(lines) and (many or len(payments) == 1):
                matches.add(_join(rule, payments, lines))
            else:
                ambiguous |= {_mark(one) for one in group}
        open_facts = left
    payments, lines = _sides([*open_facts, *nameless])
    return frozenset(matches), payments, lines, frozenset(ambiguous)


def _in_reach(payment: PaymentFact, line: LineFact) -> bool:
    first, last = (payment.business_date + timedelta(days=days) for days in WINDOW_DAYS)
    return (payment.account_id, payment.amount, payment.currency) == (
        line.account_id,
        line.amount,
        line.currency,
    ) and first <= line.booked_on <= last


def _named(key: str, texts: Collection[str]) -> bool:
    pattern = re.compile(rf"(?<![0-9]){key}(?![0-9])")
    return len(key) >= NAMED_LENGTH and any(pattern.search(text) for text in texts)


def _names(line: LineFact, payments: Sequence[PaymentFact]) -> set[tuple[str, str, int]]:
    """Return (rule, name, payment) for what the line names best: references, else dossiers, else cut forms."""
    words = _words(f"{line.narrative} {line.reference}")
    texts = (" ".join(words), _key(line.narrative), _key(line.reference))
    near = [one for one in payments if _in_reach(one, line)]
    if full := {
        ("narrative_reference", _key(one.reference), one.payment_id)
        for one in near
        if _named(_key(one.reference), texts)
    }:
        return full
    if full := {
        ("narrative_dossier", _key(one.dossier_code or ""), one.payment_id)
        for one in near
        if _named(_key(one.dossier_code or ""), texts)
    }:
        return full
    cut = [word for word in {*words, _key(line.reference)} if len(word) >= CUT_LENGTH]
    return {
        ("narrative_cut", f"cut {one.payment_id}", one.payment_id)
        for one in near
        for key in (_key(one.reference), _key(one.dossier_code or ""))
        for word in cut
        if key.startswith(word) and key != word
    }


def _match_by_narrative(
    payments: Sequence[PaymentFact], lines: Sequence[LineFact]
) -> tuple[frozenset[MatchFact], Ambiguous]:
    edges = {(line.line_id, *edge) for line in lines for edge in _names(line, payments)}
    of_line, of_payment, of_name = defaultdict(set), defaultdict(set), defaultdict(set)
    amounts = {line.line_id: (line.account_id, line.amount, line.currency) for line in lines}
    for line_id, rule, name, payment_id in edges:
        of_line[line_id].add((rule, name))
        of_payment[payment_id].add((rule, name))
        of_name[rule, name, amounts[line_id]].add((line_id, payment_id))
    matches, unclear = set(), set()
    for (rule, _, _), pairs in of_name.items():
        line_ids = tuple(sorted({line for line, _ in pairs}))
        payment_ids = tuple(sorted({payment for _, payment in pairs}))
        clean = all(len(of_line[one]) == 1 for one in line_ids) and all(
            len(of_payment[one]) == 1 for one in payment_ids
        )
        if clean and len(line_ids) == len(payment_ids) and len(pairs) == len(line_ids) * len(payment_ids):
            matches.add(MatchFact(rule, payment_ids, line_ids, 0))
        else:
            unclear |= {("line", one) for one in line_ids} | {("payment", one) for one in payment_ids}
    return frozenset(matches), frozenset(unclear)


def _judge_dossiers(world: World, record_wait_days: int, add: AddBusinessDays) -> Iterable[DiscrepancyFact]:
    records = {one.dossier_code: one for one in world.records}
    paid = defaultdict(list)
    for payment in world.payments:
        if payment.came and payment.dossier_code is None:
            since = add(payment.business_date, record_wait_days)
            yield DiscrepancyFact(f"payment:{payment.payment_id}", Reason.RECORD_MISSING, payment.amount, since)
        elif payment.came and payment.dossier_code and payment.currency == "VND":
            paid[payment.dossier_code].append(payment)
    for code, payments in paid.items():
        total = sum(one.amount for one in payments)
        first, last = (choose(one.business_date for one in payments) for choose in (min, max))
        if code not in records:
            yield DiscrepancyFact(f"dossier:{code}", Reason.RECORD_MISSING, total, add(first, record_wait_days))
            continue
        record = records[code]
        if found := _judge_sums(record, payments, total):
            yield DiscrepancyFact(f"dossier:{code}", *found, last)
        if record.status == "payment_requested":
            yield DiscrepancyFact(f"dossier:{code}", Reason.PAID_NOT_RECORDED, total, add(last, RECORDED_DAYS))


def _judge_sums(record: RecordFact, payments: Sequence[PaymentFact], total: int) -> tuple[Reason, int] | None:
    late = sum(one.amount for one in payments if record.expires_on and one.business_date > record.expires_on)
    if record.status in ("withdrawn", "refused"):
        return Reason.RECORD_CLOSED, total
    if late:
        return Reason.OBLIGATION_EXPIRED, late
    if total < record.due:
        return Reason.UNDERPAID, record.due - total
    if total > record.due:
        twice = record.due > 0 and sum(one.amount == record.due for one in payments) > 1
        return (Reason.DUPLICATE_PAYMENT if twice else Reason.OVERPAID), total - record.due
    return None


def _judge_payments(
    world: World, matches: Collection[MatchFact], ambiguous: Ambiguous, add: AddBusinessDays
) -> Iterable[DiscrepancyFact]:
    match_of = {payment_id: match for match in matches for payment_id in match.payment_ids}
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
        match = match_of.get(one.payment_id)
        if match and match.rule in ("reference", "reference_other_account"):
            since = max(one.business_date, *(booked[line] for line in match.line_ids))
            yield _judge_match(match, one, since)
        elif one.came and not match and (found := _judge_unmatched(one, ambiguous, add)):
            yield found


def _judge_match(match: MatchFact, payment: PaymentFact, since: date) -> DiscrepancyFact:
    subject = f"payment:{payment.payment_id}"
    if match.rule == "reference":
        return DiscrepancyFact(subject, Reason.AMOUNT_DIFFERS, abs(match.difference), since)
    return DiscrepancyFact(subject, Reason.WRONG_ACCOUNT, payment.amount, since)


def _judge_unmatched(one: PaymentFact, ambiguous: Ambiguous, add: AddBusinessDays) -> DiscrepancyFact | None:
    if one.currency != "VND" or one.amount <= 0 or one.account_id is None:
        return None
    subject = f"payment:{one.payment_id}"
    if _mark(one) in ambiguous:
        return DiscrepancyFact(subject, Reason.AMBIGUOUS, one.amount, one.business_date)
    if one.bank_days is None:
        return None
    return DiscrepancyFact(subject, Reason.BANK_MISSING, one.amount, add(one.business_date, one.bank_days))


def _judge_lines(world: World, matches: Collection[MatchFact], ambiguous: Ambiguous) -> Iterable[DiscrepancyFact]:
    settled = {line_id for match in matches for line_id in match.line_ids}
    for line in world.lines:
        if line.line_id not in settled:
            reason = Reason.AMBIGUOUS if _mark(line) in ambiguous else Reason.BANK_UNEXPECTED
            yield DiscrepancyFact(f"line:{line.line_id}", reason, abs(line.amount), line.booked_on)
