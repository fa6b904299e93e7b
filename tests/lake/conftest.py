"""A lake for each test, and how to land pages in it and look at what lies there."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from og_assets.lake.lake import Lake
from og_assets.lake.landing import Landing, LandingCounts
from og_assets.lake.privacy import PiiPolicy
from og_assets.ordergroove.objects import BY_NAME

START = datetime(2026, 6, 1, 18, tzinfo=UTC)


class Shore:
    """A lake, and the short way to use it."""

    def __init__(self, root: Path) -> None:
        self.lake = Lake(root)
        self._numbers = count(1)

    @property
    def root(self) -> Path:
        return self.lake.root

    def landing(self, name: str, *, policy: PiiPolicy = "hash", window: str = "2026-06-01") -> Landing:
        """Prepare one segment; each is a second later than the one before."""
        number = next(self._numbers)
        return self.lake.landing(
            BY_NAME[name],
            window=window,
            pulled_at=START + timedelta(seconds=number),
            run_id=f"run-{number:04}-and-what-follows",
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
        """Everything that lies there, hidden files too."""
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of all files of an object."""
        paths = sorted((self.root / "raw" / name).rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]

    def set_aside(self, name: str) -> list[dict[str, Any]]:
        """What lies in an object's quarantine."""
        paths = sorted((self.root / "quarantine" / name).glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]

    def text(self) -> str:
        """All that anybody could read there: names, bytes, cells."""
        parts = []
        for path in self.files():
            parts += [str(path), path.read_bytes().decode("latin-1"), path.read_bytes().decode("utf-8", "replace")]
            if path.suffix == ".parquet":
                parts.append(str(pq.read_table(path, partitioning=None).to_pylist()))
            if path.suffix == ".jsonl":
                parts += [str(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
        return "\n".join(parts)


@pytest.fixture
def make_shore() -> type[Shore]:
    return Shore


@pytest.fixture
def shore(tmp_path: Path) -> Shore:
    return Shore(tmp_path / "lake")
