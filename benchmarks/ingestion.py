"""How fast a large dump of webhook events is taken into the lake, and in how much memory.

The events are a sandbox store's, in the receiver's envelope, each with an id of its own; the intake runs in a process
of its own, so that memory and processor time are its alone.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion
from og_assets.lake.lake import Lake
from ordergroove_sandbox import Store
from ordergroove_sandbox.webhooks import Webhooks

EVENTS = 1_000_000
CUSTOMERS = 1_000
TURNS = 2


def measure() -> str:
    """Take in a million events as JSON lines, and as Firehose writes them; returns a Markdown section."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bodies = _bodies()
        for shape, between, suffix in (
            ("JSON lines", b"\n", "jsonl"),
            ("JSON lines, zst", b"\n", "jsonl.zst"),
            ("one behind the other", b"", "json"),
        ):
            dump = Path(folder) / f"dump.{suffix}"
            _write(dump, bodies, between=between)
            done = min((_in_process(dump) for _ in range(TURNS)), key=lambda one: float(one["seconds"]))
            cells = (
                shape,
                f"{done['events']:,}",
                f"{dump.stat().st_size / 1e6:,.0f} MB",
                f"{done['seconds']:.1f} s",
                f"{done['events'] / done['seconds']:,.0f}",
                f"{done['peak_mb']:.0f} MB",
            )
            rows.append(f"| {' | '.join(cells)} |")
            dump.unlink()
    header = "| dump | events | size | seconds | events/s | peak memory |\n|---|---|---|---|---|---|"
    return (
        f"## EventIngestion: a dump of webhook events into the lake\n\n{header}\n"
        + "\n".join(rows)
        + "\n\nWanted: at least 50,000 events/s from JSON lines, in memory that does not follow the dump. Digest, "
        f"privacy and fsync included. Best of {TURNS} turns each.\n"
    )


def _bodies() -> list[bytes]:
    bodies: list[bytes] = []

    def keep(_url: str, body: bytes, _headers: dict[str, str]) -> int:
        bodies.append(body)
        return 204

    hooks = Webhooks(post=keep)
    hooks.add_target("https://receiver.example.com/hooks")
    Store(seed=7, customers=CUSTOMERS, days=365, webhooks=hooks)
    hooks.deliver()
    return bodies


def _write(dump: Path, bodies: list[bytes], *, between: bytes) -> None:
    stream = pa.output_stream(str(dump), compression="zstd" if dump.suffix == ".zst" else None)
    with stream:
        for line in _lines(bodies):
            stream.write(line + between)


def _lines(bodies: list[bytes]) -> Iterator[bytes]:
    head = b'{"received_at":"2026-11-22T14:00:00.123456Z","key":"0123456789ab","event":'
    for number in range(EVENTS):
        body = bodies[number % len(bodies)]
        # Every body begins with {"id":"<32 hex digits>".
        yield head + body[:7] + b"%032x" % number + body[39:] + b"}"


def _in_process(dump: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "benchmarks.ingestion", str(dump)], capture_output=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _take_in(dump: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=dump.parent) as folder:
        data_dir = Path(folder)
        (data_dir / "inbox").mkdir()
        (data_dir / "inbox" / dump.name).hardlink_to(dump)
        intake = EventIngestion(
            inbox=inbox_of(data_dir, settle_seconds=0),
            lake=Lake(data_dir / "lake"),
            policy="hash",
            ingested_file_policy="delete",
            run_id=f"bench-{datetime.now(UTC):%H%M%S}",
        )
        clock = time.perf_counter()
        report = intake.run(max_bytes=2**62, progress=lambda _: None)
        seconds = time.perf_counter() - clock
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"events": report.landed.events, "seconds": seconds, "peak_mb": peak_mb}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_take_in(Path(sys.argv[1]))) if len(sys.argv) > 1 else measure())
