"""Publish a Parquet file of rows and a quarantine file together, or neither (decision 0015).

Belongs here: opening, writing and publishing the pair. Does not belong here: the contents of a row (`landing.py`,
`events/land.py`).
"""

import json
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.lake.files import COMPRESSION, atomic_path


class PairedFiles(ABC):
    """A context manager that publishes its files if the block succeeds, and leaves nothing otherwise.

    Each file is created when something is first written to it.
    """

    def __init__(self, *, rows_file: Path, quarantine_file: Path, schema: pa.Schema) -> None:
        self._rows_file = rows_file
        self._quarantine_file = quarantine_file
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None
        self._quarantine: Any = None
        # Unwinds in reverse order: the quarantine file is published before the rows, so a crash between the two loses
        # no record.
        self._files = ExitStack()
        self._rows_files = self._files.enter_context(ExitStack())
        self._quarantine_files = self._files.enter_context(ExitStack())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if error is None:
            try:
                self._flush()
            except BaseException as failure:
                self._files.__exit__(type(failure), failure, failure.__traceback__)
                raise
        return self._files.__exit__(kind, error, traceback)

    @abstractmethod
    def _flush(self) -> None:
        """Write the buffered rows."""

    def _write_rows(self, table: pa.Table) -> None:
        if self._writer is None:
            partial = self._rows_files.enter_context(atomic_path(self._rows_file))
            writer = pq.ParquetWriter(partial, self._schema, compression=COMPRESSION)
            self._writer = self._rows_files.enter_context(writer)
        self._writer.write_table(table)

    def _write_aside(self, line: dict[str, Any]) -> None:
        if self._quarantine is None:
            partial = self._quarantine_files.enter_context(atomic_path(self._quarantine_file))
            self._quarantine = self._quarantine_files.enter_context(partial.open("w", encoding="utf-8"))
        self._quarantine.write(json.dumps(line) + "\n")
