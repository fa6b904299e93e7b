"""Counts rows of raw Parquet files without reading them whole: by the footer, or by one column."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from og_assets.lake.errors import UnreadableError

# Start (None for no lower bound) and end, as naive wall times; the end is excluded.
Bounds = tuple[datetime | None, datetime]


def count_rows(folder: Path) -> int:
    """Return the rows of all Parquet files below a folder, from their footers. Raises `UnreadableError`."""
    return sum(_footer(path).num_rows for path in folder.rglob("*.parquet"))


def count_rows_by_bounds(file: Path, *, column: str, bounds: Mapping[str, Bounds]) -> dict[str, int]:
    """Count a file's rows by the bounds that a time column lies in. A missing file has no rows.

    Rows outside all bounds, and rows without a time, are in no count. Raises `UnreadableError`.
    """
    counts = dict.fromkeys(bounds, 0)
    if not file.exists():
        return counts
    try:
        with pq.ParquetFile(file) as parquet:
            # One row group at a time: memory must not grow with the file.
            for batch in parquet.iter_batches(columns=[column]):
                times = batch.column(0)
                for name, (start, end) in bounds.items():
                    inside = pc.less(times, pa.scalar(end, times.type))
                    if start is not None:
                        inside = pc.and_(inside, pc.greater_equal(times, pa.scalar(start, times.type)))
                    counts[name] += pc.sum(inside).as_py() or 0
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"{file} is not readable Parquet. Move it away and pull its windows again.") from error
    return counts


def _footer(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"{path} is not readable Parquet. Move it away and pull its windows again.") from error
