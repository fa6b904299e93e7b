"""Write files atomically: under a hidden name, synced, then renamed (decision 0015).

Belongs here: one file. Does not belong here: a pair of files that is published together (`paired_files.py`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.lake.errors import translate_os_errors

# Does not end in .parquet, so no reader's glob finds it.
PARTIAL_SUFFIX = ".part"
COMPRESSION = "zstd"


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a hidden path to write to. Rename it to `path` if the block succeeds, remove it otherwise."""
    partial = path.with_name(f".{path.name}{PARTIAL_SUFFIX}")
    with translate_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            _sync(partial)
            partial.replace(path)
            _sync(path.parent)
        finally:
            partial.unlink(missing_ok=True)


def write_table(table: pa.Table, path: Path) -> None:
    """Write one small table as one file."""
    with atomic_path(path) as partial:
        pq.write_table(table, partial, compression=COMPRESSION)


def remove_partials(folder: Path, *, apart_from: str | None = None) -> None:
    """Remove the partial files of a killed process. Safe only while no other process writes there.

    The sub-folder named `apart_from` is skipped: it has a writer of its own.
    """
    with translate_os_errors(folder):
        for partial in folder.rglob(f".*{PARTIAL_SUFFIX}"):
            if apart_from is None or partial.relative_to(folder).parts[0] != apart_from:
                partial.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
