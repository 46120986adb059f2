"""A load generator for where wrk is not installed: keep-alive connections that post bodies from a file, in order.

A process of its own, so that it never shares the server's processor time by accident:
`python -m paygate.bench.load HOST PORT PATH BODIES CONNECTIONS SECONDS` prints one JSON line.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import uvloop

LATENCY_PERCENTILE: Final = 0.99


class Peer(asyncio.Protocol):
    """One connection: sends a request, waits for its reply, sends the next."""

    def __init__(self, requests: Iterator[bytes], until: float, seen: "Seen") -> None:
        self._requests = requests
        self._until = until
        self._seen = seen
        self._sent_at = 0.0
        self._buffer = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are of no such class
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        if self._sent_at >= self._until:
            self._transport.close()
        else:
            self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(rest) < _content_length(head):
            return
        self._seen.add(int(head[9:12]), time.perf_counter() - self._sent_at)
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.broken += exc is not None
        if not self.done.done():
            self.done.set_result(None)


class Seen:
    """What came back."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.broken = 0

    def add(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds.append(seconds)

    def summary(self, seconds: float) -> dict[str, object]:
        ordered = sorted(self.seconds)
        p99 = ordered[int(len(ordered) * LATENCY_PERCENTILE)] if ordered else 0.0
        refused = sum(count for status, count in self.statuses.items() if status != 200)  # noqa: PLR2004 -- OK
        return {
            "requests": len(ordered),
            "rate": len(ordered) / seconds,
            "p99_ms": p99 * 1000,
            "errors": refused + self.broken,
        }


def _content_length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n", 1)[0] or 0)


def _requests(host: str, path: str, bodies: list[bytes]) -> Iterator[bytes]:
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    while True:
        for body in bodies:
            yield f"{head}{len(body)}\r\n\r\n".encode() + body


async def load(host: str, port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Seen:
    """Keep every connection busy for so long."""
    seen, until = Seen(), time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    peers = [
        (await loop.create_connection(lambda: Peer(requests, until, seen), host, port))[1] for _ in range(connections)
    ]
    await asyncio.wait([peer.done for peer in peers], timeout=seconds + 5)
    return seen


def main(arguments: list[str]) -> None:
    host, port, path, file, connections, seconds = arguments
    requests = _requests(host, path, Path(file).read_bytes().splitlines())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(load(host, int(port), requests, int(connections), float(seconds)))
    sys.stdout.write(json.dumps(seen.summary(float(seconds))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
