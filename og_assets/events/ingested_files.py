"""The processed-file log `lake/dumps/`: one row per event file that was ingested.

A file is identified by the SHA-256 of its content. Late files, old files and copies under another name are therefore
recognized without a clock or a sensor cursor. Name, size and change time only save reading files that did not change.
Does not belong here: the events themselves (`land.py`).
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime

from og_assets.lake.errors import UnreadableError
from og_assets.lake.files import remove_partials, write_table
from og_assets.lake.table import INSTANT, Table, schema_of

# Each run adds a small file. Beyond this number they are compacted into one, to keep reading the log fast.
MAX_LOG_FILES = 50
_READ_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class IngestedFileRow:
    """One row of `lake/dumps/`.

    `dump` is the path of the event file below the inbox. `unknown_types` is JSON: deliveries by each event type that
    Ordergroove does not document. `is_copy` is true if the same content was ingested before, under any name.
    `taken_in_at` is the time of ingestion.
    """

    sha256: str
    dump: str
    bytes: int
    changed_ns: int
    events: int
    quarantined: int
    unknown_types: str
    is_copy: bool
    taken_in_at: AwareDatetime
    run_id: str

    @property
    def identity(self) -> tuple[str, int, int]:
        """The same tuple as `EventFile.identity`."""
        return self.dump, self.bytes, self.changed_ns


INGESTED_FILES = Table(
    "dumps",
    schema_of(IngestedFileRow),
    repair="Move it away and run again. Event files that it recorded and that are still in the inbox are ingested "
    "again, without duplicates in the marts.",
)


@dataclass(frozen=True, kw_only=True)
class IngestedFileIndex:
    """Lookup sets of the log: digests, digests of files with unreadable pieces, and (name, size, change time)."""

    digests: frozenset[str]
    damaged_digests: frozenset[str]
    identities: frozenset[tuple[str, int, int]]


@dataclass(frozen=True, kw_only=True)
class RecentAnomalies:
    """Pieces in quarantine, and deliveries by undocumented event type, of the event files of some days."""

    quarantined: int
    unknown_types: Counter[str]


@dataclass(frozen=True)
class IngestedFiles:
    """The log in one folder. One writer at a time, any number of readers."""

    folder: Path

    def index(self) -> IngestedFileIndex:
        """Read the whole log."""
        rows = self._read(["sha256", "dump", "bytes", "changed_ns", "quarantined"])
        columns = rows.to_pydict()
        identities = zip(columns["dump"], columns["bytes"], columns["changed_ns"], strict=True)
        damaged = rows.filter(pc.greater(rows["quarantined"], 0))["sha256"].to_pylist()
        return IngestedFileIndex(
            digests=frozenset(columns["sha256"]),
            damaged_digests=frozenset(damaged),
            identities=frozenset(identities),
        )

    def last_event_ingested_at(self) -> datetime | None:
        """Return when a file that contained events was last ingested."""
        rows = self._read(["events", "taken_in_at"])
        moment: datetime | None = pc.max(rows.filter(pc.greater(rows["events"], 0))["taken_in_at"]).as_py()
        return moment

    def recent_anomalies(self, *, since: datetime) -> RecentAnomalies:
        """Add up quarantined pieces and undocumented event types of the files ingested since then."""
        rows = self._read(["quarantined", "unknown_types", "taken_in_at"])
        rows = rows.filter(pc.greater_equal(rows["taken_in_at"], pa.scalar(since, INSTANT)))
        unknown: Counter[str] = Counter()
        for counts in rows["unknown_types"].to_pylist():
            unknown.update(json.loads(counts))
        return RecentAnomalies(quarantined=sum(rows["quarantined"].to_pylist()), unknown_types=unknown)

    def add(self, rows: Iterable[IngestedFileRow], *, stem: str) -> None:
        """Record files whose events have landed. Removes partial files of a killed run."""
        remove_partials(self.folder)
        INGESTED_FILES.write(rows, self.folder / f"{stem}.parquet")
        files = self._files()
        if len(files) > MAX_LOG_FILES:
            # A crash before all old files are removed leaves duplicate rows; the next compaction removes them.
            schema = INGESTED_FILES.schema
            merged = self._read().group_by(schema.names).aggregate([]).cast(schema)
            write_table(merged, self.folder / f"{stem}-compacted.parquet")
            for file in files:
                file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))

    def _read(self, columns: list[str] | None = None) -> pa.Table:
        for _ in range(_READ_ATTEMPTS):
            try:
                tables = [INGESTED_FILES.read(file, columns) for file in self._files()]
            except FileNotFoundError:
                # The writer compacted the log after its files were listed.
                continue
            empty = INGESTED_FILES.schema.empty_table().select(columns or INGESTED_FILES.schema.names)
            return pa.concat_tables([empty, *tables])
        raise UnreadableError(f"Files in {self.folder} keep changing while they are read. Run again.")
