"""Which addresses may be asked: what the whole Internet reaches, and what is listed."""

from ipaddress import ip_address

import pytest

from paygate.domain.errors import EgressRefusedError
from paygate.domain.reach import HOUSE, NOWHERE, Allowed, kind_of, read_host

NOBODY = Allowed()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fd12:3456::1", "private"),
        ("100.64.0.1", "shared"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fd00:ec2::254", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("192.0.0.192", "reserved"),
        ("198.18.0.1", "reserved"),
        ("203.0.113.9", "documentation"),
        ("2001:db8::1", "documentation"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "reserved"),
        ("64:ff9b:1::7f00:1", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("5f00::1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::10.0.0.1", "private"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_what_the_internet_does_not_reach_is_refused_by_its_kind(text: str, kind: str) -> None:
    assert kind_of(ip_address(text)) == kind
    with pytest.raises(EgressRefusedError, match=f"a {kind} address"):
        NOBODY.refuse(ip_address(text))


@pytest.mark.parametrize(
    "text",
    ["1.1.1.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::1.1.1.1", "2002:101:101::"],
)
def test_what_the_internet_reaches_may_be_asked(text: str) -> None:
    NOBODY.refuse(ip_address(text))


def test_every_network_of_the_tables_is_refused_from_its_first_address_to_its_last() -> None:
    for network, _ in [*HOUSE, *NOWHERE]:
        assert kind_of(network[0])
        assert kind_of(network[-1])


def test_a_listed_network_may_be_asked_and_its_neighbour_may_not() -> None:
    allowed = Allowed.read(["10.1.2.0/24", "fd12::7"])
    for inside in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::7"):
        allowed.refuse(ip_address(inside))
    for outside in ("10.1.3.1", "fd12::8"):
        with pytest.raises(EgressRefusedError):
            allowed.refuse(ip_address(outside))


def test_a_listed_name_may_have_a_private_address_and_another_name_may_not() -> None:
    allowed = Allowed.read(["LGSP.haiduong.gov.vn"])
    allowed.refuse(ip_address("10.1.2.3"), "lgsp.haiduong.gov.vn")
    with pytest.raises(EgressRefusedError, match=r"evil\.example is at 10\.1\.2\.3, a private address"):
        allowed.refuse(ip_address("10.1.2.3"), "evil.example")


@pytest.mark.parametrize("text", ["169.254.169.254", "fd00:ec2::254", "0.0.0.0", "ff02::1"])
def test_a_listed_name_that_turns_out_to_be_nowhere_is_refused_all_the_same(text: str) -> None:
    with pytest.raises(EgressRefusedError):
        Allowed.read(["lgsp.haiduong.gov.vn"]).refuse(ip_address(text), "lgsp.haiduong.gov.vn")


@pytest.mark.parametrize(
    "text",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "127.0.0.1.",
        "a.0x7f",
        "256.1.1.1",
    ],
)
def test_an_address_in_no_canonical_spelling_is_refused(text: str) -> None:
    with pytest.raises(EgressRefusedError):
        read_host(text)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "fe80::1%251", "::1%lo"])
def test_a_zone_is_refused(text: str) -> None:
    with pytest.raises(EgressRefusedError, match="names a zone"):
        read_host(text)


@pytest.mark.parametrize(
    "text", ["", ".", "a..b", "-a.vn", "a b", "a/b", "hải.vn", "a" * 64, "a.", "[::1]", "a:b", "*.vn", "a\n"]
)
def test_what_is_no_host_name_is_refused(text: str) -> None:
    with pytest.raises(EgressRefusedError):
        read_host(text)


def test_a_host_is_read_as_what_it_is() -> None:
    assert read_host("LGSP.Haiduong.gov.VN") == "lgsp.haiduong.gov.vn"
    assert read_host("::FFFF:1.2.3.4") == ip_address("::ffff:1.2.3.4")


@pytest.mark.parametrize("entry", ["10.1.2.3/24", "10.1.2.0/33", "not a name", "0x7f.1", "http://a.vn", ""])
def test_an_entry_that_cannot_be_read_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Allowed.read([entry])
