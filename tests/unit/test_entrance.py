"""Where the desk is reached, and from where somebody really comes."""

import pytest

from paygate.domain.reach import Allowed
from paygate.sessions import Lasting
from paygate.web.desk.entrance import Entrance, address_of

PROXIES = Allowed.read(("10.0.0.0/8", "127.0.0.1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: what it says counts for nothing
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),  # the first was made up by who comes
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),  # the header twice
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "unknown"),
        ("10.0.0.1", [","], "unknown"),
        ("", [], "unknown"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("10.0.0.1", [", ".join(["10.0.0.1"] * 1000)], "10.0.0.1"),
    ],
)
def test_an_address_is_what_a_trusted_proxy_says_and_else_the_peers(
    peer: str, forwarded: list[str], address: str
) -> None:
    assert address_of(peer, forwarded, PROXIES) == address


@pytest.mark.parametrize(("url", "name"), [("https://x.vn", "__Host-paygate_code"), ("http://x.vn", "paygate_code")])
def test_cookies_are_bound_to_the_host_where_there_is_https(url: str, name: str) -> None:
    assert Entrance(url, Lasting()).named("code") == name
