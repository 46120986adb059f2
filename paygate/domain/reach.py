"""Which addresses a request may leave for: those the whole Internet reaches, and those the configuration lists."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self, TypeAlias

from paygate.domain.errors import EgressRefusedError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _networks(table: Mapping[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((ip_network(text), kind) for text, kind in table.items())


# Written out from the IANA special-purpose registries: what the standard library knows of them differs by its version.
HOUSE: Final = _networks(
    {
        "127.0.0.0/8": "loopback",
        "::1/128": "loopback",
        "10.0.0.0/8": "private",
        "172.16.0.0/12": "private",
        "192.168.0.0/16": "private",
        "fc00::/7": "private",
        "100.64.0.0/10": "shared",
    }
)
"""Where systems of one's own stand: reached through a listed address, or a listed name."""

HOUSE_KINDS: Final = frozenset(kind for _, kind in HOUSE)

NOWHERE: Final = _networks(
    {
        "fd00:ec2::254/128": "cloud metadata",
        "100.100.100.200/32": "cloud metadata",
        "168.63.129.16/32": "cloud metadata",
        "169.254.0.0/16": "link-local",
        "fe80::/10": "link-local",
        "0.0.0.0/8": "unspecified",
        "::/128": "unspecified",
        "224.0.0.0/4": "multicast",
        "ff00::/8": "multicast",
        "240.0.0.0/4": "reserved",
        "192.0.0.0/24": "reserved",
        "192.88.99.0/24": "reserved",
        "198.18.0.0/15": "reserved",
        "192.0.2.0/24": "documentation",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "2001:db8::/32": "documentation",
        "3fff::/20": "documentation",
        "2001::/23": "reserved",  # Teredo and ORCHID among them
    }
)
"""Where nobody's receiver stands: a listed name that resolves to one of these is refused all the same."""

GLOBAL_UNICAST: Final = ip_network("2000::/3")
"""All of IPv6 that is given out so far."""

_NAT64: Final = ip_network("64:ff9b::/96")
_MAPPED_BITS: Final = 32

_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\Z")
"""What a resolver may read as an address although it is not written as one: 2130706433, 0x7f.1, 0177.0.0.1."""


def read_host(text: str) -> Address | str:
    """Read a host as an address, or as a name in lower case.

    Raises:
        EgressRefusedError: it is neither, or an address in a spelling that readers disagree about.
    """
    host = text.lower()
    if "%" in host:
        raise EgressRefusedError(f"{text!r} names a zone, which has no meaning beyond this machine")
    try:
        return ip_address(host)
    except ValueError:
        pass
    if _NUMBER.match(host):
        raise EgressRefusedError(f"{text!r} is an address in no canonical spelling")
    if not _NAME.match(host):
        raise EgressRefusedError(f"{text!r} is no host name; one beyond ASCII is written in its xn-- form")
    return host


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the configuration lists: networks whatever they are, and names that may stand in one's own house."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def read(cls, entries: Iterable[str]) -> Self:
        """Read entries like `10.1.2.0/24`, `fd12::7` and `lgsp.example.vn`.

        Raises:
            ValueError: an entry is neither network, address nor name.
        """
        networks, names = [], set()
        for entry in entries:
            try:
                host = "" if "/" in entry else read_host(entry)
            except EgressRefusedError as error:
                raise ValueError(str(error)) from None
            if isinstance(host, str) and host:
                names.add(host)
            else:
                networks.append(ip_network(entry))
        return cls(tuple(networks), frozenset(names))

    def lists(self, address: Address) -> bool:
        return any(one in network for one in (address, carried(address)) for network in self.networks)

    def refuse(self, address: Address, name: str | None = None) -> None:
        """Refuse an address, to which `name` resolved where there is one, unless it may be asked.

        Raises:
            EgressRefusedError: with the kind of address it is.
        """
        if self.lists(address):
            return
        kind = kind_of(address)
        if kind is not None and not (kind in HOUSE_KINDS and name in self.names):
            where = f"{name} is at {address}" if name else str(address)
            raise EgressRefusedError(f"{where}, a {kind} address, which egress_allowed does not list")


def carried(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & (2**_MAPPED_BITS - 1))
    return address.ipv4_mapped or address.sixtofour or address


def kind_of(address: Address) -> str | None:
    """Say what is special about an address; None where the whole Internet reaches it."""
    real = carried(address)
    kind = _kind_in(NOWHERE, real) or _kind_in(HOUSE, real)
    if kind is None and isinstance(real, IPv6Address) and real not in GLOBAL_UNICAST:
        return "reserved"
    return kind


def _kind_in(table: Iterable[tuple[Network, str]], address: Address) -> str | None:
    return next((kind for network, kind in table if address in network), None)
