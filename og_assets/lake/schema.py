"""The Parquet schema of each object, derived from its record model, so that the two cannot drift apart."""

import pyarrow as pa

from og_assets.lake.table import INSTANT, arrow_type
from og_assets.ordergroove.fields import Nested, Personal, Secret
from og_assets.ordergroove.records import Record

# Columns that every raw row carries besides its object's fields.
ORIGIN_COLUMNS = (
    pa.field("_window", pa.string()),
    pa.field("_pulled_at", INSTANT),
    # By Ordergroove's own clock: when the walk or call that showed the row was begun. Only so can it be compared with
    # what webhooks say of the same row. Rows that landed before this column was there are without it.
    pa.field("_seen_at", INSTANT),
    pa.field("_run_id", pa.string()),
    pa.field("_extra", pa.string()),
)


def fields_that_land(record: type[Record]) -> dict[str, pa.DataType]:
    """Return the fields of a record that may touch a disk, with their Parquet types."""
    return {
        name: arrow_type(field.annotation)
        for name, field in record.model_fields.items()
        if not any(isinstance(marker, Secret) for marker in field.metadata)
    }


def raw_schema(record: type[Record]) -> pa.Schema:
    """Return the schema of `lake/raw/<object>/`: the object's fields, then where each row came from."""
    return pa.schema([*(pa.field(name, kind) for name, kind in fields_that_land(record).items()), *ORIGIN_COLUMNS])


def personal_fields(record: type[Record]) -> dict[str, Personal]:
    """Return the fields of a record that identify a person."""
    return {
        name: marker
        for name, field in record.model_fields.items()
        for marker in field.metadata
        if isinstance(marker, Personal)
    }


def secret_fields(record: type[Record]) -> frozenset[str]:
    """Return the fields of a record that never land."""
    return _marked(record, Secret)


def nested_fields(record: type[Record]) -> frozenset[str]:
    """Return the fields of a record that hold JSON with fields of its own."""
    return _marked(record, Nested)


def _marked(record: type[Record], kind: type) -> frozenset[str]:
    return frozenset(
        name
        for name, field in record.model_fields.items()
        if any(isinstance(marker, kind) for marker in field.metadata)
    )
