"""Quarantine of the receiver: signed bodies that are not JSON, and lines that a crash cut off.

Belongs here: one JSON line for each, below `lake/quarantine/webhook_deliveries/`. Does not belong here: the decision
to quarantine (app, recovery). All functions block; use them from one thread.

    {"received_at": …, "key": <fingerprint or null>, "reason": …, "body": <base64>}
"""

import os
from base64 import b64encode
from collections import OrderedDict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import orjson

from og_assets.receiver.journal import make_folder, sync_folder, write_all

_REMEMBERED = 4096


class Quarantine:
    """One file per day and process. Equal bodies are stored once: Ordergroove sends a delivery up to 60 times."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = uuid4().hex[:12]
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def add(self, body: bytes, *, reason: str, key: str | None, received_at: datetime | None = None) -> bool:
        """Store a body; it is on disk when this returns. False where it was stored before. Raises OSError."""
        digest = sha256(body).digest()
        if digest in self._seen:
            return False
        now = received_at or datetime.now(UTC)
        entry = {
            "received_at": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
            "key": key,
            "reason": reason,
            "body": b64encode(body).decode("ascii"),
        }
        self._write(orjson.dumps(entry) + b"\n", day=f"{now:%Y-%m-%d}")
        self._seen[digest] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _write(self, line: bytes, *, day: str) -> None:
        make_folder(self._folder)
        path = self._folder / f"{day}-{self._process}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            size = os.fstat(descriptor).st_size
            try:
                write_all(descriptor, line)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if not size:
            sync_folder(self._folder)
