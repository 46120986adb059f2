"""The sources' side of the wire: every notice signed by its simulator and sent over HTTP, some twice, some forged."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Final

import aiohttp

from paygate.demo.scene import Sending, Treatment
from paygate.demo.stories import Case, Plan
from paygate.domain.adapter import Simulator
from paygate.domain.notice import NoticeFacts
from paygate.parcels import Parcel, open_session, parcel_of, send

CONNECTIONS: Final = 32
MOST_TRIES: Final = 10

UNREADABLE_CURRENCY: Final = "VNĐ"
"""How people write it; no ISO 4217 code."""


def sign_all(plan: Plan, simulators: Mapping[str, Simulator], now: datetime) -> list[Parcel]:
    """Sign every notice and lay them out in the order in which they will arrive: seeded, like all else."""
    chance = Random(plan.seed)  # noqa: S311 -- a sample that must be repeatable, not a secret
    timed: list[tuple[float, Parcel]] = []
    for case in plan.cases:
        for moment, sending in _ordered(case, chance):
            parcel = _signed(sending, simulators[sending.source], now)
            timed.append((moment, parcel))
            timed += [(chance.uniform(moment, 1), parcel) for _ in range(sending.copies - 1)]
    timed.sort(key=lambda entry: entry[0])
    return [parcel for _, parcel in timed]


async def send_all(url: str, parcels: Sequence[Parcel], sent: Callable[[], None]) -> Counter[int]:
    """Send the parcels to the server at `url` and count its answers by status.

    A source that is told to come back later does so.
    """
    replies: Counter[int] = Counter()
    waiting = iter(parcels)
    async with open_session(CONNECTIONS) as session, asyncio.TaskGroup() as senders:
        for _ in range(CONNECTIONS):
            senders.create_task(_send_each(session, url, waiting, replies, sent))
    return replies


async def _send_each(
    session: aiohttp.ClientSession,
    url: str,
    waiting: Iterator[Parcel],
    replies: Counter[int],
    sent: Callable[[], None],
) -> None:
    for parcel in waiting:
        replies[await send(session, url, partial(_same, parcel), tries=MOST_TRIES)] += 1
        sent()


def _same(parcel: Parcel) -> Parcel:
    return parcel


def _ordered(case: Case, chance: Random) -> list[tuple[float, Sending]]:
    moments = [chance.random() for _ in case.facts.sendings]
    if not case.facts.shuffled:
        moments.sort()
    return list(zip(moments, case.facts.sendings, strict=True))


def _signed(sending: Sending, simulator: Simulator, now: datetime) -> Parcel:
    facts = sending.facts
    if sending.treatment is Treatment.MALFORMED:
        facts = facts._replace(currency=UNREADABLE_CURRENCY)
    method, content, headers = simulator.request(facts, now)
    if sending.treatment is Treatment.TAMPERED:
        content = _with_more_money(content, facts)
    return parcel_of(sending.source, method, content, headers)


def _with_more_money(content: bytes, facts: NoticeFacts) -> bytes:
    changed = content.replace(str(facts.amount).encode(), str(facts.amount + 1_000_000).encode())
    if changed == content:
        raise ValueError(f"the amount does not stand in the notice of {facts.reference}")
    return changed
