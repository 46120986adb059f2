"""What is sent, decided beforehand and by the seed alone: payments of all sources, mixed with what goes wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts
from paygate.simulation.sources import SimulatedSource

PREFIX: Final = "SIM"
MOST_NOTICES: Final = 1_000_000
MOST_COPIES: Final = 4
"""How often a duplicated notice is sent beyond the first time."""
REACH: Final = 200
"""Notices by which one that is shuffled or repeated may come later than its turn."""
AMOUNTS: Final = range(10_000, 5_000_000, 1_000)
WRONG_BY: Final = 1_000
JUST_PAID: Final = timedelta(minutes=5)
LATEST: Final = timedelta(days=3)
"""How long ago a payment was made whose notice comes late."""

_UNPAID: Final = (PaymentState.FAILED, PaymentState.ABANDONED, PaymentState.EXPIRED)


class Treatment(StrEnum):
    """What is done to a notice on its way."""

    HONEST = "honest"
    TAMPERED = "tampered"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Mix:
    """What goes wrong, each in percent: of notices duplicated and shuffled, of payments all else."""

    duplicates: float = 10.0
    shuffled: float = 10.0
    tampered: float = 2.0
    failed: float = 10.0
    wrong_amount: float = 2.0
    malformed: float = 2.0
    late: float = 10.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice to send. `number` tells it from others; a duplicate has the same."""

    number: int
    source: SimulatedSource
    facts: NoticeFacts
    treatment: Treatment = Treatment.HONEST


class Planner:
    """Draws payments of one run. `run` is of letters alone, so that no reference looks like a dossier's."""

    def __init__(
        self, sources: Mapping[str, SimulatedSource], mix: Mix, *, seed: int, run: str, began: datetime
    ) -> None:
        self._sources = list(sources.values())
        self._mix = mix
        self._run = run
        self._began = began
        self._chance = Random(seed)  # noqa: S311 -- a trial that must be repeatable, not a secret
        self._letters = 0
        self._payments = 0

    def letters(self, count: int) -> list[Letter]:
        """Return so many notices, duplicates counted, in the order in which they are sent."""
        timed: list[tuple[float, int, Letter]] = []
        while len(timed) < count:
            for letter in self._payment():
                turn = float(letter.number) + self._delay(self._mix.shuffled)
                timed.append((turn, len(timed), letter))
                if self._happens(self._mix.duplicates):
                    for _ in range(self._chance.randint(1, MOST_COPIES)):
                        timed.append((turn + self._chance.uniform(0, REACH), len(timed), letter))
        return [letter for _, _, letter in sorted(timed[:count], key=lambda one: one[:2])]

    def _payment(self) -> Iterator[Letter]:
        """Yield the notices of one payment, in the order in which they would come."""
        source, mix = self._chance.choice(self._sources), self._mix
        paid = self._facts()
        if self._happens(mix.tampered):
            yield self._letter(source, paid, Treatment.TAMPERED)
        elif self._happens(mix.malformed):
            yield self._letter(source, paid, Treatment.MALFORMED)
        else:
            told = list(self._told(source, paid))
            if self._happens(mix.wrong_amount):
                told.append(told[-1]._replace(amount=told[-1].amount + WRONG_BY))
            for facts in told:
                yield self._letter(source, facts)

    def _told(self, source: SimulatedSource, paid: NoticeFacts) -> Iterator[NoticeFacts]:
        """Yield what the source says of a payment: of a failed attempt, which may be paid later, perhaps nothing."""
        failed = self._happens(self._mix.failed)
        unpaid = paid._replace(state=self._chance.choice(_UNPAID), outcome=Outcome.DECLINED)
        attempt = source.simulator.shape(unpaid) if failed else None
        if attempt is not None:
            yield attempt
        if attempt is None or self._chance.random() < 0.5:  # noqa: PLR2004 -- every other one
            shaped = source.simulator.shape(paid)
            assert shaped is not None  # noqa: S101 -- there is no source that never says that money came
            yield shaped

    def _letter(self, source: SimulatedSource, facts: NoticeFacts, treatment: Treatment = Treatment.HONEST) -> Letter:
        self._letters += 1
        shaped = source.simulator.shape(facts) or facts
        if treatment is Treatment.MALFORMED:
            shaped = source.malformed(shaped, self._began)
        return Letter(self._letters, source, shaped, treatment)

    def _facts(self) -> NoticeFacts:
        self._payments += 1
        ago = LATEST if self._happens(self._mix.late) else JUST_PAID
        return NoticeFacts(
            reference=f"{PREFIX}{self._run}{self._payments:07}",
            transaction_id=str(self._chance.randrange(10**13, 10**14)),
            state=PaymentState.PAID,
            outcome=Outcome.PAID,
            amount=self._chance.choice(AMOUNTS),
            currency=DONG,
            occurred_at=self._began - ago * self._chance.random(),
            description=f"{PREFIX} {self._run} {self._payments}",
        )

    def _happens(self, percent: float) -> bool:
        return self._chance.random() * 100 < percent

    def _delay(self, percent: float) -> float:
        return self._chance.uniform(0, REACH) if self._happens(percent) else 0.0
