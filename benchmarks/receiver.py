"""How many events a second the receiver acknowledges, each on disk before it is, and what slow and huge senders
cost others.

    python -m benchmarks.receiver               measure
    python -m benchmarks.receiver --prove 50    no measuring: kill -9 so many times under load, and all is in the lake

The receiver runs in a process of its own. The load is bytes that were signed beforehand, over plain sockets, since
it has to share the machine's cores with what it measures.
"""

import argparse
import asyncio
import hmac
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import perf_counter, sleep

CONNECTIONS = 32
SECONDS = 4.0
TURNS = 3
SLOW_SENDERS = 100
KEY = "benchmark-key"
_DIGITS = 12
_PAYLOAD = b"x" * 900  # With its envelope about what an order event with its rows takes.
_ACCEPTED = b"HTTP/1.1 204 "


@dataclass
class Load:
    """What one turn did: seconds per acknowledged event, and answers that were no acknowledgement."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, part: float) -> float:
        """A percentile of the latency, in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * part)] * 1000


@dataclass
class Served:
    """A receiver that listens."""

    process: "subprocess.Popen[str]"
    port: int
    data: Path

    def memory(self, name: str = "VmHWM") -> float:
        """The most memory it ever had resident, in MB; 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)


@contextmanager
def served() -> Iterator[Served]:
    """Start a receiver, and end it."""
    with tempfile.TemporaryDirectory(prefix="receiver-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "og_assets", "receiver", "--port", "0"],
            env={**os.environ, "OG_DATA_DIR": folder, "ORDERGROOVE_WEBHOOK_KEYS": KEY},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            while not (found := re.search(r"Listening at http://[^ ]*:(\d+)/", line := process.stderr.readline())):
                assert line, "the receiver did not start"
            yield Served(process, int(found[1]), Path(folder))
        finally:
            process.terminate()
            process.communicate()


def request(number: int) -> bytes:
    """An event with a number of its own, signed, as bytes on the wire."""
    body = b'{"id":"%0*d","type":"order.create","data":"%b"}' % (_DIGITS, number, _PAYLOAD)
    sig = hmac.new(KEY.encode(), b"1." + body, sha256).hexdigest()
    head = f"POST /webhooks/ordergroove HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Ordergroove-Signature: ts=1,sig={sig}\r\n\r\n".encode() + body


class _Sender(asyncio.Protocol):
    """One connection: sends an event, waits for its answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], load: Load, until: float) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._requests, self._load, self._until = requests, load, until

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        # Answers are small, and one is on its way at a time.
        now = perf_counter()
        if data.startswith(_ACCEPTED):
            self._load.latencies.append(now - self._began)
        else:
            self._load.refused += 1
        if now < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.done.set_result(None)

    def _next(self) -> None:
        self._began = perf_counter()
        self._transport.write(next(self._requests))


async def load(port: int, requests: Iterator[bytes], *, seconds: float) -> Load:
    """Keep every connection busy for some time."""
    result, began = Load(), perf_counter()
    loop = asyncio.get_running_loop()
    senders = [
        await loop.create_connection(lambda: _Sender(requests, result, began + seconds), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(sender.done for _, sender in senders))
    result.seconds = perf_counter() - began
    return result


@contextmanager
def company(port: int) -> Iterator[None]:
    """Senders of one byte a second and of a gigabyte, from a process of their own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.receiver", "--annoy", str(port)])
    try:
        sleep(1)  # Until they are all there.
        yield
    finally:
        process.kill()
        process.wait()


async def annoy(port: int) -> None:
    """Be slow a hundred times, and send a gigabyte again and again."""
    head = request(0).partition(b"\r\n\r\n")[0]
    slow = re.sub(rb"Content-Length: \d+", b"Content-Length: 5000", head) + b"\r\n\r\n"
    endless = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head) + b"\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"

    async def drip() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                for position in range(len(slow)):
                    writer.write(slow[position : position + 1])
                    await writer.drain()
                    await asyncio.sleep(1)
            except OSError:
                await asyncio.sleep(0.1)

    async def flood() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(endless)
                for _ in range(10**9 // len(chunk)):
                    writer.write(chunk)
                    await writer.drain()
            except OSError:
                pass
            # A gigabyte at once, over and over, would measure the loopback device.
            await asyncio.sleep(1)

    await asyncio.gather(*(drip() for _ in range(SLOW_SENDERS)), flood())


def measure() -> str:
    """Measure alone and in bad company, turn by turn; returns a Markdown section."""
    alone: list[Load] = []
    beset: list[Load] = []
    with served() as receiver:
        numbers = iter(range(10**9))
        prepared = [request(next(numbers)) for _ in range(20_000)]

        def turn() -> Load:
            # The same bytes again are another event to the receiver, and cost the sender nothing.
            return asyncio.run(load(receiver.port, _round(prepared), seconds=SECONDS))

        warm = turn()
        for _ in range(TURNS):
            alone.append(turn())
            with company(receiver.port):
                beset.append(turn())
        memory = receiver.memory()
        receiver.process.terminate()
        receiver.process.wait()
        kept = sum(dump.read_bytes().count(b"\n") for dump in (receiver.data / "inbox").glob("*/events-*.jsonl"))
    assert kept == sum(len(one.latencies) for one in (warm, *alone, *beset)), (
        "what was acknowledged is not what is there"
    )
    rows = [
        _row(f"{CONNECTIONS} connections", alone),
        _row(f"the same, beside {SLOW_SENDERS} senders of a byte a second and one of 1 GB bodies", beset),
    ]
    header = "| load | acknowledged events/s | p50 | p99 | refused |\n|---|---|---|---|---|"
    wanted = (
        "Wanted: at least 2,000 events/s. Every event of about 1 kB is on disk (fsync) before it is acknowledged. Best "
        f"of {TURNS} turns of {SECONDS:.0f} s each, taken in turn, sender and receiver on the same cores. Peak memory "
        f"of the receiver: {memory:.0f} MB."
    )
    return "\n".join(["## Receiver: acknowledged events", "", header, *rows, "", wanted, ""])


def _round(prepared: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from prepared


def _row(name: str, loads: list[Load]) -> str:
    best = max(loads, key=lambda load: load.rate)
    refused = sum(load.refused for load in loads)
    latency = f"{best.percentile(0.5):.1f} ms | {best.percentile(0.99):.1f} ms"
    return f"| {name} | {best.rate:,.0f} | {latency} | {refused} |"


def prove(kills: int) -> None:
    """Kill -9 under 200 requests a second, taking in meanwhile; every acknowledged event is in the lake, none torn."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from testkit.receiver.kill_loop import kill_loop

    with tempfile.TemporaryDirectory(prefix="receiver-") as folder:
        outcome = kill_loop(Path(folder) / "data", kills=kills, seed=kills)
    print(outcome)
    outcome.check()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the receiver takes.")
    parser.add_argument("--prove", type=int, metavar="KILLS")
    parser.add_argument("--annoy", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prove:
        prove(given.prove)
    elif given.annoy:
        asyncio.run(annoy(given.annoy))
    else:
        print(measure())
