"""What the service does by the calendar: months are made ahead, and at night what is over its time is trimmed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Final

from paygate.domain.errors import PaygateError
from paygate.domain.retention import is_night
from paygate.telemetry import Event, log, log_unhandled

LOOK_SECONDS: Final = 900.0
"""Between two looks at the calendar."""

Errand = Callable[[datetime], Awaitable[object]]
"""Something to be done, told what time it is."""


class Caretaker:
    """Does `hourly` at each look, and `nightly` once in a night of `zones`; what fails is tried at the next look.

    More than one process may have its own: what they do is done once, and what is done is left alone.
    """

    def __init__(self, hourly: Errand, nightly: Errand, zones: Sequence[str], clock: Callable[[], datetime]) -> None:
        self._hourly = hourly
        self._nightly = nightly
        self._zones = zones
        self._clock = clock
        self._done: date | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the calendar until told to stop; what is under way is broken off."""
        while not stop.is_set():
            looking = asyncio.create_task(self.look())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await stopping

    async def look(self) -> None:
        """Do what it is time for."""
        now = self._clock()
        await self._try(self._hourly, now)
        if is_night(now, self._zones) and self._done != now.date() and await self._try(self._nightly, now):
            self._done = now.date()

    async def _try(self, errand: Errand, now: datetime) -> bool:
        try:
            await errand(now)
        except PaygateError as error:
            log.warning(Event.ERRAND_PUT_OFF, reason=type(error).__name__)
        except Exception as error:  # noqa: BLE001 -- an errand that fails must not be the last one
            log_unhandled(error)
        else:
            return True
        return False
