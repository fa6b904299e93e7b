"""From the rows of a page to what may land: validated, protected, and apart from what does not fit (design D5)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from og_assets.lake.privacy import PiiPolicy, protectors, scrubbed
from og_assets.lake.schema import fields_that_land
from og_assets.ordergroove.records import Record

# All that a broken row can raise on its way into columns; a `ValidationError` is a `ValueError`.
_BROKEN = (ValueError, ArithmeticError, RecursionError, pa.ArrowException)


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """A row that does not fit its record: why, and what it was, without anything that may not land."""

    reason: str
    record: Any


@dataclass(frozen=True, kw_only=True)
class ValidRows:
    """The rows of a page that fit, as records and as the columns that they land in."""

    records: list[Record]
    columns: dict[str, pa.Array]


class _CellError(ValueError):
    """A value that its column cannot hold."""


class RowReader:
    """Reads rows of one object. Holds no state between pages."""

    def __init__(self, record: type[Record], *, policy: PiiPolicy) -> None:
        self._rows: TypeAdapter[list[Record]] = TypeAdapter(list[record])  # type: ignore[valid-type]
        self._columns = fields_that_land(record)
        self._protectors = protectors(record, policy=policy)
        self._policy = policy

    def read(self, rows: Sequence[Any]) -> tuple[ValidRows, list[RejectedRow]]:
        """Turn a page into columns. One broken row costs that row, not its page."""
        try:
            return self._fit(rows), []
        except _BROKEN:
            pass
        fitting, rejected = [], []
        for row in rows:
            try:
                self._fit([row])
            except _BROKEN as error:
                rejected.append(self._reject(row, reason=_reason(error)))
            else:
                fitting.append(row)
        return self._fit(fitting), rejected

    def _fit(self, rows: Sequence[Any]) -> ValidRows:
        records = self._rows.validate_python(rows)
        values = [record.__dict__ for record in records]
        columns: dict[str, pa.Array] = {}
        for name, kind in self._columns.items():
            protect = self._protectors.get(name)
            cells = [row[name] for row in values]
            try:
                columns[name] = pa.array([protect(cell) for cell in cells] if protect else cells, type=kind)
            except _BROKEN as error:
                # In our words: Arrow's own would repeat the value, which may be personal.
                raise _CellError(f"{name}: cannot be stored as {kind} ({type(error).__name__})") from None
        columns["_extra"] = pa.array([self._extra(record) for record in records], type=pa.string())
        return ValidRows(records=records, columns=columns)

    def _extra(self, record: Record) -> str | None:
        """Return the fields that we do not know as JSON, or None."""
        unknown = record.__pydantic_extra__
        if not unknown:
            return None
        return json.dumps(scrubbed(unknown, policy=self._policy), ensure_ascii=False, allow_nan=False)

    def _reject(self, row: Any, *, reason: str) -> RejectedRow:
        try:
            return RejectedRow(reason=reason, record=scrubbed(row, policy=self._policy))
        except RecursionError:
            return RejectedRow(reason=f"{reason}; nested too deeply to be kept", record=None)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        # The input is left out: it may be personal.
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'record'}: {problem['msg']}"
            for problem in problems
        )
    return str(error) if isinstance(error, _CellError) else f"record: cannot be stored ({type(error).__name__})"
