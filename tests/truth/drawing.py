"""Draws a world: most payments agree, every odd story is told as often as any other, and numbers come last."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from tests.truth.facts import Line, Payment, World
from tests.truth.province import found_province
from tests.truth.scenarios import ODD, PLAIN, RARE, Scenario
from tests.truth.teller import Teller

PLAIN_SHARE: Final = 0.6
"""Of the stories, those in which everything agrees."""
RARE_TIMES: Final = 6
"""How often a story is told for which a gateway is opened."""
TENANTS: Final = (("haiduong", "H23"), ("thainguyen", "H55"))
"""Two provinces, whose facts carry the same numbers."""


def draw_worlds(payments: int, seed: int) -> list[World]:
    """Draw the tenants' worlds, of as many payments together or a few more."""
    share = payments // len(TENANTS)
    return [draw_world(code, agency, share, f"{seed} {code}") for code, agency in TENANTS]


def draw_world(tenant: str, agency: str, payments: int, seed: str) -> World:
    """Draw one tenant's world; the same seed draws the same world."""
    random = Random(seed)
    province = found_province(tenant, agency)
    world = World(tenant)
    teller = Teller(random, province, world)
    stories = _deal(random)
    while len(world.payments) < payments:
        _tell(teller, next(stories))
    for story in _rare(random, payments):
        _tell(teller, story)
    teller.pay_out_pools()
    world.accounts, world.sources = province.accounts, province.sources
    _number(random, world)
    return world


def _tell(teller: Teller, story: Scenario) -> None:
    teller.scenario = story.__name__
    story(teller)


def _deal(random: Random) -> Iterator[Scenario]:
    """Deal stories without end; the odd ones from a deck that is shuffled anew when it is used up."""
    plain = list(PLAIN)
    while True:
        for odd in random.sample(ODD, len(ODD)):
            while random.random() < PLAIN_SHARE:
                yield random.choices(plain, list(PLAIN.values()))[0]
            yield odd


def _rare(random: Random, payments: int) -> Sequence[Scenario]:
    stories = [story for story in RARE for _ in range(min(RARE_TIMES, 1 + payments // 1_000))]
    random.shuffle(stories)
    return stories


def _number(random: Random, world: World) -> None:
    """Give the facts numbers that say nothing of where they come from."""
    for accounts_or_sources, name in ((world.accounts, "account_id"), (world.sources, "source_id")):
        numbers = random.sample(range(1, len(accounts_or_sources) + 1), len(accounts_or_sources))
        for one, number in zip(accounts_or_sources, numbers, strict=True):
            setattr(one, name, number)
    _number_facts(random, world.payments)
    _number_facts(random, world.lines)
    random.shuffle(world.records)


def _number_facts(random: Random, facts: list[Payment] | list[Line]) -> None:
    numbers = iter(random.sample(range(1, 4 * len(facts) + 1), len(facts)))
    for fact in facts:
        fact.number = next(numbers)
    random.shuffle(facts)
