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


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A row that does not fit its record: why, and what it was, without anything that may not land."""

    reason: str
    record: Any


class RowReader:
    """Reads rows of one object. Holds no state between pages."""

    def __init__(self, record: type[Record], *, policy: PiiPolicy) -> None:
        self._rows: TypeAdapter[list[Record]] = TypeAdapter(list[record])  # type: ignore[valid-type]
        self._columns = fields_that_land(record)
        self._protectors = protectors(record, policy=policy)
        self._policy = policy

    def read(self, rows: Sequence[Any]) -> tuple[list[Record], list[Rejected]]:
        """Validate a page. One broken row costs that row, not its page."""
        try:
            return self._rows.validate_python(rows), []
        except ValidationError as error:
            reasons: dict[int, list[str]] = {}
            # The input is left out of the reason: it may be personal.
            for problem in error.errors(include_input=False, include_url=False, include_context=False):
                index, *place = problem["loc"]
                where = ".".join(str(part) for part in place) or "record"
                reasons.setdefault(int(index), []).append(f"{where}: {problem['msg']}")
        fitting = [row for index, row in enumerate(rows) if index not in reasons]
        rejected = [
            Rejected(reason="; ".join(why), record=scrubbed(rows[index], policy=self._policy))
            for index, why in reasons.items()
        ]
        return self._rows.validate_python(fitting), rejected

    def columns(self, records: Sequence[Record]) -> dict[str, pa.Array]:
        """Turn records into Parquet columns, personal values protected."""
        values = [record.__dict__ for record in records]
        arrays: dict[str, pa.Array] = {}
        for name, kind in self._columns.items():
            protect = self._protectors.get(name)
            cells = [row[name] for row in values]
            arrays[name] = pa.array([protect(cell) for cell in cells] if protect else cells, type=kind)
        return arrays

    def extra(self, record: Record) -> str | None:
        """Return the fields that we do not know as JSON, or None."""
        unknown = record.__pydantic_extra__
        return json.dumps(scrubbed(unknown, policy=self._policy), ensure_ascii=False) if unknown else None
