"""Measure the speed and memory of the ingestion of a large event file.

The events are those of a sandbox store, in the receiver's envelope, each with its own id. Each ingestion runs in a new
process, so that memory and CPU time are its own.
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
REPETITIONS = 2


def measure() -> str:
    """Ingest a million events as JSON lines and as Firehose writes them; return a Markdown section."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bodies = _bodies()
        for format_name, separator, suffix in (
            ("JSON lines", b"\n", "jsonl"),
            ("JSON lines, zst", b"\n", "jsonl.zst"),
            ("no separator", b"", "json"),
        ):
            file = Path(folder) / f"events.{suffix}"
            _write(file, bodies, separator=separator)
            done = min((_in_process(file) for _ in range(REPETITIONS)), key=lambda one: float(one["seconds"]))
            cells = (
                format_name,
                f"{done['events']:,}",
                f"{file.stat().st_size / 1e6:,.0f} MB",
                f"{done['seconds']:.1f} s",
                f"{done['events'] / done['seconds']:,.0f}",
                f"{done['peak_mb']:.0f} MB",
            )
            rows.append(f"| {' | '.join(cells)} |")
            file.unlink()
    header = "| format | events | size | seconds | events/s | peak memory |\n|---|---|---|---|---|---|"
    return (
        f"## Ingestion of an event file into the lake\n\n{header}\n"
        + "\n".join(rows)
        + "\n\nWanted: at least 50,000 events/s from JSON lines, in memory that does not depend on the file size. "
        f"SHA-256, hashing of personal data and fsync included. Best of {REPETITIONS} repetitions.\n"
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


def _write(file: Path, bodies: list[bytes], *, separator: bytes) -> None:
    stream = pa.output_stream(str(file), compression="zstd" if file.suffix == ".zst" else None)
    with stream:
        for line in _lines(bodies):
            stream.write(line + separator)


def _lines(bodies: list[bytes]) -> Iterator[bytes]:
    head = b'{"received_at":"2026-11-22T14:00:00.123456Z","key":"0123456789ab","event":'
    for number in range(EVENTS):
        body = bodies[number % len(bodies)]
        # Every body begins with {"id":"<32 hex digits>".
        yield head + body[:7] + b"%032x" % number + body[39:] + b"}"


def _in_process(file: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "benchmarks.ingestion", str(file)], capture_output=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _ingest(file: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        data_dir = Path(folder)
        (data_dir / "inbox").mkdir()
        (data_dir / "inbox" / file.name).hardlink_to(file)
        ingestion = EventIngestion(
            inbox=inbox_of(data_dir, settle_seconds=0),
            lake=Lake(data_dir / "lake"),
            policy="hash",
            ingested_file_policy="delete",
            run_id=f"bench-{datetime.now(UTC):%H%M%S}",
        )
        clock = time.perf_counter()
        report = ingestion.run(max_bytes=2**62, progress=lambda _: None)
        seconds = time.perf_counter() - clock
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"events": report.landed.events, "seconds": seconds, "peak_mb": peak_mb}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_ingest(Path(sys.argv[1]))) if len(sys.argv) > 1 else measure())
