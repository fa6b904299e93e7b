"""Which dumps are in the lake: one row for each file that was taken in, in `lake/dumps/`.

A dump is known by its content. So a copy under another name, a late file and a very old one are all told right, and
nothing rests on a clock or on what a sensor remembers. Path, size and change time only spare reading what has not
changed since. Does not belong here: the events themselves (`events.py`).
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from og_assets.lake.errors import UnreadableError
from og_assets.lake.files import remove_partials, write_table

_INSTANT = pa.timestamp("us", tz="UTC")

INGESTED_FILES_SCHEMA = pa.schema(
    [
        pa.field("sha256", pa.string()),
        # The path below the inbox, where it was found.
        pa.field("dump", pa.string()),
        pa.field("bytes", pa.int64()),
        pa.field("changed_ns", pa.int64()),
        pa.field("events", pa.int64()),
        pa.field("quarantined", pa.int64()),
        # JSON: how many deliveries had a type that the documentation does not name.
        pa.field("unknown_types", pa.string()),
        # Whether its content had been taken in before, under this name or another.
        pa.field("is_copy", pa.bool_()),
        pa.field("taken_in_at", _INSTANT),
        pa.field("run_id", pa.string()),
    ]
)

# Each run adds a file; beyond this many they become one, so that a look at the ledger stays a look.
MOST_FILES = 50
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class IngestedFileRow:
    """One row of `lake/dumps/`."""

    sha256: str
    dump: str
    bytes: int
    changed_ns: int
    events: int
    quarantined: int
    unknown_types: str
    is_copy: bool
    taken_in_at: datetime
    run_id: str


@dataclass(frozen=True, kw_only=True)
class KnownFiles:
    """What the ledger says: contents, those of them with unreadable parts, and files by (name, bytes, change time)."""

    contents: frozenset[str]
    torn: frozenset[str]
    files: frozenset[tuple[str, int, int]]


@dataclass(frozen=True, kw_only=True)
class RecentAnomalies:
    """What was odd in the dumps of some time: pieces in quarantine, and deliveries of unknown types by type."""

    quarantined: int
    unknown_types: Counter[str]


@dataclass(frozen=True)
class IngestedFiles:
    """The rows under one folder. One writer at a time, any number of readers."""

    folder: Path

    def known(self) -> KnownFiles:
        """Read what was taken in."""
        rows = self._read(["sha256", "dump", "bytes", "changed_ns", "quarantined"])
        columns = rows.to_pydict()
        files = zip(columns["dump"], columns["bytes"], columns["changed_ns"], strict=True)
        torn = rows.filter(pc.greater(rows["quarantined"], 0))["sha256"].to_pylist()
        return KnownFiles(contents=frozenset(columns["sha256"]), torn=frozenset(torn), files=frozenset(files))

    def newest(self) -> datetime | None:
        """When a dump with events was last taken in."""
        rows = self._read(["events", "taken_in_at"])
        moment: datetime | None = pc.max(rows.filter(pc.greater(rows["events"], 0))["taken_in_at"]).as_py()
        return moment

    def recent_anomalies(self, *, since: datetime) -> RecentAnomalies:
        """Add up what was odd in the dumps that were taken in since then."""
        rows = self._read(["quarantined", "unknown_types", "taken_in_at"])
        rows = rows.filter(pc.greater_equal(rows["taken_in_at"], pa.scalar(since, _INSTANT)))
        unknown: Counter[str] = Counter()
        for counts in rows["unknown_types"].to_pylist():
            unknown.update(json.loads(counts))
        return RecentAnomalies(quarantined=sum(rows["quarantined"].to_pylist()), unknown_types=unknown)

    def add(self, rows: Iterable[IngestedFileRow], *, stem: str) -> None:
        """Record dumps whose events have landed. Removes what a killed predecessor left half-written."""
        remove_partials(self.folder)
        table = pa.Table.from_pylist([asdict(row) for row in rows], schema=INGESTED_FILES_SCHEMA)
        write_table(table, self.folder / f"{stem}.parquet")
        files = self._files()
        if len(files) > MOST_FILES:
            # Killed before the parts are gone, rows are there twice, until the next time that files become one.
            merged = self._read().group_by(INGESTED_FILES_SCHEMA.names).aggregate([]).cast(INGESTED_FILES_SCHEMA)
            write_table(merged, self.folder / f"{stem}-and-before.parquet")
            for file in files:
                file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))

    def _read(self, columns: list[str] | None = None) -> pa.Table:
        for _ in range(_TRIES):
            files = self._files()
            try:
                tables = [pq.read_table(file, schema=INGESTED_FILES_SCHEMA, columns=columns) for file in files]
            except FileNotFoundError:
                # The writer has just made one of many.
                continue
            except (pa.ArrowException, OSError) as error:
                raise UnreadableError(
                    f"A file in {self.folder} is not readable Parquet ({error}). Move it away: the dumps that it tells "
                    "of are taken in once more if they lie in the inbox, which changes nothing downstream."
                ) from error
            empty = INGESTED_FILES_SCHEMA.empty_table().select(columns or INGESTED_FILES_SCHEMA.names)
            return pa.concat_tables([empty, *tables])
        raise UnreadableError(f"{self.folder} is being changed by another program. Run again.")
