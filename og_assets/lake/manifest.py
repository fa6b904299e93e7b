"""The manifest: one row for each pull, with what was requested, what it cost and what it returned.

Belongs here: `Pull`, the one result type from the API page to this table, and reading it back. Does not belong here:
pulling (`extraction/`), or what the operations marts make of these rows (`dbt_project/`).
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, NaiveDatetime

from og_assets.lake.table import NOT_STORED, Table, schema_of
from og_assets.ordergroove.traffic import Traffic

# First and last window, start and end.
SegmentKey = tuple[str | None, str | None, datetime | None, datetime | None]


@dataclass(frozen=True, kw_only=True)
class Pull:
    """One completed listing of one object, as recorded in `lake/pulls/`.

    Windows are null for a snapshot and for a listing of open ids; `window_start` is null for the very first window.
    `source` identifies the store, its time zone and the privacy policy. `note` says why a pull returned nothing on
    purpose.
    """

    object: str
    first_window: str | None = None
    last_window: str | None = None
    # The range that was requested: a backfill pulls it in several segments, each with a row of its own.
    range_first_window: str | None = None
    range_last_window: str | None = None
    window_start: AwareDatetime | None = None
    window_end: AwareDatetime | None = None
    pulled_at: AwareDatetime
    run_id: str
    pages: int = 0
    rows: int = 0
    quarantined: int = 0
    requests: int = 0
    retries: int = 0
    bytes: int = 0
    seconds: float = 0.0
    # Store's wall clock.
    oldest_updated: NaiveDatetime | None = None
    newest_updated: NaiveDatetime | None = None
    # JSON: the number of rows by unknown field.
    unknown_fields: str = "{}"
    source: str
    note: str | None = None
    # Ordergroove's clock. Null in rows that were written before these columns existed.
    first_look_at: AwareDatetime | None = None
    last_answer_at: AwareDatetime | None = None

    # What checks compare the rows with, in the store's wall clock: the filter's bounds, and when the pull ended. The
    # settings give them, so the extractor sets them on a pull that it reads back as well.
    asked_from: NaiveDatetime | None = field(default=None, compare=False, metadata=NOT_STORED)
    asked_to: NaiveDatetime | None = field(default=None, compare=False, metadata=NOT_STORED)
    store_time: NaiveDatetime | None = field(default=None, compare=False, metadata=NOT_STORED)

    @property
    def segment(self) -> SegmentKey:
        """What identifies a segment: with another start date or sync hour, the same windows mean other times."""
        return self.first_window, self.last_window, self.window_start, self.window_end

    @property
    def rows_by_unknown_field(self) -> Counter[str]:
        """The number of rows that had each field that the record model does not know."""
        return Counter(json.loads(self.unknown_fields))


PULLS = Table("pulls", schema_of(Pull), repair="Move it away and run again: the pull that it records is repeated.")


def traffic_columns(traffic: Traffic) -> dict[str, Any]:
    """Return what a client counted, by the columns that record it."""
    columns = {field.name for field in fields(Pull)}
    return {field.name: getattr(traffic, field.name) for field in fields(Traffic) if field.name in columns}


def segment_label(first: str | None, last: str | None) -> str:
    """Name the windows of a segment, as in `window=<label>` (decision 3)."""
    return f"{first}" if first == last else f"{first}..{last}"


def write_pull(pull: Pull, path: Path) -> None:
    """Record a pull. Called after its data is published, so that a recorded pull is always complete."""
    PULLS.write([pull], path)


def read_pulls(folder: Path) -> Iterator[Pull]:
    """Yield the recorded pulls of one object, oldest first."""
    for path in sorted(folder.glob("*.parquet")):
        yield read_pull(path)


def read_pull(path: Path) -> Pull:
    """Read one recorded pull. Raises `UnreadableError`."""
    (columns,) = PULLS.read(path).to_pylist()
    return Pull(**columns)


def finished_segments(folder: Path, *, range_first: str, range_last: str, source: str) -> dict[SegmentKey, Pull]:
    """Return the segments of a range that an unfinished attempt has completed.

    A range whose last segment is recorded is finished: requesting it again means pulling it again. A segment with a
    note is pulled again, because the object may be available by now.
    """
    done: dict[SegmentKey, Pull] = {}
    for pull in read_pulls(folder):
        if (pull.range_first_window, pull.range_last_window, pull.source) != (range_first, range_last, source):
            continue
        if pull.last_window == range_last:
            done.clear()
        elif pull.note is None:
            done[pull.segment] = pull
    return done
