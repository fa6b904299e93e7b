"""The lake's layout: the paths of raw files, quarantine and manifest under `OG_DATA_DIR/lake`.

Belongs here: opening a landing, recording pulls, empty schema files, finding damaged files. Does not belong here: the
tables of webhook events (`events/store.py`) and of deletions (`deletions/`).
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.lake.files import remove_partials, write_table
from og_assets.lake.landing import Landing
from og_assets.lake.manifest import PULLS, Pull, SegmentKey, finished_segments, read_pulls, segment_label, write_pull
from og_assets.lake.privacy import PiiPolicy
from og_assets.lake.schema import raw_schema
from og_assets.lake.table import Table
from og_assets.ordergroove.objects import OBJECTS, ApiObject

SCHEMA_FILE = "_schema.parquet"
SNAPSHOT = "snapshot"
# The `window=` of rows that were retrieved one by one.
RETRIEVED = "retrieved"


@dataclass(frozen=True)
class Lake:
    """Raw data under one root. Cheap to create: opens no file."""

    root: Path

    def prepare(self, *others: Table) -> None:
        """Give every raw object, the manifest and `others` an empty file with its schema, so that every model builds.

        `others` are the tables of packages that this one does not know.
        """
        for table in (PULLS, *others):
            _ensure_schema_file(table.path(self.root) / SCHEMA_FILE, table.schema)
        for api_object in OBJECTS:
            _ensure_schema_file(self.raw_folder(api_object) / SCHEMA_FILE, raw_schema(api_object.record))

    def raw_folder(self, api_object: ApiObject) -> Path:
        """Return the folder of an object's Parquet files."""
        return self.root / "raw" / api_object.name

    def landing(
        self, api_object: ApiObject, *, window: str, pulled_at: datetime, run_id: str, policy: PiiPolicy
    ) -> Landing:
        """Open a landing for one segment. Removes the partial files of a killed predecessor."""
        stem = file_stem(pulled_at, run_id=run_id)
        quarantine = self.root / "quarantine" / api_object.name
        # Single rows are retrieved in a pool of their own, so a listing of the same object may be writing now.
        if window == RETRIEVED:
            quarantine /= RETRIEVED
            remove_partials(self.raw_folder(api_object) / f"window={RETRIEVED}")
            remove_partials(quarantine)
        else:
            remove_partials(self.raw_folder(api_object), apart_from=f"window={RETRIEVED}")
            remove_partials(quarantine, apart_from=RETRIEVED)
        return Landing(
            api_object,
            raw_file=self._raw_file(api_object, window=window, stem=stem),
            quarantine_file=quarantine / f"{window}-{stem}.jsonl",
            window=window,
            pulled_at=pulled_at,
            run_id=run_id,
            policy=policy,
        )

    def raw_file(self, api_object: ApiObject, pull: Pull) -> Path:
        """Return the raw file of a recorded pull. It does not exist if the pull returned no rows."""
        window = segment_label(pull.first_window, pull.last_window) if pull.first_window else SNAPSHOT
        return self._raw_file(api_object, window=window, stem=file_stem(pull.pulled_at, run_id=pull.run_id))

    def record(self, pull: Pull) -> None:
        """Write a pull into the manifest."""
        write_pull(pull, self._pulls(pull.object) / f"{file_stem(pull.pulled_at, run_id=pull.run_id)}.parquet")

    def finished_segments(
        self, api_object: ApiObject, *, range_first: str, range_last: str, source: str
    ) -> dict[SegmentKey, Pull]:
        """Return the segments that an unfinished attempt at exactly this range has completed."""
        return finished_segments(
            self._pulls(api_object.name), range_first=range_first, range_last=range_last, source=source
        )

    def has_answered(self, api_object: ApiObject) -> bool:
        """Return whether an object was ever available. Reads all its manifest rows: call it on errors only."""
        return any(pull.note is None for pull in read_pulls(self._pulls(api_object.name)))

    def unreadable_files(self) -> list[Path]:
        """Return the Parquet files whose footer cannot be read. Opens every file: call it on errors only."""
        return [path for path in sorted(self.root.rglob("*.parquet")) if not _is_readable(path)]

    def damage(self) -> str | None:
        """Say which files cannot be read and what to do; None if all can. Opens every file: call it on errors only."""
        damaged = ", ".join(str(path) for path in self.unreadable_files())
        if not damaged:
            return None
        return (
            f"These files in the lake are not readable Parquet: {damaged}. Move them away, materialize their windows "
            "again, then run build_marts. Analysts keep the tables of the last build that passed."
        )

    def _raw_file(self, api_object: ApiObject, *, window: str, stem: str) -> Path:
        return self.raw_folder(api_object) / f"window={window}" / f"{stem}.parquet"

    def _pulls(self, name: str) -> Path:
        return PULLS.path(self.root) / name


def file_stem(moment: datetime, *, run_id: str) -> str:
    """Return the file name, without suffix, for what a run writes at `moment`."""
    # Microseconds, because two segments of one run may start within a second.
    return f"{moment:%Y%m%dT%H%M%S.%fZ}-{run_id[:8]}"


def _ensure_schema_file(path: Path, schema: pa.Schema) -> None:
    if path.exists() and _is_readable(path) and pq.read_schema(path).equals(schema):
        return
    write_table(schema.empty_table(), path)


def _is_readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        return False
    return True
