"""Rows and what was set aside, as two files that appear together or not at all (design D4).

Belongs here: opening, writing and publishing the pair. Does not belong here: what a row is (`landing.py`, `events.py`).
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
    """A context manager that publishes its files when the block ends well, and leaves nothing when it does not.

    Either file is made when something is first written to it.
    """

    def __init__(self, *, rows_file: Path, quarantine_file: Path, schema: pa.Schema) -> None:
        self._rows_file = rows_file
        self._quarantine_file = quarantine_file
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None
        self._quarantine: Any = None
        # Unwinds in reverse: what was set aside appears before the rows do, or neither does.
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
            except BaseException as own:
                self._files.__exit__(type(own), own, own.__traceback__)
                raise
        return self._files.__exit__(kind, error, traceback)

    @abstractmethod
    def _flush(self) -> None:
        """Write the rows that wait."""

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
