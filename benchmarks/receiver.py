"""Events per second that the receiver acknowledges, each on disk before, and the effect of slow and huge senders.

    python -m benchmarks.receiver

Measured directly on loopback, and behind nginx with `deploy/nginx.conf` and TLS. The load generator sends prepared
bytes over plain sockets, because it shares the machine's cores with the programs that it measures.
"""

import argparse
import asyncio
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import perf_counter, sleep

import psutil

from testkit.receiver.event_files import event_files
from testkit.receiver.nginx import NGINX, Proxy, nginx
from testkit.receiver.running import Receiver, raw_post, running

CONNECTIONS = 32
SECONDS = 4.0
ROUNDS = 3
SLOW_HEADERS = 1000
SLOW_BODIES = 100
# nginx counts connections for each address: attackers send from 127.0.0.1, the load from another one.
_LOAD_ADDRESS = "127.0.0.2"
_PAYLOAD = b"x" * 900  # With its envelope about the size of an order event.
_ACCEPTED = b"HTTP/1.1 204 "


@dataclass(frozen=True)
class Target:
    """A port, and the certificate of nginx where it speaks TLS."""

    port: int
    certificate: Path | None = None

    @property
    def tls(self) -> ssl.SSLContext | None:
        """A TLS context that trusts the certificate of nginx; None for plain HTTP."""
        return ssl.create_default_context(cafile=self.certificate) if self.certificate else None


