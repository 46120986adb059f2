"""Dossier codes and payment references in the forms met in the field, each drawn once in a world."""

from collections.abc import Callable
from datetime import date, datetime
from random import Random
from typing import Final

from paygate.domain.text import reference_key

_HEX: Final = "0123456789abcdef"


class Codes:
    """Draws what has not been drawn before, as the squeezed keys tell it."""

    def __init__(self, random: Random, agency: str) -> None:
        self._random = random
        self._agency = agency
        self._drawn: set[str] = set()

    def dossier(self, day: date) -> str:
        """Draw a dossier code of some days before `day`."""
        return self._anew(lambda: self._dossier(day))

    def reference(self, dossier: str | None, at: datetime) -> str:
        """Draw a reference of a payment: some forms hold the dossier and the time, some nothing at all."""
        return self._anew(lambda: self._reference(dossier, at))

    def claim(self, code: str) -> bool:
        """Take a code made by the caller; False when it was drawn before."""
        key = reference_key(code)
        if key in self._drawn:
            return False
        self._drawn.add(key)
        return True

    def digits(self, count: int) -> str:
        return f"{self._random.randrange(10**count):0{count}}"

    def _anew(self, draw: Callable[[], str]) -> str:
        while not self.claim(code := draw()):
            pass
        return code

    def _dossier(self, day: date) -> str:
        received = date.fromordinal(day.toordinal() - self._random.randrange(20))
        office = self._random.randrange(1, 40)
        form = self._random.randrange(10)
        if form < 6:
            return f"000.00.{office:02}.{self._agency}-{received:%y%m%d}-{self.digits(4)}"
        if form < 8:
            return f"G09.{office:02}-{received:%Y%m%d}-{self.digits(7)}"
        return f"{self._agency}.{office:02}-{received:%y%m%d}-{self.digits(4)}"

    def _reference(self, dossier: str | None, at: datetime) -> str:
        form = self._random.randrange(10)
        if dossier is not None and form < 5:
            return f"dvc{reference_key(dossier)}{at:%Y%m%d%H%M%S}"
        if form < 7:
            return f"HD{at:%y%m%d}{self.digits(9)}"
        if form < 8:
            random = "".join(self._random.choices(_HEX, k=12))
            return f"{self.digits(7)}_{random}"
        if form < 9:
            return f"G22.99.3-{at:%y%m%d}{self.digits(6)}"
        return f"{self._agency}-TT{at:%y%m}-{self.digits(8)}-01"
