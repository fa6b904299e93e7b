"""One row for each pull: what was asked for, what it cost and what it brought.

The manifest is how the lake knows which segments of an unfinished backfill are done, and what operations marts read.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.lake.errors import UnreadableError
from og_assets.lake.files import write_table

_INSTANT = pa.timestamp("us", tz="UTC")

# First and last window, beginning and end.
SegmentKey = tuple[str | None, str | None, datetime | None, datetime | None]

PULLS_SCHEMA = pa.schema(
    [
        pa.field("object", pa.string()),
        pa.field("first_window", pa.string()),
        pa.field("last_window", pa.string()),
        # The range that was asked for; a backfill walks it in several segments, each with a row of its own.
        pa.field("range_first_window", pa.string()),
        pa.field("range_last_window", pa.string()),
        pa.field("window_start", _INSTANT),
        pa.field("window_end", _INSTANT),
        pa.field("pulled_at", _INSTANT),
        pa.field("run_id", pa.string()),
        pa.field("pages", pa.int64()),
        pa.field("rows", pa.int64()),
        pa.field("quarantined", pa.int64()),
        pa.field("requests", pa.int64()),
        pa.field("retries", pa.int64()),
        pa.field("bytes", pa.int64()),
        pa.field("seconds", pa.float64()),
        pa.field("oldest_updated", pa.timestamp("us")),
        pa.field("newest_updated", pa.timestamp("us")),
        # JSON: how many rows had a field that the record model does not know.
        pa.field("unknown_fields", pa.string()),
        pa.field("source", pa.string()),
        pa.field("note", pa.string()),
        # By the server's own clock. Null in rows that were written before these columns were there.
        pa.field("first_look_at", _INSTANT),
        pa.field("last_answer_at", _INSTANT),
    ]
)


@dataclass(frozen=True, kw_only=True)
class PullRow:
    """One row of `lake/pulls/`. Windows are null for a snapshot, `window_start` for the very first window.

    `source` tells the store and the privacy policy apart; `note` says why a pull brought nothing on purpose.
    """

    object: str
    first_window: str | None
    last_window: str | None
    range_first_window: str | None
    range_last_window: str | None
    window_start: datetime | None
    window_end: datetime | None
    pulled_at: datetime
    run_id: str
    pages: int
    rows: int
    quarantined: int
    requests: int
    retries: int
    bytes: int
    seconds: float
    oldest_updated: datetime | None
    newest_updated: datetime | None
    unknown_fields: str
    source: str
    note: str | None = None
    first_look_at: datetime | None = None
    last_answer_at: datetime | None = None


def write_pull(row: PullRow, path: Path) -> None:
    """Record a pull. Written after its data, so that a recorded pull is always whole."""
    write_table(pa.Table.from_pylist([asdict(row)], schema=PULLS_SCHEMA), path)


def read_pulls(folder: Path) -> Iterator[PullRow]:
    """Yield the recorded pulls of one object, oldest first."""
    for path in sorted(folder.glob("*.parquet")):
        yield read_pull(path)


def read_pull(path: Path) -> PullRow:
    """Read one recorded pull. Raises `UnreadableError`."""
    try:
        (row,) = pq.read_table(path, schema=PULLS_SCHEMA).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError(
            f"{path} is not readable Parquet. Move it away and run again: what it tells of is asked for again."
        ) from error
    return PullRow(**row)


def finished_segments(folder: Path, *, range_first: str, range_last: str, source: str) -> dict[SegmentKey, PullRow]:
    """Return the segments of a range that an attempt which did not reach its end has finished already.

    A range whose last segment is recorded is finished: to ask for it again means to pull it again. A segment that
    brought nothing because the object was not available is asked for again: it may be by now. Bounds are part of what
    a segment is: with another hour or start date, the same windows mean other times.
    """
    done: dict[SegmentKey, PullRow] = {}
    for pull in read_pulls(folder):
        if (pull.range_first_window, pull.range_last_window, pull.source) != (range_first, range_last, source):
            continue
        if pull.last_window == range_last:
            done.clear()
        elif pull.note is None:
            done[(pull.first_window, pull.last_window, pull.window_start, pull.window_end)] = pull
    return done
