"""The Parquet schema of each object, derived from its record model, so that the two cannot drift apart."""

import types
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa
from pydantic import AwareDatetime, NaiveDatetime

from og_assets.ordergroove.fields import Nested, Personal, Secret
from og_assets.ordergroove.records import Record

# Columns that every raw row carries besides its object's fields.
ORIGIN_COLUMNS = (
    pa.field("_window", pa.string()),
    pa.field("_pulled_at", pa.timestamp("us", tz="UTC")),
    # By Ordergroove's own clock: when the walk or call that showed the row was begun. Only so can it be compared with
    # what webhooks say of the same row. Rows that landed before this column was there are without it.
    pa.field("_seen_at", pa.timestamp("us", tz="UTC")),
    pa.field("_run_id", pa.string()),
    pa.field("_extra", pa.string()),
)

_ARROW: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    float: pa.float64(),
    Decimal: pa.decimal128(18, 4),
    date: pa.date32(),
    NaiveDatetime: pa.timestamp("us"),
    AwareDatetime: pa.timestamp("us", tz="UTC"),
}


def fields_that_land(record: type[Record]) -> dict[str, pa.DataType]:
    """Return the fields of a record that may touch a disk, with their Parquet types."""
    return {
        name: _arrow_type(field.annotation)
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


def _arrow_type(annotation: Any) -> pa.DataType:
    (kind,) = set(_leaves(annotation))
    return _ARROW[kind]


def _leaves(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _leaves(part)
    elif annotation is not type(None):
        yield annotation
