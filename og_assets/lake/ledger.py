"""Which dumps are in the lake: one row for each file that was taken in, in `lake/dumps/`.

A dump is known by its content. So a copy under another name, a late file and a very old one are all told right, and
nothing rests on a clock or on what a sensor remembers. Path, size and change time only spare reading what has not
changed since. Does not belong here: the events themselves (`events.py`).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.lake.errors import UnreadableError
from og_assets.lake.files import remove_partials, write_table

_INSTANT = pa.timestamp("us", tz="UTC")

DUMPS_SCHEMA = pa.schema(
    [
        pa.field("sha256", pa.string()),
        # The path below the inbox, where it was found.
        pa.field("dump", pa.string()),
        pa.field("bytes", pa.int64()),
        pa.field("changed_ns", pa.int64()),
        pa.field("events", pa.int64()),
        pa.field("quarantined", pa.int64()),
        # Whether its content had been taken in before, under this name or another.
        pa.field("is_copy", pa.bool_()),
        pa.field("taken_in_at", _INSTANT),
        pa.field("run_id", pa.string()),
    ]
)

# Each run adds a file; beyond this many they become one, so that a look at the ledger stays a look.
MOST_FILES = 50


@dataclass(frozen=True, kw_only=True)
class DumpRow:
    """One row of `lake/dumps/`."""

    sha256: str
    dump: str
    bytes: int
    changed_ns: int
    events: int
    quarantined: int
    is_copy: bool
    taken_in_at: datetime
    run_id: str


@dataclass(frozen=True)
class Known:
    """What the ledger says: contents, and files by (path below the inbox, bytes, change time)."""

    contents: frozenset[str]
    files: frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class Ledger:
    """The rows under one folder. One writer at a time, any number of readers."""

    folder: Path

    def known(self) -> Known:
        """Read what was taken in."""
        columns = self._read(["sha256", "dump", "bytes", "changed_ns"]).to_pydict()
        files = zip(columns["dump"], columns["bytes"], columns["changed_ns"], strict=True)
        return Known(frozenset(columns["sha256"]), frozenset(files))

    def add(self, rows: Iterable[DumpRow], *, stem: str) -> None:
        """Record dumps whose events have landed. Removes what a killed predecessor left half-written."""
        remove_partials(self.folder)
        table = pa.Table.from_pylist([asdict(row) for row in rows], schema=DUMPS_SCHEMA)
        write_table(table, self.folder / f"{stem}.parquet")
        files = self._files()
        if len(files) > MOST_FILES:
            # Killed before the parts are gone, rows are there twice, which a set does not mind.
            write_table(self._read(), self.folder / f"{stem}-and-before.parquet")
            for file in files:
                file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))

    def _read(self, columns: list[str] | None = None) -> pa.Table:
        for _ in range(3):
            files = self._files()
            try:
                tables = [pq.read_table(file, schema=DUMPS_SCHEMA, columns=columns) for file in files]
            except FileNotFoundError:
                # The writer has just made one of many.
                continue
            except (pa.ArrowException, OSError) as error:
                raise UnreadableError(
                    f"A file in {self.folder} is not readable Parquet ({error}). Move it away: the dumps that it tells "
                    "of are taken in once more if they lie in the inbox, which changes nothing downstream."
                ) from error
            return (
                pa.concat_tables(tables) if tables else DUMPS_SCHEMA.empty_table().select(columns or DUMPS_SCHEMA.names)
            )
        raise UnreadableError(f"{self.folder} is being changed by another program. Run again.")
