"""A visitor of the desk with a watch: goes from page to page, asks what forms ask, and notes how long each page takes.

Pages are found by the links, from the first one on, each kind of address once; of each form that asks for something,
every choice is tried with a few of what it offers, and the slowest is noted. All of a list is chosen for an act, too.
"""

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp

MOST_KINDS: Final = 250
"""Kinds of addresses that are looked at."""
MOST_MISSES: Final = 3
"""Pages of a kind that answer with something else than a page, before the kind is given up."""
MOST_OPTIONS: Final = 3
"""Of what a choice offers, how many are tried: the first, the last, and what lies between."""
SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}
_LINK = re.compile(r'href="(/[^"#]*)"')
_FORM = re.compile(r'<form method="get" action="(/[^"]*)".*?</form>', re.DOTALL)
_SELECT = re.compile(r'<select [^>]*name="(\w+)".*?</select>', re.DOTALL)
_OPTION = re.compile(r'<option value="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_LEAVES_OUT: Final = ("/static/", "/sign-", "/account")
_WHOLE: Final = 'name="scope" value="all"'
"""Where a list can be chosen whole."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A kind of page: an address of it, milliseconds, bytes of HTML."""

    kind: str
    address: str
    median_ms: float
    worst_ms: float
    size: int

    def as_row(self) -> dict[str, Any]:
        return {
            "page": self.kind,
            "median_ms": round(self.median_ms, 1),
            "worst_ms": round(self.worst_ms, 1),
            "kb": round(self.size / 1000, 1),
            "address": self.address,
        }


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk of somebody who has signed in. What is looked at is looked at `rounds` times."""

    session: aiohttp.ClientSession
    served: str
    rounds: int
    say: Callable[[str], None]
    found: dict[str, Measured] = field(default_factory=dict)
    """By kind."""

    async def follow(self, first: str) -> None:
        """Look at a page and at whatever it leads to."""
        ahead, misses, asked = [first], Counter[str](), set[str]()
        while ahead and len(self.found) < MOST_KINDS:
            address = ahead.pop(0)
            kind = kind_of(address)
            if kind in self.found or misses[kind] >= MOST_MISSES:
                continue
            text = await self.look(address, kind)
            misses[kind] += not text
            for action, choices in _asked_for(text):
                if action not in asked:
                    asked.add(action)
                    for one in choices:
                        await self.look(one, f"{kind_of(one)}=…")
            ahead += [one for one in map(unescape, _LINK.findall(text)) if not one.startswith(_LEAVES_OUT)]

    async def look(self, address: str, kind: str) -> str:
        """Look at a page and return it, '' where what lies there is none. Of a kind, the slowest is kept."""
        async with self.session.get(self.served + address) as reply:
            if reply.status != HTTPStatus.OK or reply.content_type != "text/html":
                return ""
            text, address = await reply.text(), reply.url.path_qs
        taken, size = [], 0
        for _ in range(self.rounds):
            begun = time.perf_counter()
            async with self.session.get(self.served + address) as reply:
                size = len(await reply.read())
            taken.append((time.perf_counter() - begun) * 1000)
        self._keep(Measured(kind, address, statistics.median(taken), max(taken), size))
        return text

    async def choose_all(self, lists: Sequence[str]) -> None:
        """Choose all of the first list that can be chosen whole, and look at what is about to be done."""
        for address in lists:
            async with self.session.get(self.served + address) as reply:
                text = await reply.text()
            if _WHOLE in text:
                chosen = await self._choose(address)
                await self.look(chosen, kind_of(chosen))
                return

    async def _choose(self, address: str) -> str:
        """Note how long it takes to keep all of a list as it is, and return where it is looked at."""
        taken, chosen = [], ""
        for _ in range(self.rounds):
            async with self.session.get(self.served + address) as reply:
                text = await reply.text()
            form = text[text.rindex("<form", 0, text.index('id="chosen"')) :]
            (action,) = re.findall(r'^<form method="post" action="([^"]*)"', form)
            fields = {name: unescape(value) for name, value in _HIDDEN.findall(form)}
            fields |= {"scope": "all", "act": "propose"}
            begun = time.perf_counter()
            async with self.session.post(
                self.served + action, data=fields, headers=SAME_ORIGIN, allow_redirects=False
            ) as reply:
                reply.raise_for_status()
                chosen = reply.headers["Location"]
            taken.append((time.perf_counter() - begun) * 1000)
        self._keep(Measured(f"{kind_of(address)} all chosen", address, statistics.median(taken), max(taken), 0))
        return chosen

    def _keep(self, one: Measured) -> None:
        self.say(f"{one.kind}: {one.median_ms:.0f} ms, {one.size / 1000:.0f} kB")
        before = self.found.get(one.kind)
        if before is None or one.median_ms > before.median_ms:
            self.found[one.kind] = one


def _asked_for(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the forms of a page that ask for something, and where their choices lead, one choice at a time."""
    for form in _FORM.finditer(text):
        action = unescape(form[1])
        yield (
            action,
            [
                f"{action}?{select[1]}={quote(unescape(value))}"
                for select in _SELECT.finditer(form[0])
                for value in _spread(_OPTION.findall(select[0]))
            ],
        )


def _spread(options: Sequence[str]) -> Sequence[str]:
    if len(options) <= MOST_OPTIONS:
        return options
    return [options[place * (len(options) - 1) // (MOST_OPTIONS - 1)] for place in range(MOST_OPTIONS)]


def kind_of(address: str) -> str:
    """Tell what kind of page an address leads to: names and numbers left out, and of the query only its keys."""
    parts = urlsplit(address)
    path = "/".join("…" if re.search(r"\d", piece) else piece for piece in parts.path.removeprefix("/desk").split("/"))
    keys = sorted({name for name, value in parse_qsl(parts.query)})
    return f"{path}?{'&'.join(keys)}" if keys else path
