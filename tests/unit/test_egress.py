"""The way out on real sockets: what is refused before a byte leaves, and that everything is bounded."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from paygate import egress
from paygate.domain.errors import EgressRefusedError, UnreachableError
from paygate.domain.reach import Allowed
from paygate.egress import ANSWER_LIMIT, Egress, open_egress, read_url

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HERE = ["127.0.0.0/8", "::1"]


@asynccontextmanager
async def a_peer(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Listen on loopback; yield the port and the heads of the requests that came."""
    heads: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


def answering(answer: bytes) -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return talk


OK = answering(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nhi")


def resolving(*answers: str) -> tuple[egress.Resolve, list[str]]:
    """A resolver that gives one answer after another, and the names it was asked for."""
    asked: list[str] = []

    async def resolve(name: str, _port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
        asked.append(name)
        text = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in text.split()]

    return resolve, asked


async def get(egress_: Egress, url: str) -> egress.Answer:
    return await egress_.send("GET", url, {}, b"")


async def test_an_answer_comes_with_its_status_headers_and_body() -> None:
    async with a_peer(OK) as (port, heads), open_egress(HERE) as out:
        answer = await out.send("POST", f"http://127.0.0.1:{port}/a?b=%2f+c", {"X-Own": "x"}, b"body")
    assert (answer.status, answer.headers["x-a"], answer.body) == (200, "1", b"hi")
    assert heads[0].startswith(b"POST /a?b=%2f+c HTTP/1.1\r\n")
    assert b"X-Own: x\r\n" in heads[0]


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    async with a_peer(moved) as (port, heads), open_egress(HERE) as out:
        assert (await get(out, f"http://127.0.0.1:{port}/")).status == 302
    assert len(heads) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[64:ff9b::a00:1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://user:secret@gateway.example/",
        "https://@gateway.example/",
        "https://gateway.example\\@127.0.0.1/",
        "https://gateway.example/#fragment",
        "http://gateway.example/",
        "ftp://gateway.example/",
        "file:///etc/passwd",
        "//gateway.example/",
        "gateway.example",
        "https:///path",
        "https://gateway.example:99999/",
        "https://gate way.example/",
        "https://１２７.0.0.1/",
        "https://gateway.example/\r\nHost: b",
        "https://gateway.example/" + "a" * 9000,
        "",
    ],
)
async def test_a_url_that_leads_astray_is_refused_before_a_name_is_resolved(url: str) -> None:
    resolve, asked = resolving("93.184.216.34")
    async with open_egress(resolve=resolve) as out:
        with pytest.raises(EgressRefusedError) as caught:
            await get(out, url)
    assert "secret" not in str(caught.value)
    assert not asked


def test_plain_http_is_for_listed_hosts_alone() -> None:
    allowed = Allowed.read(["10.1.2.0/24", "lgsp.haiduong.gov.vn"])
    for url in ("http://10.1.2.3/", "http://lgsp.haiduong.gov.vn/", "https://gateway.example/"):
        assert str(read_url(url, allowed)) == url
    with pytest.raises(EgressRefusedError, match="over https alone"):
        read_url("http://gateway.example/", allowed)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%1", "169.254.169.254"]
)
async def test_a_name_at_an_address_of_the_house_is_refused(address: str) -> None:
    resolve, asked = resolving(address)
    async with open_egress(resolve=resolve) as out:
        with pytest.raises(EgressRefusedError, match=r"gateway\.example is at "):
            await get(out, "https://gateway.example/")
    assert asked == ["gateway.example"]


async def test_a_name_of_which_one_address_is_private_is_refused_as_a_whole() -> None:
    resolve, _ = resolving("93.184.216.34 10.0.0.1")
    async with open_egress(resolve=resolve) as out:
        with pytest.raises(EgressRefusedError):
            await get(out, "https://gateway.example/")


async def test_a_name_is_resolved_once_and_asked_at_the_address_that_was_looked_at() -> None:
    resolve, asked = resolving("127.0.0.1", "127.0.0.2")
    async with a_peer(OK) as (port, heads), open_egress(["lgsp.example"], resolve=resolve) as out:
        assert (await get(out, f"http://lgsp.example:{port}/")).body == b"hi"
    assert asked == ["lgsp.example"]
    assert f"Host: lgsp.example:{port}".encode() in heads[0]


async def test_a_name_that_is_bound_anew_is_looked_at_anew() -> None:
    resolve, asked = resolving("127.0.0.1", "169.254.169.254")
    async with a_peer(OK) as (port, heads), open_egress(["lgsp.example"], resolve=resolve) as out:
        await get(out, f"http://lgsp.example:{port}/")
        with pytest.raises(EgressRefusedError):
            await get(out, f"http://lgsp.example:{port}/")
    assert (len(asked), len(heads)) == (2, 1)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_peer(OK) as (proxy, proxied), a_peer(OK) as (port, heads), open_egress(HERE) as out:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        await get(out, f"http://127.0.0.1:{port}/")
    assert (len(heads), len(proxied)) == (1, 0)


async def test_cookies_are_not_kept() -> None:
    baker = answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
    async with a_peer(baker) as (port, heads), open_egress(["localhost"], resolve=resolving("127.0.0.1")[0]) as out:
        await get(out, f"http://localhost:{port}/")
        await get(out, f"http://localhost:{port}/")
    assert not any(b"Cookie" in head for head in heads)


async def test_a_packed_body_is_not_unpacked() -> None:
    packed = b"\x1f\x8b not really"
    peer = answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 13\r\n\r\n" + packed)
    async with a_peer(peer) as (port, _), open_egress(HERE) as out:
        assert (await get(out, f"http://127.0.0.1:{port}/")).body == packed[:13]


async def test_an_answer_without_end_is_no_answer_and_no_memory() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with a_peer(talk) as (port, _), open_egress(HERE) as out:
        with pytest.raises(UnreachableError, match=f"more than {ANSWER_LIMIT} bytes"):
            await get(out, f"http://127.0.0.1:{port}/")
        answer = await out.send("GET", f"http://127.0.0.1:{port}/", {}, b"", read_body=False)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "half a line", "half a body", "half a chunk", "garbage", "a header without end"],
)
async def test_half_an_answer_is_no_answer(answer: bytes) -> None:
    async with a_peer(answering(answer)) as (port, _), open_egress(HERE) as out:
        with pytest.raises(UnreachableError) as caught:
            await get(out, f"http://127.0.0.1:{port}/?secret=1")
    assert "secret" not in str(caught.value)


async def test_a_peer_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.2)
    async with a_peer(talk) as (port, _), open_egress(HERE) as out:
        with pytest.raises(UnreachableError, match="has not answered in time"):
            await get(out, f"http://127.0.0.1:{port}/")


async def test_a_name_server_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_name: str, _port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(egress, "TOTAL_SECONDS", 0.2)
    async with open_egress(resolve=resolve) as out:
        with pytest.raises(UnreachableError):
            await get(out, "https://gateway.example/")


async def test_a_closed_port_and_an_unknown_name_are_unreachable() -> None:
    async def resolve(_name: str, _port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with open_egress(HERE, resolve=resolve) as out:
            with pytest.raises(UnreachableError):
                await get(out, f"http://127.0.0.1:{taken.getsockname()[1]}/")
            with pytest.raises(UnreachableError):
                await get(out, "https://gateway.example/")


async def test_a_certificate_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    async with a_peer(OK, self_signed(tmp_path)) as (port, heads), open_egress(HERE) as out:
        with pytest.raises(UnreachableError, match="Certificate"):
            await get(out, f"https://127.0.0.1:{port}/")
    assert not heads


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "peer.pem"
    file.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
