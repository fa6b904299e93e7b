"""Define a table of the lake once: a row class gives the Parquet schema, and small immutable files hold the rows.

Belongs here: deriving a schema from a class's annotations, writing and reading one file. Does not belong here: which
tables there are (each package defines its own), raw objects (`schema.py`), large files (`paired_files.py`).

Example::

    @dataclass(frozen=True, kw_only=True)
    class Visit:
        page: str
        at: AwareDatetime            # or NaiveDatetime: a plain datetime does not say which, and is refused
        note: str | None = None
        is_new: bool = field(default=False, metadata=NOT_STORED)

    VISITS = Table("visits", schema_of(Visit), repair="Delete it: visits are not needed.")
    VISITS.write([Visit(...)], VISITS.path(root) / "1.parquet")
"""

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AwareDatetime, NaiveDatetime

from og_assets.lake.errors import UnreadableError
from og_assets.lake.files import write_table

INSTANT = pa.timestamp("us", tz="UTC")

# Metadata of a dataclass field that gets no column.
NOT_STORED: Mapping[str, bool] = types.MappingProxyType({"stored": False})

_ARROW: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    float: pa.float64(),
    Decimal: pa.decimal128(18, 4),
    date: pa.date32(),
    NaiveDatetime: pa.timestamp("us"),
    AwareDatetime: INSTANT,
}


@dataclass(frozen=True)
class Table:
    """A table: its folder below the lake's root, its schema, and what to do when one of its files is damaged."""

    folder: str
    schema: pa.Schema
    repair: str = "Move it away and run again."

    def path(self, root: Path) -> Path:
        """Return the table's folder in a lake."""
        return root / self.folder

    def write(self, rows: Iterable[Any], path: Path, **same: Any) -> None:
        """Write rows (instances of the row class) as one file. `same` are columns whose value all rows share."""
        names = [name for name in self.schema.names if name not in same]
        columns = [{name: getattr(row, name) for name in names} | same for row in rows]
        write_table(pa.Table.from_pylist(columns, schema=self.schema), path)

    def read(self, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one file. A column that an older file lacks is null.

        Raises `UnreadableError` where the file is damaged, and `FileNotFoundError` where it is gone.
        """
        try:
            return pq.read_table(path, schema=self.schema, columns=list(columns) if columns else None)
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UnreadableError(f"{path} is not readable Parquet. {self.repair}") from error


def schema_of(row: type, *, more: Sequence[pa.Field] = ()) -> pa.Schema:
    """Derive the schema from a row class (dataclass or NamedTuple), and add the columns `more` at its end."""
    marked = fields(row) if is_dataclass(row) else ()
    hidden = {field.name for field in marked if not field.metadata.get("stored", True)}
    hints = get_type_hints(row, include_extras=True)
    return pa.schema([*(pa.field(name, arrow_type(hints[name])) for name in hints if name not in hidden), *more])


def arrow_type(annotation: Any) -> pa.DataType:
    """Return the Parquet type of an annotation. Raises `TypeError` where it does not name exactly one."""
    leaves = set(_leaves(annotation))
    if len(leaves) != 1 or not leaves <= _ARROW.keys():
        raise TypeError(f"{annotation} has no Parquet type; use one of {', '.join(kind.__name__ for kind in _ARROW)}")
    return _ARROW[leaves.pop()]


def _leaves(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif origin is Literal:
        yield from map(type, get_args(annotation))
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _leaves(part)
    elif annotation is not type(None):
        yield annotation
