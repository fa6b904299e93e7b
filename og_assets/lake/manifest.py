"""One row for each pull: what was asked for, what it cost and what it brought.

The manifest is how the lake knows which segments of an unfinished backfill are done, and what operations marts read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, NaiveDatetime

from og_assets.lake.table import Table, schema_of

# First and last window, beginning and end.
SegmentKey = tuple[str | None, str | None, datetime | None, datetime | None]


@dataclass(frozen=True, kw_only=True)
class PullRow:
    """One row of `lake/pulls/`. Windows are null for a snapshot, `window_start` for the very first window.

    `source` tells the store and the privacy policy apart; `note` says why a pull brought nothing on purpose.
    """

    object: str
    first_window: str | None
    last_window: str | None
    # The range that was asked for; a backfill walks it in several segments, each with a row of its own.
    range_first_window: str | None
    range_last_window: str | None
    window_start: AwareDatetime | None
    window_end: AwareDatetime | None
    pulled_at: AwareDatetime
    run_id: str
    pages: int
    rows: int
    quarantined: int
    requests: int
    retries: int
    bytes: int
    seconds: float
    oldest_updated: NaiveDatetime | None
    newest_updated: NaiveDatetime | None
    # JSON: how many rows had a field that the record model does not know.
    unknown_fields: str
    source: str
    note: str | None = None
    # By the server's own clock. Null in rows that were written before these columns were there.
    first_look_at: AwareDatetime | None = None
    last_answer_at: AwareDatetime | None = None


PULLS = Table("pulls", schema_of(PullRow), repair="Move it away and run again: the pull that it records is repeated.")


def write_pull(row: PullRow, path: Path) -> None:
    """Record a pull. Written after its data, so that a recorded pull is always whole."""
    PULLS.write([row], path)


def read_pulls(folder: Path) -> Iterator[PullRow]:
    """Yield the recorded pulls of one object, oldest first."""
    for path in sorted(folder.glob("*.parquet")):
        yield read_pull(path)


def read_pull(path: Path) -> PullRow:
    """Read one recorded pull. Raises `UnreadableError`."""
    (row,) = PULLS.read(path).to_pylist()
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
