"""Kill -9 at random moments under load, and look whether anything that was acknowledged is missing or torn.

Each event carries an id of its own and is sent until it is acknowledged, as Ordergroove does. `kill_loop` is what a
test runs a few times and `make prove` fifty times.
"""

import asyncio
import json
import random
import socket
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.receiver.dumps import events, left_open, quarantined
from tests.receiver.running import raw_post, start

RATE = 220  # On paper; answers take time too.
_SENDERS = 16


@dataclass
class Outcome:
    """What was sent, what was acknowledged, and how often each id came out."""

    kills: int = 0
    kills_under_load: int = 0
    sent: int = 0
    acknowledged: set[int] = field(default_factory=set)
    found: Counter[int] = field(default_factory=Counter)
    torn: int = 0

    @property
    def lost(self) -> set[int]:
        return self.acknowledged - set(self.found)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.kills_under_load} of them while events came in; "
            f"{len(self.acknowledged):,} events acknowledged in {self.sent:,} attempts, "
            f"{len(self.lost)} lost, {sum(self.found.values()) - len(self.found)} kept twice, "
            f"{self.torn} pieces torn before they were acknowledged"
        )


def kill_loop(data: Path, *, kills: int, seed: int) -> Outcome:
    """Run it; every line of every dump is read at the end, and one that is torn raises."""
    outcome = asyncio.run(_run(data, kills=kills, rng=random.Random(seed)))
    assert left_open(data) == []
    outcome.found = Counter(event["id"] for event in events(data))
    outcome.torn = len(quarantined(data))
    return outcome


async def _run(data: Path, *, kills: int, rng: random.Random) -> Outcome:
    outcome = Outcome()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop = asyncio.Event()
    options = ("--port", str(port), "--rotate-seconds", "0.3")
    senders = [asyncio.create_task(_send(port, number, outcome, stop)) for number in range(_SENDERS)]
    for _ in range(kills):
        # From its very beginning: while it starts, takes up what was left, listens, writes or rotates.
        receiver, before = start(data, *options, wait=False), len(outcome.acknowledged)
        await asyncio.sleep(rng.uniform(0.1, 1.6))
        receiver.process.kill()
        receiver.process.wait()
        outcome.kills += 1
        outcome.kills_under_load += len(outcome.acknowledged) > before
    receiver = await asyncio.to_thread(start, data, *options)
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.gather(*senders)
    assert await asyncio.to_thread(receiver.stop) == 0
    return outcome


async def _send(port: int, number: int, outcome: Outcome, stop: asyncio.Event) -> None:
    """One sender: its share of the rate, each event until it is acknowledged."""
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    event_id = number
    while not stop.is_set():
        body = json.dumps({"id": event_id, "type": "order.create", "data": "x" * (event_id * 37 % 1500)}).encode()
        try:
            if streams is None:
                streams = await asyncio.open_connection("127.0.0.1", port)
            outcome.sent += 1
            streams[1].write(raw_post(body))
            head = await streams[0].readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 204 "):
                raise ConnectionError(head)
        except (OSError, asyncio.IncompleteReadError):
            if streams is not None:
                streams[1].close()
            streams = None
            await asyncio.sleep(0.02)
            continue
        outcome.acknowledged.add(event_id)
        event_id += _SENDERS
        await asyncio.sleep(_SENDERS / RATE)
    if streams is not None:
        streams[1].close()