@dataclass
class Load:
    """One round: seconds per acknowledged event, answers other than 204, and CPU seconds of the receiver."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        """Acknowledged events per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, part: float) -> float:
        """A percentile of the latency, in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * part)] * 1000


def peak_memory(receiver: Receiver) -> float:
    """The most resident memory so far, in MB; 0 where the system does not report it."""
    status = Path(f"/proc/{receiver.process.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def request(number: int) -> bytes:
    """A signed event with its own number, as bytes."""
    return raw_post(b'{"id":"%012d","type":"order.create","data":"%b"}' % (number, _PAYLOAD))


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
        # Answers are small, and only one is expected at a time.
        now = perf_counter()
        if data.startswith(_ACCEPTED):
            self._load.latencies.append(now - self._started)
        else:
            self._load.refused += 1
        if now < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.done.set_result(None)

    def _next(self) -> None:
        self._started = perf_counter()
        self._transport.write(next(self._requests))


async def send_load(target: Target, requests: Iterator[bytes], *, seconds: float) -> Load:
    """Keep every connection busy for some time."""
    result, started = Load(), perf_counter()
    loop, tls = asyncio.get_running_loop(), target.tls
    senders = [
        await loop.create_connection(
            lambda: _Sender(requests, result, started + seconds),
            "127.0.0.1",
            target.port,
            ssl=tls,
            local_addr=(_LOAD_ADDRESS, 0),
        )
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(sender.done for _, sender in senders))
    result.seconds = perf_counter() - started
    return result


@contextmanager
def attacked(target: Target) -> Iterator[None]:
    """Slow and huge senders, from a process of their own."""
    certificate = [str(target.certificate)] if target.certificate else []
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.receiver", "--attack", str(target.port), *certificate]
    )
    try:
        sleep(4)  # Until they are connected.
        yield
    finally:
        process.kill()
        process.wait()


async def attack(target: Target) -> None:
    """Send headers and bodies at one byte a second, and bodies of a gigabyte, for ever."""
    head = request(0).partition(b"\r\n\r\n")[0]
    slow_body = re.sub(rb"Content-Length: \d+", b"Content-Length: 5000", head) + b"\r\n\r\n"
    chunked = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head) + b"\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    tls = target.tls

    async def drip(start: bytes, rest: bytes) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", target.port, ssl=tls)
                writer.write(start)
                for position in range(len(rest)):
                    writer.write(rest[position : position + 1])
                    await writer.drain()
                    await asyncio.sleep(1)
                    if reader.at_eof():
                        break
                writer.close()
            except OSError:
                await asyncio.sleep(0.1)

    async def flood() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", target.port, ssl=tls)
                writer.write(chunked)
                for _ in range(10**9 // len(chunk)):
                    writer.write(chunk)
                    await writer.drain()
            except OSError:
                pass
            # Without a pause this would measure the speed of the loopback device.
            await asyncio.sleep(1)

    slow_headers = SLOW_HEADERS if target.certificate else 0
    await asyncio.gather(
        *(drip(b"", head) for _ in range(slow_headers)),
        *(drip(slow_body, b"a" * 5000) for _ in range(SLOW_BODIES)),
        flood(),
    )


def measure() -> str:
    """Measure with and without attackers; returns a Markdown section."""
    rounds: dict[str, list[Load]] = {}
    prepared = cycle([request(number) for number in range(20_000)])
    with tempfile.TemporaryDirectory(prefix="receiver-") as name:
        folder = Path(name)
        with running(folder / "data") as receiver:
            direct = Target(receiver.port)
            _measure(receiver, direct, prepared, rounds, names=("directly, on loopback", None))
            memory = peak_memory(receiver)
            if NGINX is not None:
                with nginx(folder / "nginx", receiver_port=receiver.port) as proxy:
                    _measure_proxy(receiver, proxy, prepared, rounds)
                memory = peak_memory(receiver)
            receiver.stop()
        stored = sum(path.read_bytes().count(b"\n") for path in event_files(folder / "data"))
    acknowledged = sum(len(load.latencies) for loads in rounds.values() for load in loads)
    assert stored == acknowledged, f"{acknowledged} events acknowledged, {stored} stored"
    header = "| load | acknowledged events/s | p50 | p99 | refused | CPU per event |\n|---|---|---|---|---|---|"
    note = (
        f"{CONNECTIONS} connections, events of about 1 kB, each on disk (fsync) before it is acknowledged. Wanted: at "
        f"least 2,000 events/s directly. Best of {ROUNDS} rounds of {SECONDS:.0f} s each; load generator, attackers, "
        f"nginx and receiver share the cores. CPU is the receiver's. Peak memory of the receiver: {memory:.0f} MB."
    )
    missing = "" if NGINX else " nginx is not installed: its rows are missing."
    rows = [_row(name, loads) for name, loads in rounds.items()]
    return "\n".join(["## Receiver: acknowledged events", "", header, *rows, "", note + missing, ""])


def _measure_proxy(receiver: Receiver, proxy: Proxy, prepared: Iterator[bytes], rounds: dict[str, list[Load]]) -> None:
    target = Target(proxy.port, proxy.certificate)
    attackers = (
        f"the same, beside {SLOW_HEADERS:,} senders of slow headers, {SLOW_BODIES} of slow bodies (one byte a second), "
        "and one of 1 GB bodies"
    )
    _measure(receiver, target, prepared, rounds, names=("behind nginx, with TLS", attackers))


def _measure(
    receiver: Receiver,
    target: Target,
    prepared: Iterator[bytes],
    rounds: dict[str, list[Load]],
    *,
    names: Sequence[str | None],
) -> None:
    quiet, beside = names
    process = psutil.Process(receiver.process.pid)

    def one_round() -> Load:
        before = sum(process.cpu_times())
        load = asyncio.run(send_load(target, prepared, seconds=SECONDS))
        load.cpu_seconds = sum(process.cpu_times()) - before
        return load

    for _ in range(ROUNDS):
        rounds.setdefault(str(quiet), []).append(one_round())
        if beside:
            with attacked(target):
                rounds.setdefault(beside, []).append(one_round())


def _row(name: str, loads: list[Load]) -> str:
    best = max(loads, key=lambda load: load.rate)
    refused = sum(load.refused for load in loads)
    latency = f"{best.percentile(0.5):.1f} ms | {best.percentile(0.99):.1f} ms"
    return (
        f"| {name} | {best.rate:,.0f} | {latency} | {refused} | {best.cpu_seconds / len(best.latencies) * 1e6:.0f} µs |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the receiver.")
    parser.add_argument("--attack", nargs="+", metavar=("PORT", "CERTIFICATE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.attack:
        port, *certificate = given.attack
        asyncio.run(attack(Target(int(port), Path(certificate[0]) if certificate else None)))
    else:
        print(measure())
