"""Batches of settlement lines, and the bank lines by which gateways pay them out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from reconciliation.model import Reason
from reconciliation.oracle.facts import DiscrepancyFact, LineFact, MatchFact, World
from reconciliation.oracle.groups import Ambiguous, mark
from reconciliation.oracle.narrative import readings_of
from reconciliation.oracle.settlement import pairs_of
from reconciliation.oracle.texts import key_of, stands_in, words_of
from reconciliation.rules.model import RuleSet, SettlementBatch, Window


@dataclass(frozen=True, slots=True)
class Batch:
    source_id: int
    code: str
    account_id: int | None
    settled_on: date
    net: int

    def can_be_paid_by(self, line: LineFact, window: Window) -> bool:
        first, last = (self.settled_on + timedelta(days=days) for days in (window.first, window.last))
        return line.account_id == self.account_id and first <= line.booked_on <= last

    def is_named_by(
        self, line: LineFact, rule: SettlementBatch, prefixes: Sequence[str], longer: str | None = None
    ) -> bool:
        """Return whether the line names the batch, with all that names a longer code blotted out."""
        key = key_of(self.code)
        for reading in readings_of(line, prefixes):
            texts = [" ".join(words_of(" ".join(reading))), *(key_of(text) for text in reading)]
            if longer:
                texts = [text.replace(longer, "#") for text in texts]
            if stands_in(key, texts, rule.least_length):
                return True
            if rule.least_word <= len(key) < rule.least_length and key in " ".join(texts).split(" "):
                return True
        return False

    @property
    def is_but_a_day(self) -> bool:
        return key_of(self.code) == f"{self.settled_on:%Y%m%d}"


def batches_of(world: World) -> Collection[Batch]:
    lines = defaultdict(list)
    for one in world.lines:
        if one.leg == "settlement" and one.batch is not None and one.source_id is not None and one.currency == "VND":
            lines[one.source_id, one.batch].append(one)
    return [
        Batch(
            source_id,
            code,
            world.sources[source_id].account_id if source_id in world.sources else None,
            max(one.booked_on for one in of),
            sum(one.amount if one.net is None else one.net for one in of),
        )
        for (source_id, code), of in lines.items()
    ]


def match_payouts(
    world: World, credits_: Collection[LineFact], rules: RuleSet
) -> tuple[frozenset[MatchFact], Ambiguous]:
    """Match batches with credits that nothing else settles: each pair the one answer of its kind, the closest first."""
    rule = rules.find(SettlementBatch)
    if rule is None:
        return frozenset(), frozenset()
    edges = [
        (batch, line)
        for batch in batches_of(world)
        for line in credits_
        if batch.net > 0 and line.amount > 0 and line.currency == "VND" and batch.can_be_paid_by(line, rule.window_days)
    ]
    spoken = {pair for pair in edges if pair[0].is_named_by(pair[1], rule, rules.prefixes)}
    codes_of = defaultdict(set)
    for batch, line in spoken:
        codes_of[line].add(key_of(batch.code))
    named = {
        (batch, line)
        for batch, line in spoken
        if all(
            batch.is_named_by(line, rule, rules.prefixes, longer)
            for longer in codes_of[line]
            if key_of(batch.code) in longer and key_of(batch.code) != longer
        )
    }
    kinds: tuple[Callable[[Batch, LineFact], bool], ...] = (
        lambda batch, line: (batch, line) in named and batch.net == line.amount,
        lambda batch, line: (batch, line) in named and not batch.is_but_a_day,
        lambda batch, line: batch.net == line.amount,
    )
    matched: set[tuple[Batch, LineFact]] = set()
    doubted: set[Batch | LineFact] = set()
    for kind in kinds:
        taken = {one for pair in matched for one in pair} | doubted
        found = [pair for pair in edges if kind(*pair) and not taken & set(pair) and not _is_parted(world, *pair)]
        sure = _unique(found)
        matched |= sure
        doubted |= {one for pair in found if pair not in sure for one in pair}
    taken = {one for pair in matched for one in pair}
    alone = _unique([pair for pair in edges if not taken & set(pair)])
    sure = {pair for pair in alone if not doubted & set(pair) and not _is_parted(world, *pair)}
    matched |= {pair for pair in sure if _is_near(*pair, rule.lone_percent)}
    return (
        frozenset(
            MatchFact("settlement_batch", (), (line.line_id,), batch.net - line.amount, "bank", _name(batch))
            for batch, line in matched
        ),
        frozenset(mark(one) for one in doubted if isinstance(one, LineFact)),
    )


def _is_parted(world: World, batch: Batch, line: LineFact) -> bool:
    return (*_name(batch), line.line_id) in world.parted_payouts


def _unique(found: Collection[tuple[Batch, LineFact]]) -> set[tuple[Batch, LineFact]]:
    counts = Counter(one for pair in found for one in pair)
    return {pair for pair in found if all(counts[one] == 1 for one in pair)}


def _is_near(batch: Batch, line: LineFact, percent: Decimal) -> bool:
    return abs(batch.net - line.amount) * 100 <= batch.net * percent


def _name(batch: Batch) -> tuple[int, str]:
    return batch.source_id, batch.code


def paid_out(world: World, settled: Collection[MatchFact], payouts: Collection[MatchFact]) -> frozenset[int]:
    """Return the payments whose settlement line lies in a batch that was paid out."""
    batches = {match.batch for match in payouts}
    lines = {one.line_id for one in world.lines if (one.source_id, one.batch) in batches and one.currency == "VND"}
    return frozenset(payment for payment, line in pairs_of(settled).items() if line in lines)


def judge_payouts(world: World, payouts: Collection[MatchFact]) -> Iterable[DiscrepancyFact]:
    booked = {line.line_id: line.booked_on for line in world.lines}
    settled_on = {_name(batch): batch.settled_on for batch in batches_of(world)}
    for match in payouts:
        if match.difference and match.batch:
            source_id, code = match.batch
            since = max(settled_on[match.batch], booked[match.line_ids[0]])
            yield DiscrepancyFact(f"batch:{source_id}:{code}", Reason.NET_DIFFERS, abs(match.difference), since)
