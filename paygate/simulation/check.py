"""Whether a service holds exactly what it acknowledged: decided from the book and from what is stored. No I/O."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Final, NamedTuple

from paygate.domain.lifecycle import NoticeState
from paygate.domain.notice import NoticeFacts, dedupe_key
from paygate.domain.payment import Payment, Said, fold
from paygate.simulation.book import Entry
from paygate.simulation.plan import PREFIX, Treatment

_UNTOLD: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""Stands for the time of a payment whose source gives none: the service then takes that of arrival."""


class StoredNotice(NamedTuple):
    """A notice as the service keeps it; of its body, the SHA-256."""

    source: str
    body_hash: bytes
    state: NoticeState
    reference: str | None


class PaymentKey(NamedTuple):
    """What makes notices speak of one payment, the source by its name."""

    source: str
    reference: str
    transaction_id: str


class Difference(NamedTuple):
    """One thing that is not as it must be."""

    source: str
    reference: str
    problem: str


@dataclass(slots=True)
class SourceTally:
    """What became of one source's notices; duplicates are counted in `sendings` alone."""

    sent: int = 0
    sendings: int = 0
    acknowledged: int = 0
    found: int = 0
    tampered: int = 0
    refused: int = 0
    malformed: int = 0
    quarantined: int = 0
    in_doubt: int = 0
    tried_again: int = 0
    payments: int = 0
    payments_right: int = 0


@dataclass(slots=True)
class Verdict:
    """The tallies by source and every difference; none: they agree."""

    tallies: dict[str, SourceTally] = field(default_factory=lambda: defaultdict(SourceTally))
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.differences


def tally_answers(entries: Iterable[Entry]) -> Verdict:
    """Count what was sent and answered, and name every answer that is wrong by itself."""
    verdict = Verdict()
    for entry in entries:
        tally = verdict.tallies[entry.letter.source.code]
        tally.sent += 1
        tally.sendings += entry.sendings
        tally.acknowledged += entry.acknowledged
        tally.refused += entry.refused
        tally.tampered += entry.letter.treatment is Treatment.TAMPERED
        tally.malformed += entry.letter.treatment is Treatment.MALFORMED
        tally.in_doubt += not entry.statuses
        tally.tried_again += entry.unanswered
        wrong = (not entry.refused) if entry.letter.treatment is Treatment.TAMPERED else entry.refused
        if entry.statuses and (wrong or not (entry.acknowledged or entry.refused)):
            said = ", ".join(map(str, sorted(set(entry.statuses))))
            verdict.differences.append(_difference(entry, f"{entry.letter.treatment}, and answered {said}"))
    return verdict


def compare_notices(entries: Sequence[Entry], stored: Iterable[StoredNotice], verdict: Verdict) -> None:
    """Compare what was sent with what is stored, byte for byte; notices of others are let be."""
    kept: Counter[tuple[str, bytes]] = Counter()
    known = {(entry.letter.source.code, entry.body_hash): entry for entry in entries}
    ours = {(entry.letter.source.code, entry.letter.facts.reference) for entry in entries}
    for notice in stored:
        tally, key = verdict.tallies[notice.source], (notice.source, notice.body_hash)
        kept[key] += 1
        tally.found += kept[key] == 1 and key in known
        tally.quarantined += notice.state is NoticeState.QUARANTINED and key in known
        reference = notice.reference or ""
        if key not in known and ((notice.source, reference) in ours or reference.startswith(PREFIX)):
            verdict.differences.append(Difference(notice.source, reference, "stored, and never sent"))
    for key, entry in known.items():
        if problem := _wrongly_kept(entry, kept[key]):
            verdict.differences.append(_difference(entry, problem))


def _wrongly_kept(entry: Entry, times: int) -> str | None:
    if times > 1:
        return f"stored {times} times"
    if entry.letter.treatment is Treatment.TAMPERED:
        return "tampered with, and stored" if times else None
    return "acknowledged, and not stored" if entry.acknowledged and not times else None


def _difference(entry: Entry, problem: str) -> Difference:
    return Difference(entry.letter.source.code, entry.letter.facts.reference, problem)


def payments_told(
    entries: Iterable[Entry], believed: Callable[[Entry], NoticeFacts]
) -> Mapping[PaymentKey, Sequence[NoticeFacts]]:
    """Return what the honest notices of each payment say, as it is believed; none of a payment with one in doubt."""
    told: dict[PaymentKey, list[NoticeFacts]] = defaultdict(list)
    doubtful = set()
    for entry in entries:
        if entry.letter.treatment is not Treatment.HONEST:
            continue
        facts = entry.letter.facts
        key = PaymentKey(entry.letter.source.code, facts.reference, facts.transaction_id)
        if entry.acknowledged:
            told[key].append(believed(entry))
        else:
            doubtful.add(key)
    return {key: facts for key, facts in told.items() if key not in doubtful}


def compare_payments(
    told: Mapping[PaymentKey, Sequence[NoticeFacts]], ledger: Mapping[PaymentKey, Payment], verdict: Verdict
) -> None:
    """Compare each payment with what its notices say together, in whatever order they came."""
    for key, facts in told.items():
        tally = verdict.tallies[key.source]
        tally.payments += 1
        if problem := _wrongly_told(facts, ledger.get(key)):
            verdict.differences.append(Difference(key.source, key.reference, problem))
        else:
            tally.payments_right += 1


def _wrongly_told(facts: Sequence[NoticeFacts], found: Payment | None) -> str | None:
    if found is None:
        return "acknowledged, and no payment of the ledger"
    expected = reduce(fold, map(_said, facts), None)
    assert expected is not None  # noqa: S101 -- a payment is told of by a notice at least
    contradicted = len({dedupe_key(one) for one in facts}) < len(facts)
    wrong = [name for name in ("state", "outcome", "currency") if getattr(found, name) != getattr(expected, name)]
    if found.conflicting is not contradicted:
        wrong.append("conflicting")
    timed = all(one.occurred_at for one in facts)
    if timed and found.occurred_at != expected.occurred_at:
        wrong.append("occurred_at")
    # Without a time the notice that came first counts, and which it was only the service knows.
    amounts = {expected.amount} if timed else {one.amount for one in facts if one.state is expected.state}
    if found.amount not in amounts:
        wrong.append("amount")
    return f"in the ledger with another {' and '.join(wrong)}" if wrong else None


def _said(facts: NoticeFacts) -> Said:
    return Said(facts.state, facts.outcome, facts.amount, facts.currency, facts.occurred_at or _UNTOLD)
