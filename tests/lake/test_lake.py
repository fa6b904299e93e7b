"""The lake's layout, as the warehouse and the doctor see it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.events.land import EVENTS
from og_assets.lake.errors import NotWritableError
from og_assets.lake.lake import SCHEMA_FILE, Lake
from og_assets.lake.manifest import PULLS
from og_assets.lake.schema import raw_schema
from og_assets.ordergroove.objects import BY_NAME, OBJECTS


class Shore(Protocol):
    root: Path
    lake: Lake
    land: Callable[..., Any]
    files: Callable[[], list[Path]]


def test_prepared_lake_has_an_empty_file_with_the_schema_of_each_object(shore: Shore) -> None:
    shore.lake.prepare(EVENTS, DELETION_CHECKS)
    assert len(shore.files()) == len(OBJECTS) + len({"pulls", "events", "deletion_checks"})
    assert pq.read_table(shore.root / "pulls" / SCHEMA_FILE).schema.equals(PULLS.schema)
    assert pq.read_table(shore.root / "events" / SCHEMA_FILE).schema.equals(EVENTS.schema)
    checks = pq.read_table(shore.root / "raw" / "deletion_checks" / SCHEMA_FILE)
    assert checks.schema.equals(DELETION_CHECKS.schema)
    for api_object in OBJECTS:
        table = pq.read_table(shore.root / "raw" / api_object.name / SCHEMA_FILE)
        assert table.num_rows == 0
        assert table.schema.equals(raw_schema(api_object.record))


def test_preparing_twice_changes_nothing(shore: Shore) -> None:
    shore.lake.prepare(EVENTS, DELETION_CHECKS)
    before = {path: path.stat().st_mtime_ns for path in shore.files()}
    shore.lake.prepare(EVENTS, DELETION_CHECKS)
    assert {path: path.stat().st_mtime_ns for path in shore.files()} == before


@pytest.mark.parametrize("old", ["another schema", "damaged", "empty"])
def test_schema_file_that_is_old_or_damaged_is_written_anew(shore: Shore, old: str) -> None:
    path = shore.root / "raw" / "orders" / SCHEMA_FILE
    path.parent.mkdir(parents=True)
    if old == "another schema":
        pq.write_table(pa.table({"public_id": pa.array([], pa.string())}), path)
    else:
        path.write_bytes(b"PAR1 or not" if old == "damaged" else b"")
    shore.lake.prepare(EVENTS, DELETION_CHECKS)
    assert pq.read_schema(path).equals(raw_schema(BY_NAME["orders"].record))


@pytest.mark.parametrize("name", BY_NAME)
def test_warehouse_reads_schema_file_and_pulls_together(shore: Shore, name: str) -> None:
    api_object = BY_NAME[name]
    shore.lake.prepare(EVENTS, DELETION_CHECKS)
    pattern = f"{shore.lake.raw_folder(api_object)}/**/*.parquet"
    with duckdb.connect() as connection:
        count = "select count(*) from read_parquet(?, union_by_name = true)"
        assert connection.execute(count, [pattern]).fetchall() == [(0,)]
        shore.land(name, [dict.fromkeys(api_object.key, "id")], window="2026-06-01..2026-06-30")
        assert connection.execute(count, [pattern]).fetchall() == [(1,)]


def test_damaged_files_are_found_and_whole_ones_are_not(shore: Shore) -> None:
    shore.lake.prepare(EVENTS, DELETION_CHECKS)
    shore.land("orders", [{"public_id": "o"}])
    assert shore.lake.unreadable_files() == []
    (whole,) = (shore.root / "raw" / "orders" / "window=2026-06-01").iterdir()
    cut, empty = whole.with_name("cut.parquet"), whole.with_name("empty.parquet")
    cut.write_bytes(whole.read_bytes()[:-20])
    empty.touch()
    assert shore.lake.unreadable_files() == [cut, empty]


def test_lake_that_is_not_there_yet_has_no_damaged_files(shore: Shore) -> None:
    assert shore.lake.unreadable_files() == []


def test_left_over_that_cannot_be_removed_is_told_in_words(shore: Shore) -> None:
    (shore.root / "raw" / "orders" / ".x.parquet.part").mkdir(parents=True)
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        shore.land("orders", [])


def test_landing_cleans_up_after_its_own_object_only(shore: Shore) -> None:
    others = shore.root / "raw" / "items" / "window=w" / ".x.parquet.part"
    own = shore.root / "raw" / "orders" / "window=w" / ".x.parquet.part"
    set_aside = shore.root / "quarantine" / "orders" / ".x.jsonl.part"
    for path in (others, own, set_aside):
        path.parent.mkdir(parents=True)
        path.touch()
    shore.land("orders", [])
    assert shore.files() == [others]
