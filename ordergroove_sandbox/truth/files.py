"""Write the truth tables as Parquet files.

The row classes give the column types, so that an empty table has its columns too.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    Decimal: pa.decimal128(18, 2),
    datetime: pa.timestamp("s"),
    date: pa.date32(),
}


def write_rows(rows: Iterable[tuple[Any, ...]], row: type[NamedTuple], path: Path) -> None:
    """Write rows of one class as one file."""
    schema = _schema(row)
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)


def _schema(row: type[NamedTuple]) -> pa.Schema:
    fields = []
    for name, hint in get_type_hints(row).items():
        kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
        fields.append(pa.field(name, _TYPES[kinds[0]], nullable=len(kinds) < len(get_args(hint))))
    return pa.schema(fields)
