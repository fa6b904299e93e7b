"""A lake in a folder, and short methods to land pages and to read the files."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from og_assets.lake.lake import Lake
from og_assets.lake.landing import Landing, LandingCounts
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.objects import BY_NAME

START = datetime(2026, 6, 1, 18, tzinfo=UTC)


class LakeFolder:
    """A lake. Each segment is landed one second after the one before."""

    def __init__(self, root: Path) -> None:
        self.lake = Lake(root)
        self._numbers = count(1)

    @property
    def root(self) -> Path:
        return self.lake.root

    def landing(self, name: str, *, policy: PiiPolicy = "hash", window: str = "2026-06-01") -> Landing:
        """Prepare one segment."""
        number = next(self._numbers)
        return self.lake.landing(
            BY_NAME[name],
            window=window,
            pulled_at=START + timedelta(seconds=number),
            run_id=f"run-{number:04}-of-several",
            policy=policy,
        )

    def land(
        self, name: str, *pages: list[Any], policy: PiiPolicy = "hash", window: str = "2026-06-01"
    ) -> LandingCounts:
        """Land one segment."""
        with self.landing(name, policy=policy, window=window) as landing:
            for page in pages:
                landing.add(page)
        return landing.counts

    def files(self) -> list[Path]:
        """Return every file, hidden ones too."""
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of all files of an object."""
        paths = sorted((self.root / "raw" / name).rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]

    def quarantined(self, name: str) -> list[dict[str, Any]]:
        """Return the quarantined rows of an object."""
        paths = sorted((self.root / "quarantine" / name).glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]

    def text(self) -> str:
        """Return everything that can be read: file names, bytes and cells."""
        parts = []
        for path in self.files():
            parts += [str(path), path.read_bytes().decode("latin-1"), path.read_bytes().decode("utf-8", "replace")]
            if path.suffix == ".parquet":
                parts.append(str(pq.read_table(path, partitioning=None).to_pylist()))
            if path.suffix == ".jsonl":
                parts += [str(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
        return "\n".join(parts)


def order(number: int, **fields: Any) -> dict[str, Any]:
    return {"public_id": f"o{number}", "updated": "2026-06-01 12:00:00", "total": "9.50"} | fields
