"""Derive the Parquet schema of each API object from its record model.

Belongs here: raw objects and their privacy markers. Does not belong here: other tables (`table.py`).
"""

import pyarrow as pa

from og_assets.lake.table import INSTANT, arrow_type
from og_assets.ordergroove.fields import Nested, Personal, Secret
from og_assets.ordergroove.records import Record

# Columns that every raw row has besides its object's fields.
ORIGIN_COLUMNS = (
    pa.field("_window", pa.string()),
    pa.field("_pulled_at", INSTANT),
    # Ordergroove's clock when the listing or call that returned the row started, so that it can be compared with the
    # times of webhook events. Null in rows that were written before this column existed.
    pa.field("_seen_at", INSTANT),
    pa.field("_run_id", pa.string()),
    pa.field("_extra", pa.string()),
)


def stored_fields(record: type[Record]) -> dict[str, pa.DataType]:
    """Return the fields of a record that may be written, with their Parquet types."""
    return {
        name: arrow_type(field.annotation)
        for name, field in record.model_fields.items()
        if not any(isinstance(marker, Secret) for marker in field.metadata)
    }


def raw_schema(record: type[Record]) -> pa.Schema:
    """Return the schema of `lake/raw/<object>/`: the object's fields, then the origin columns."""
    return pa.schema([*(pa.field(name, kind) for name, kind in stored_fields(record).items()), *ORIGIN_COLUMNS])


def personal_fields(record: type[Record]) -> dict[str, Personal]:
    """Return the fields of a record that identify a person."""
    return {
        name: marker
        for name, field in record.model_fields.items()
        for marker in field.metadata
        if isinstance(marker, Personal)
    }


def secret_fields(record: type[Record]) -> frozenset[str]:
    """Return the fields of a record that are never written."""
    return _marked(record, Secret)


def nested_fields(record: type[Record]) -> frozenset[str]:
    """Return the fields of a record that contain JSON with fields of its own."""
    return _marked(record, Nested)


def _marked(record: type[Record], kind: type) -> frozenset[str]:
    return frozenset(
        name
        for name, field in record.model_fields.items()
        if any(isinstance(marker, kind) for marker in field.metadata)
    )
