"""The tables of truth as Parquet files.

Belongs here: writing. The columns are typed by their classes (rows), so that an empty table has the right ones too.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from .tables import TABLES

if TYPE_CHECKING:
    from og_assets.sandbox.store import Store

_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    Decimal: pa.decimal128(18, 2),
    datetime: pa.timestamp("s"),
    date: pa.date32(),
}


def write_truth(store: "Store", folder: Path) -> None:
    """Write every table, all of one moment, as `<folder>/<table>.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in store.truth.tables().items():
        pq.write_table(pa.Table.from_pylist(rows, schema=_schema(TABLES[name][0])), folder / f"{name}.parquet")


def _schema(row: type[NamedTuple]) -> pa.Schema:
    fields = []
    for name, hint in get_type_hints(row).items():
        kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
        fields.append(pa.field(name, _TYPES[kinds[0]], nullable=len(kinds) < len(get_args(hint))))
    return pa.schema(fields)
