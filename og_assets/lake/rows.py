"""Validate the rows of a page, protect personal data, and separate invalid rows (decision 0016)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from og_assets.lake.privacy import PiiPolicy, protectors, scrubbed
from og_assets.lake.schema import stored_fields
from og_assets.ordergroove.records import Record

# Every exception that an invalid row can raise on its way into columns; `ValidationError` is a `ValueError`.
_INVALID = (ValueError, ArithmeticError, RecursionError, pa.ArrowException)


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """A row that does not fit its record model: the reason, and the row with personal and secret values protected."""

    reason: str
    record: Any


@dataclass(frozen=True, kw_only=True)
class ValidRows:
    """The valid rows of a page, as records and as Parquet columns."""

    records: list[Record]
    columns: dict[str, pa.Array]


class _CellError(ValueError):
    """A value that its column cannot store."""


class RowReader:
    """Reads rows of one object. Holds no state between pages."""

    def __init__(self, record: type[Record], *, policy: PiiPolicy) -> None:
        self._rows: TypeAdapter[list[Record]] = TypeAdapter(list[record])  # type: ignore[valid-type]
        self._columns = stored_fields(record)
        self._protectors = protectors(record, policy=policy)
        self._policy = policy

    def read(self, rows: Sequence[Any]) -> tuple[ValidRows, list[RejectedRow]]:
        """Turn a page into columns. An invalid row is rejected by itself; the others are kept."""
        try:
            return self._columns_of(rows), []
        except _INVALID:
            pass
        valid, rejected = [], []
        for row in rows:
            try:
                self._columns_of([row])
            except _INVALID as error:
                rejected.append(self._reject(row, reason=_reason(error)))
            else:
                valid.append(row)
        return self._columns_of(valid), rejected

    def _columns_of(self, rows: Sequence[Any]) -> ValidRows:
        records = self._rows.validate_python(rows)
        values = [record.__dict__ for record in records]
        columns: dict[str, pa.Array] = {}
        for name, kind in self._columns.items():
            protect = self._protectors.get(name)
            cells = [row[name] for row in values]
            try:
                columns[name] = pa.array([protect(cell) for cell in cells] if protect else cells, type=kind)
            except _INVALID as error:
                # Arrow's own message would repeat the value, which may be personal.
                raise _CellError(f"{name}: cannot be stored as {kind} ({type(error).__name__})") from None
        columns["_extra"] = pa.array([self._extra(record) for record in records], type=pa.string())
        return ValidRows(records=records, columns=columns)

    def _extra(self, record: Record) -> str | None:
        """Return the fields that the record model does not know as JSON, or None."""
        unknown = record.__pydantic_extra__
        if not unknown:
            return None
        return json.dumps(scrubbed(unknown, policy=self._policy), ensure_ascii=False, allow_nan=False)

    def _reject(self, row: Any, *, reason: str) -> RejectedRow:
        try:
            return RejectedRow(reason=reason, record=scrubbed(row, policy=self._policy))
        except RecursionError:
            return RejectedRow(reason=f"{reason}; nested too deeply to be stored", record=None)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        # Without the input, which may be personal.
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'record'}: {problem['msg']}"
            for problem in problems
        )
    return str(error) if isinstance(error, _CellError) else f"record: cannot be stored ({type(error).__name__})"
