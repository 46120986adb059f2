"""How much of what the engine stored is true, and how much of the truth it found."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from reconciliation.model import REASONS, Reason
from tests.truth.days import after
from tests.truth.facts import Payment, Record, Verdict, World
from tests.truth.stored import GroupKey, Stored, key_of_case, key_of_group

EXAMPLES: Final = 3
"""Of each scenario, how many cases that are off are shown."""


@dataclass(slots=True)
class Tally:
    """What came of one scenario."""

    cases: int = 0
    wrong_reasons: int = 0
    wrong_amounts: int = 0
    groups: int = 0
    missed: int = 0
    wrong_groups: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def off(self) -> bool:
        return bool(self.wrong_reasons or self.wrong_amounts or self.missed or self.wrong_groups)

    def show(self, example: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Measure:
    """The figures of one or several worlds, and what stands behind them by scenario."""

    payments: int = 0
    facts: int = 0
    stored: int = 0
    ambiguous: int = 0
    ambiguous_listed: int = 0
    ambiguous_taken: int = 0
    late: int = 0
    late_told: int = 0
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def _sum(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.tallies.values())

    @property
    def precision(self) -> float:
        return 1 - self._sum("wrong_groups") / max(1, self.stored)

    @property
    def recall(self) -> float:
        return 1 - self._sum("missed") / max(1, self._sum("groups"))

    @property
    def reasons_right(self) -> float:
        return 1 - self._sum("wrong_reasons") / max(1, self._sum("cases"))

    @property
    def amounts_right(self) -> float:
        return 1 - self._sum("wrong_amounts") / max(1, self._sum("cases"))

    def figures(self) -> dict[str, object]:
        """Return the figures; `off` tells of each scenario that is not wholly right."""
        return {
            "payments": self.payments,
            "facts": self.facts,
            "scenarios": len(self.tallies),
            "cases": self._sum("cases"),
            "matches": {"true": self._sum("groups"), "stored": self.stored},
            "precision": self.precision,
            "recall": self.recall,
            "reasons_right": self.reasons_right,
            "amounts_right": self.amounts_right,
            "ambiguous": {
                "cases": self.ambiguous,
                "listed": self.ambiguous_listed,
                "taken": self.ambiguous_taken,
            },
            "late": {"true": self.late, "told": self.late_told},
            "off": {name: _told(one) for name, one in sorted(self.tallies.items()) if one.off},
        }

    def take(self, world: World, stored: Stored) -> None:
        """Hold what is stored of a world against its truth."""
        self.payments += len(world.payments)
        self.facts += len(world.payments) + len(world.lines) + len(world.records)
        self._take_groups(world, stored)
        self._take_cases(world, stored)
        self._take_late(world, stored)

    def _take_groups(self, world: World, stored: Stored) -> None:
        known = Counter(stored.groups)
        self.stored += len(stored.groups)
        undecidable = {one.scenario for one in world.verdicts if Reason.AMBIGUOUS in one.reasons}
        for group in world.groups:
            tally = self.tallies[group.scenario]
            tally.groups += 1
            key = key_of_group(group)
            if known[key]:
                known[key] -= 1
            else:
                tally.missed += 1
                tally.show(f"not matched: {_say(key)}")
        scenario_of = {("payment", one.number): one.scenario for one in world.payments}
        scenario_of |= {("line", one.number): one.scenario for one in world.lines}
        for key in known.elements():
            scenarios = sorted({scenario_of[fact] for fact in _facts(key)})
            tally = self.tallies[scenarios[0]]
            tally.wrong_groups += 1
            tally.show(f"wrongly matched: {_say(key)} of {', '.join(scenarios)}")
            self.ambiguous_taken += bool(undecidable & {*scenarios})

    def _take_cases(self, world: World, stored: Stored) -> None:
        came = {one.dossier for one in world.payments if one.state not in _NEVER_CAME}
        open_ = {one.dossier for one in world.payments if one.state == "pending"}
        told = dict(stored.reasons)
        for verdict in world.verdicts:
            key = key_of_case(verdict.case)
            reasons = told.pop(key, {})
            batch = stored.reasons.get(key_of_case(verdict.batch), {}) if verdict.batch else {}
            found = _classed(verdict, {*reasons, *batch}, key in stored.hanging, came, open_)
            self._take_case(verdict, found, reasons, batch)
        for key, reasons in told.items():
            tally = self.tallies["no case of anyone's"]
            tally.cases += 1
            tally.wrong_reasons += 1
            tally.show(f"{key}: {reasons}")

    def _take_case(self, verdict: Verdict, found: str, reasons: dict[str, int], batch: dict[str, int]) -> None:
        tally = self.tallies[verdict.scenario]
        tally.cases += 1
        right = found == verdict.verdict and set(reasons) == set(verdict.reasons)
        tally.wrong_reasons += not right
        tally.wrong_amounts += right and reasons != verdict.reasons
        if Reason.AMBIGUOUS in verdict.reasons:
            self.ambiguous += 1
            self.ambiguous_listed += Reason.AMBIGUOUS in reasons
        if not right or reasons != verdict.reasons:
            told = f"{found} {reasons}{f' with its batch {batch}' if batch else ''}"
            tally.show(f"{key_of_case(verdict.case)}: {told}, and not {verdict.verdict} {dict(verdict.reasons)}")

    def _take_late(self, world: World, stored: Stored) -> None:
        booked = [one for one in world.payments if one.source.settlement is None or one.source.percent is None]
        single = {one.number for one in booked}
        true = {(number, "resolved") for number in late_payments(world) if number in single}
        told = Counter(one for one in stored.late if one[0] in single)
        self.late += len(true)
        self.late_told += len(true & told.keys())
        scenario_of = {one.number: one.scenario for one in world.payments}
        for number, state in [*(true - told.keys()), *(told - Counter(true)).elements()]:
            tally = self.tallies[scenario_of[number]]
            tally.wrong_reasons += 1
            tally.show(f"payment:{number}: late is {'not ' * ((number, state) in true)}told")


_NEVER_CAME: Final = frozenset({"initiated", "pending", "failed", "expired", "abandoned"})


def late_payments(world: World) -> Iterable[int]:
    """Tell of each payment whose bank line came after it was due."""
    for group in world.groups:
        for one in group.payments if group.tie == "bank" else ():
            if one.source.bank is not None and any(
                line.booked_on > after(one.day, one.source.bank) for line in group.lines
            ):
                yield one.number


def _classed(verdict: Verdict, reasons: set[str], hangs: bool, came: set[str | None], open_: set[str | None]) -> str:  # noqa: FBT001 -- a fact
    """Return the class of a case as the engine's reasons give it."""
    if reasons:
        return str(REASONS[min(map(Reason, reasons), key=list(Reason).index)].verdict)
    case = verdict.case
    code = case.code if isinstance(case, Record) else case
    if hangs or (code in open_ and code not in came):
        return "pending"
    owed = isinstance(case, Record) and case.due > 0
    if not isinstance(case, Payment) and owed and code not in came:
        return "unpaid"
    return "matched"


def _facts(key: GroupKey) -> Iterable[tuple[str, int]]:
    _, payments, lines, _ = key
    yield from (("payment", number) for number in payments)
    yield from (("line", number) for number in lines)


def _say(key: GroupKey) -> str:
    tie, payments, lines, batch = key
    return f"{tie} {sorted(payments)} with {sorted(lines)}{f' of batch {batch}' if batch else ''}"


def _told(tally: Tally) -> dict[str, object]:
    return {
        "cases": tally.cases,
        "wrong_reasons": tally.wrong_reasons,
        "wrong_amounts": tally.wrong_amounts,
        "groups": tally.groups,
        "missed": tally.missed,
        "wrong_groups": tally.wrong_groups,
        "examples": tally.examples,
    }
