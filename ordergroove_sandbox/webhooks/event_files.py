"""Events as files: one folder per day, JSON lines, in the format of the receiver.

Belongs here: the envelope of a line, atomic files. Does not belong here: the content of an event (`messages`).

A line is `{"received_at": <UTC, ISO>, "key": <fingerprint of the verification key>, "event": <the event as sent>}`. The
folder is the UTC day of `received_at`. No file contains the key itself.
"""

from collections import defaultdict
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

_MAX_LINES = 50_000


class EventFileFolder:
    """Collects events and writes them as `<folder>/<day>/events-<n>.jsonl`."""

    def __init__(self, folder: Path, *, zone: ZoneInfo, key: str) -> None:
        self._folder = folder
        self._zone = zone
        self._fingerprint = sha256(key.encode()).hexdigest()[:12]
        self._days: defaultdict[date, list[bytes]] = defaultdict(list)
        self.written = 0

    def add(self, body: bytes, *, received_at: datetime) -> None:
        """Add an event that was received at a wall-clock time of the store; `flush` writes it."""
        utc = received_at.replace(tzinfo=self._zone).astimezone(UTC)
        lines = self._days[utc.date()]
        head = orjson.dumps({"received_at": f"{utc:%Y-%m-%dT%H:%M:%SZ}", "key": self._fingerprint})
        lines.append(head[:-1] + b',"event":' + body + b"}\n")
        if len(lines) >= _MAX_LINES:
            self._write(utc.date())

    def flush(self, *, before: date | None = None) -> None:
        """Write all collected events, or only those before a day."""
        for day in sorted(self._days):
            if before is None or day < before:
                self._write(day)

    def _write(self, day: date) -> None:
        lines = self._days.pop(day)
        folder = self._folder / day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("events-*.jsonl"))) + 1
        hidden = folder / f".events-{number:04d}.tmp"
        hidden.write_bytes(b"".join(lines))
        hidden.rename(folder / f"events-{number:04d}.jsonl")
        self.written += len(lines)
