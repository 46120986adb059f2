"""Where the desk is reached: its address, the cookies it gives out, and from where somebody really comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp import web

from paygate.admission import Admitted, Comer
from paygate.domain.reach import Allowed, carried
from paygate.sessions import LONGEST_SECRET, Lasting, Origin
from paygate.web.desk.visit import see_other

BROWSER_SECONDS: Final = 365 * 86400
IPV6_HOME: Final = 64
"""Bits of an IPv6 address that are one house's: the others its machines choose as they like."""
MOST_HOPS: Final = 20
NO_PROXIES: Final = Allowed()


@dataclass(frozen=True, slots=True)
class Entrance:
    """The desk's own origin, where that is configured, the proxies before it, and how long its sessions last."""

    public_url: str | None
    lasting: Lasting
    proxies: Allowed = NO_PROXIES

    @property
    def secure(self) -> bool:
        return bool(self.public_url and self.public_url.startswith("https://"))

    @property
    def cookie(self) -> str:
        """Name the session's cookie; browsers bind the first to the host and to https."""
        return "__Host-paygate" if self.secure else "paygate_session"

    def named(self, name: str) -> str:
        """Name another cookie of the desk's."""
        return f"{'__Host-' if self.secure else ''}paygate_{name}"

    def origin(self, request: web.BaseRequest) -> str:
        """Return the origin that pages of ours have."""
        return self.public_url.rstrip("/") if self.public_url else f"{request.scheme}://{request.host}"

    def give(self, response: web.StreamResponse, name: str, value: str, seconds: int | None = None) -> None:
        """Have the browser keep a secret; without `seconds`, until it is closed."""
        response.set_cookie(name, value, max_age=seconds, secure=self.secure, httponly=True, samesite="Lax", path="/")

    def take(self, response: web.StreamResponse, name: str) -> None:
        """Have the browser forget a secret."""
        response.del_cookie(name, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def comer(self, request: web.Request) -> Comer:
        """Say who knocks."""
        known = request.cookies.get(self.named("browser"), "")
        address = address_of(request.remote or "", request.headers.getall("X-Forwarded-For", ()), self.proxies)
        origin = Origin(address, request.headers.get("User-Agent", ""))
        return Comer(known if len(known) <= LONGEST_SECRET else "", origin, datetime.now(UTC))

    def welcome(self, admitted: Admitted) -> web.Response:
        """Lead who has come in to where they were going."""
        response = see_other(admitted.following)
        self.give(response, self.cookie, admitted.session)
        self.give(response, self.named("browser"), admitted.browser, BROWSER_SECONDS)
        return response


def address_of(peer: str, forwarded: Sequence[str], proxies: Allowed) -> str:
    """Return from where a request comes: its peer, or what trusted proxies say was theirs.

    What a proxy of no trust says counts for nothing, so the list is read from its end. Of an IPv6 address the house is
    returned: `2001:db8:1:2::/64`.
    """
    hops = [part.strip() for line in forwarded for part in line.split(",")][-MOST_HOPS:]
    here = peer
    while hops and _trusted(here, proxies):
        here = hops.pop()
    return _house(here)


def _trusted(text: str, proxies: Allowed) -> bool:
    try:
        return proxies.lists(ip_address(text))
    except ValueError:
        return False


def _house(text: str) -> str:
    try:
        address = carried(ip_address(text))
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_HOME), strict=False))
    return str(address)
