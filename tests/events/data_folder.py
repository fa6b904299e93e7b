"""A data folder with an inbox and a lake, and webhook events to put into it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion, IngestReport
from og_assets.lake.lake import Lake

NO_LIMIT = 2**62


def event(number: int, **fields: Any) -> dict[str, Any]:
    row = {"type": "order", "public_id": f"o{number}", "merchant": "m1", **fields}
    return {"id": f"e{number}", "type": "order.delete", "created": 1_700_000_000 + number, "data": {"object": row}}


def enveloped(number: int, **fields: Any) -> dict[str, Any]:
    received = datetime.fromtimestamp(1_700_000_060 + number, UTC).isoformat()
    return {"received_at": received, "key": "0123456789ab", "event": event(number, **fields)}


class DataFolder:
    """Files count as complete at once, unless a test sets another inbox."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inbox = inbox_of(path, settle_seconds=0)
        self.lake = Lake(path / "lake")

    def put(self, name: str, *values: Any, raw: bytes | None = None) -> Path:
        """Write an event file into the inbox."""
        path = self.inbox.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(json.dumps(value).encode() + b"\n" for value in values) if raw is None else raw)
        return path

    def ingest(self, *, max_bytes: int = NO_LIMIT, **changes: Any) -> IngestReport:
        settings: dict[str, Any] = {
            "policy": "hash",
            "ingested_file_policy": "move",
            "run_id": "run-0001-and-more",
            **changes,
        }
        ingestion = EventIngestion(inbox=self.inbox, lake=self.lake, **settings)
        return ingestion.run(max_bytes=max_bytes, progress=lambda _: None)

    def rows(self) -> list[dict[str, Any]]:
        """Every row of `lake/events/`."""
        files = sorted((self.lake.root / "events").rglob("*.parquet"))
        return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]

    def event_ids(self) -> list[str]:
        return sorted(row["event_id"] for row in self.rows())

    def quarantined(self) -> list[dict[str, Any]]:
        files = sorted((self.lake.root / "quarantine" / "webhook_events").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def in_inbox(self) -> list[str]:
        return sorted(path.name for path in self.inbox.folder.rglob("*") if path.is_file())

    def in_archive(self) -> list[str]:
        return sorted(path.name for path in self.inbox.archive.rglob("*") if path.is_file())
