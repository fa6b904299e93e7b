"""A table of the lake is defined by its row class alone."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import AwareDatetime, NaiveDatetime

from og_assets.lake.errors import UnreadableError
from og_assets.lake.table import INSTANT, NOT_STORED, Table, arrow_type, schema_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Visit:
    page: str
    kind: Literal["first", "again"] | None
    at: AwareDatetime
    wall: NaiveDatetime | None = None
    price: Decimal | None = None
    is_new: bool = field(default=False, metadata=NOT_STORED)


VISITS = Table("visits", schema_of(Visit, more=[pa.field("_run_id", pa.string())]), repair="Delete it.")


def test_schema_follows_the_fields_of_the_row_class() -> None:
    assert VISITS.schema == pa.schema(
        [
            pa.field("page", pa.string()),
            pa.field("kind", pa.string()),
            pa.field("at", INSTANT),
            pa.field("wall", pa.timestamp("us")),
            pa.field("price", pa.decimal128(18, 4)),
            pa.field("_run_id", pa.string()),
        ]
    )


def test_named_tuple_defines_a_table_too() -> None:
    class Pair(NamedTuple):
        name: str
        number: int | None

    assert schema_of(Pair) == pa.schema([pa.field("name", pa.string()), pa.field("number", pa.int64())])


@pytest.mark.parametrize("annotation", [datetime, str | int, list[str], bytes], ids=str)
def test_annotation_without_one_parquet_type_is_refused(annotation: type) -> None:
    with pytest.raises(TypeError, match="has no Parquet type"):
        arrow_type(annotation)


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = VISITS.path(tmp_path) / "1.parquet"
    VISITS.write([Visit(page="home", kind="first", at=NOON, is_new=True)], path, _run_id="run")
    assert path.parent.name == "visits"
    expected = {"page": "home", "kind": "first", "at": NOON, "wall": None, "price": None, "_run_id": "run"}
    assert VISITS.read(path).to_pylist() == [expected]
    assert VISITS.read(path, ["page"]).to_pylist() == [{"page": "home"}]


def test_column_that_an_older_file_lacks_is_null(tmp_path: Path) -> None:
    pq.write_table(pa.table({"page": ["home"]}), tmp_path / "old.parquet")
    assert VISITS.read(tmp_path / "old.parquet").to_pylist()[0]["kind"] is None


def test_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "truncated.parquet").write_bytes(b"PAR1 truncated")
    with pytest.raises(UnreadableError, match=r"truncated.parquet is not readable Parquet. Delete it."):
        VISITS.read(tmp_path / "truncated.parquet")


def test_missing_file_is_not_reported_as_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VISITS.read(tmp_path / "missing.parquet")
