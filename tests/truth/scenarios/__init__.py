"""The stories a world is told of, one function each; its name is the scenario's."""

from collections.abc import Callable
from typing import Final

from tests.truth.scenarios import (
    backs,
    bank,
    batches,
    dossiers,
    handover,
    names,
    plain,
    settlement,
    sums,
    waiting,
)
from tests.truth.teller import Teller

Scenario = Callable[[Teller], None]

PLAIN: Final[dict[Scenario, int]] = plain.WEIGHTS
ODD: Final[tuple[Scenario, ...]] = (
    *dossiers.SCENARIOS,
    *bank.SCENARIOS,
    *names.SCENARIOS,
    *sums.SCENARIOS,
    *backs.SCENARIOS,
    *settlement.SCENARIOS,
    *batches.SCENARIOS,
    *handover.SCENARIOS,
    *waiting.SCENARIOS,
)
RARE: Final[tuple[Scenario, ...]] = batches.ON_ACCOUNTS_OF_THEIR_OWN
