"""Kills the receiver with -9 at random moments under load, and checks that no acknowledged event is lost or torn.

Each event has its own id and is sent until it is acknowledged, as Ordergroove does. The real ingestion runs at the same
time, as the sensor's runs do. A test runs `kill_loop` with a few kills, `make prove` with fifty.
"""

import asyncio
import json
import random
import re
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion, IngestReport
from og_assets.events.store import ingested_files_of
from og_assets.lake.lake import Lake
from testkit.receiver.event_files import event_files, left_open, lines, quarantined
from testkit.receiver.running import raw_post, start

# Events per second at most; waiting for answers makes it less.
RATE = 220
_SENDERS = 16


@dataclass
class Outcome:
    """Counts of one run: sent and acknowledged events, lines written per event id, and rows in the lake.

    `downstream` counts rows per event id after deduplication.
    """

    kills: int = 0
    kills_under_load: int = 0
    sent: int = 0
    acknowledged: set[str] = field(default_factory=set)
    written: Counter[str] = field(default_factory=Counter)
    torn: list[bytes] = field(default_factory=list)
    ingest_runs: int = 0
    files: int = 0
    rows: int = 0
    deliveries: int = 0
    downstream: Counter[str] = field(default_factory=Counter)
    differing: int = 0
    unread: int = 0

    @property
    def lost(self) -> set[str]:
        """Acknowledged events that are not downstream."""
        return self.acknowledged - set(self.downstream)

    def check(self) -> None:
        """Raise unless every acknowledged event is downstream exactly once."""
        assert not self.lost, f"{self}: {sorted(self.lost)[:5]}"
        assert set(self.downstream.values()) <= {1}, "an event is downstream twice"
        assert not self.differing, f"{self.differing} events differ between deliveries"
        assert self.rows == self.deliveries, "a delivery is in the lake twice"
        assert self.rows == sum(self.written.values()), "the lines that receivers wrote are not the rows in the lake"
        assert not self.unread, f"{self.unread} lines of event files could not be read"
        torn = {found[1].decode() for piece in self.torn if (found := re.search(rb'"id": "(e\d+)"', piece))}
        assert torn & self.acknowledged <= set(self.downstream), "an acknowledged event is only in quarantine"

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.kills_under_load} of them while events came in; "
            f"{len(self.acknowledged):,} events acknowledged in {self.sent:,} attempts, "
            f"{len(self.torn)} incomplete lines in quarantine; "
            f"{self.files:,} event files ingested by {self.ingest_runs} runs between the kills and one after: "
            f"{self.rows:,} rows, {self.deliveries:,} deliveries, {len(self.downstream):,} events downstream; "
            f"{len(self.lost)} lost"
        )


def kill_loop(data: Path, *, kills: int, seed: int) -> Outcome:
    """Run it, and read every line of every event file at the end; an incomplete line raises."""
    outcome = asyncio.run(_run(data, kills=kills, rng=random.Random(seed)))
    assert left_open(data) == []
    last = _ingest(data)
    assert last.remaining == last.incomplete == 0 and not last.problems and event_files(data) == []
    outcome.files = len(ingested_files_of(data / "lake").index().digests)
    outcome.written = Counter(line["event"]["id"] for line in lines(data, "archive"))
    outcome.torn = [entry["body"] for entry in quarantined(data)]
    unread = (data / "lake" / "quarantine" / "webhook_events").glob("*.jsonl")
    outcome.unread = sum(len(path.read_text().splitlines()) for path in unread)
    _read_lake(data / "lake", outcome)
    return outcome


def _ingest(data: Path) -> IngestReport:
    ingestion = EventIngestion(
        inbox=inbox_of(data, settle_seconds=0),
        lake=Lake(data / "lake"),
        policy="hash",
        ingested_file_policy="move",
        run_id=f"run-{random.randbytes(8).hex()}",
    )
    return ingestion.run(max_bytes=2**62, progress=lambda _: None)


def _read_lake(lake: Path, outcome: Outcome) -> None:
    with duckdb.connect() as connection:
        connection.read_parquet(f"{lake}/events/**/*.parquet").create_view("events")

        def counted(query: str) -> list[tuple[str, int]]:
            return connection.sql(query).fetchall()

        ((outcome.rows, outcome.deliveries),) = connection.sql(
            "select count(*), count(distinct (dump_sha256, position)) from events"
        ).fetchall()
        # Stands for the dbt staging model, which has its own tests: one row per event id.
        once = "select distinct on (event_id) event_id from events"
        outcome.downstream = Counter(dict(counted(f"select event_id, count(*) from ({once}) group by all")))
        same = "count(distinct (type, created, object_type, object_id, object)) > 1"
        outcome.differing = len(counted(f"select event_id, 1 from events group by event_id having {same}"))


async def _run(data: Path, *, kills: int, rng: random.Random) -> Outcome:
    outcome = Outcome()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stop = asyncio.Event()
    options = ("--port", str(port), "--rotate-seconds", "0.3")
    senders = [asyncio.create_task(_send(port, number, outcome, stop)) for number in range(_SENDERS)]
    ingestion = asyncio.create_task(_ingest_repeatedly(data, outcome, stop, rng=random.Random(rng.random())))
    for number in range(kills):
        # Every other kill comes after the start, so that slow machines also see kills between write and answer. The
        # others can hit the start and the recovery.
        before, wait = len(outcome.acknowledged), number % 2 == 0
        receiver = await asyncio.to_thread(start, data, *options, wait=wait)
        await asyncio.sleep(rng.uniform(0.05, 1.0) if wait else rng.uniform(0.1, 1.6))
        receiver.process.kill()
        receiver.process.wait()
        outcome.kills += 1
        outcome.kills_under_load += len(outcome.acknowledged) > before
    receiver = await asyncio.to_thread(start, data, *options)
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.gather(*senders, ingestion)
    assert await asyncio.to_thread(receiver.stop) == 0
    return outcome


async def _ingest_repeatedly(data: Path, outcome: Outcome, stop: asyncio.Event, *, rng: random.Random) -> None:
    """One run at a time, with random pauses."""
    while not stop.is_set():
        report = await asyncio.to_thread(_ingest, data)
        assert not report.problems and not report.copies, report
        outcome.ingest_runs += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), rng.uniform(0.05, 1.0))


async def _send(port: int, number: int, outcome: Outcome, stop: asyncio.Event) -> None:
    """One sender: sends each of its events until it is acknowledged."""
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while not stop.is_set():
        event_id = f"e{number}"
        try:
            if streams is None:
                streams = await asyncio.open_connection("127.0.0.1", port)
            outcome.sent += 1
            streams[1].write(raw_post(_event(number)))
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
        number += _SENDERS
        await asyncio.sleep(_SENDERS / RATE)
    if streams is not None:
        streams[1].close()


def _event(number: int) -> bytes:
    order = {"type": "order", "public_id": f"o{number}", "merchant": "m1", "note": "x" * (number * 37 % 1500)}
    event = {"id": f"e{number}", "type": "order.create", "created": 1_700_000_000 + number, "data": {"object": order}}
    return json.dumps(event).encode()
