"""Write one segment of one object: pages in, one immutable Parquet file out (decisions 0013, 0015).

Belongs here: counting rows, adding origin columns, writing row groups. Does not belong here: validation and privacy
(`rows.py`), publishing the files atomically (`paired_files.py`).
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from og_assets.lake.paired_files import PairedFiles
from og_assets.lake.privacy import PiiPolicy
from og_assets.lake.rows import RejectedRow, RowReader, ValidRows
from og_assets.lake.schema import raw_schema
from og_assets.ordergroove.objects import ApiObject
from og_assets.ordergroove.wall_clock import to_wall

# Peak memory depends on this number, not on the number of rows.
ROWS_PER_GROUP = 10_000


@dataclass(kw_only=True)
class LandingCounts:
    """Running counts of a landing. Times are as the object gives them; `unknown_fields` counts rows by field name."""

    rows: int = 0
    quarantined: int = 0
    oldest_updated: datetime | None = None
    newest_updated: datetime | None = None
    unknown_fields: Counter[str] = field(default_factory=Counter)

    def columns(self, *, zone: ZoneInfo) -> dict[str, Any]:
        """Return the counts by the columns of a `Pull`. Instants (entitlements) become the store's wall clock."""
        oldest, newest = (
            to_wall(time, zone=zone) if time is not None and time.tzinfo is not None else time
            for time in (self.oldest_updated, self.newest_updated)
        )
        return {
            "rows": self.rows,
            "quarantined": self.quarantined,
            "oldest_updated": oldest,
            "newest_updated": newest,
            "unknown_fields": json.dumps(self.unknown_fields, sort_keys=True),
        }


class Landing(PairedFiles):
    """One segment. It writes no file if it gets no row; the manifest still records the pull."""

    def __init__(
        self,
        api_object: ApiObject,
        *,
        raw_file: Path,
        quarantine_file: Path,
        window: str,
        pulled_at: datetime,
        run_id: str,
        policy: PiiPolicy,
    ) -> None:
        super().__init__(rows_file=raw_file, quarantine_file=quarantine_file, schema=raw_schema(api_object.record))
        self.counts = LandingCounts()
        self._updated = api_object.updated
        self._origin = {"_window": window, "_pulled_at": pulled_at, "_run_id": run_id}
        self._reader = RowReader(api_object.record, policy=policy)
        self._waiting: list[pa.RecordBatch] = []

    def add(self, rows: list[Any], *, seen_at: datetime | None = None) -> None:
        """Add the rows of one page. `seen_at` is the server's clock; without it, the pull's start by ours is used."""
        valid, rejected = self._reader.read(rows)
        if rejected:
            self._quarantine_rows(rejected)
        if valid.records:
            self._count(valid)
            self._waiting.append(self._with_origin(valid, seen_at=seen_at))
        if sum(batch.num_rows for batch in self._waiting) >= ROWS_PER_GROUP:
            self._flush()

    def _with_origin(self, valid: ValidRows, *, seen_at: datetime | None) -> pa.RecordBatch:
        seen = {"_seen_at": seen_at or self._origin["_pulled_at"]}
        origin = {
            name: pa.repeat(pa.scalar(value, self._schema.field(name).type), len(valid.records))
            for name, value in (self._origin | seen).items()
        }
        return pa.record_batch(valid.columns | origin, schema=self._schema)

    def _flush(self) -> None:
        batches, self._waiting = self._waiting, []
        if batches:
            self._write_rows(pa.Table.from_batches(batches))

    def _count(self, valid: ValidRows) -> None:
        self.counts.rows += len(valid.records)
        for record in valid.records:
            if record.__pydantic_extra__:
                self.counts.unknown_fields.update(list(record.__pydantic_extra__))
        if self._updated is None:
            return
        times = [time for record in valid.records if (time := getattr(record, self._updated)) is not None]
        if times:
            oldest, newest = self.counts.oldest_updated, self.counts.newest_updated
            self.counts.oldest_updated = min(times) if oldest is None else min(oldest, *times)
            self.counts.newest_updated = max(times) if newest is None else max(newest, *times)

    def _quarantine_rows(self, rejected: list[RejectedRow]) -> None:
        self.counts.quarantined += len(rejected)
        for row in rejected:
            origin = self._origin | {"_pulled_at": self._origin["_pulled_at"].isoformat()}  # type: ignore[attr-defined]
            self._write_aside({"reason": row.reason, **origin, "record": row.record})
