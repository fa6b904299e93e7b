"""The folders and schema files of the lake, damaged files, and leftovers of killed landings."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.events.land import EVENTS
from og_assets.lake.errors import NotWritableError
from og_assets.lake.lake import SCHEMA_FILE
from og_assets.lake.manifest import PULLS
from og_assets.lake.schema import raw_schema
from og_assets.ordergroove.objects import BY_NAME, OBJECTS

from .lake_folder import LakeFolder


def test_prepared_lake_has_an_empty_file_with_the_schema_of_each_object(lake_folder: LakeFolder) -> None:
    lake_folder.lake.prepare(EVENTS, DELETION_CHECKS)
    assert len(lake_folder.files()) == len(OBJECTS) + len({"pulls", "events", "deletion_checks"})
    assert pq.read_table(lake_folder.root / "pulls" / SCHEMA_FILE).schema.equals(PULLS.schema)
    assert pq.read_table(lake_folder.root / "events" / SCHEMA_FILE).schema.equals(EVENTS.schema)
    checks = pq.read_table(lake_folder.root / "raw" / "deletion_checks" / SCHEMA_FILE)
    assert checks.schema.equals(DELETION_CHECKS.schema)
    for api_object in OBJECTS:
        table = pq.read_table(lake_folder.root / "raw" / api_object.name / SCHEMA_FILE)
        assert table.num_rows == 0
        assert table.schema.equals(raw_schema(api_object.record))


def test_preparing_twice_changes_nothing(lake_folder: LakeFolder) -> None:
    lake_folder.lake.prepare(EVENTS, DELETION_CHECKS)
    before = {path: path.stat().st_mtime_ns for path in lake_folder.files()}
    lake_folder.lake.prepare(EVENTS, DELETION_CHECKS)
    assert {path: path.stat().st_mtime_ns for path in lake_folder.files()} == before


@pytest.mark.parametrize("state", ["other schema", "damaged", "empty"])
def test_outdated_or_damaged_schema_file_is_replaced(lake_folder: LakeFolder, state: str) -> None:
    path = lake_folder.root / "raw" / "orders" / SCHEMA_FILE
    path.parent.mkdir(parents=True)
    if state == "other schema":
        pq.write_table(pa.table({"public_id": pa.array([], pa.string())}), path)
    else:
        path.write_bytes(b"PAR1 truncated" if state == "damaged" else b"")
    lake_folder.lake.prepare(EVENTS, DELETION_CHECKS)
    assert pq.read_schema(path).equals(raw_schema(BY_NAME["orders"].record))


@pytest.mark.parametrize("name", BY_NAME)
def test_warehouse_reads_schema_file_and_pulls_together(lake_folder: LakeFolder, name: str) -> None:
    api_object = BY_NAME[name]
    lake_folder.lake.prepare(EVENTS, DELETION_CHECKS)
    pattern = f"{lake_folder.lake.raw_folder(api_object)}/**/*.parquet"
    with duckdb.connect() as connection:
        count = "select count(*) from read_parquet(?, union_by_name = true)"
        assert connection.execute(count, [pattern]).fetchall() == [(0,)]
        lake_folder.land(name, [dict.fromkeys(api_object.key, "id")], window="2026-06-01..2026-06-30")
        assert connection.execute(count, [pattern]).fetchall() == [(1,)]


def test_unreadable_files_are_listed_and_complete_ones_are_not(lake_folder: LakeFolder) -> None:
    lake_folder.lake.prepare(EVENTS, DELETION_CHECKS)
    lake_folder.land("orders", [{"public_id": "o"}])
    assert lake_folder.lake.unreadable_files() == []
    (complete,) = (lake_folder.root / "raw" / "orders" / "window=2026-06-01").iterdir()
    truncated, empty = complete.with_name("truncated.parquet"), complete.with_name("empty.parquet")
    truncated.write_bytes(complete.read_bytes()[:-20])
    empty.touch()
    assert lake_folder.lake.unreadable_files() == [empty, truncated]


def test_missing_lake_has_no_unreadable_files(lake_folder: LakeFolder) -> None:
    assert lake_folder.lake.unreadable_files() == []


def test_leftover_that_cannot_be_removed_is_reported(lake_folder: LakeFolder) -> None:
    (lake_folder.root / "raw" / "orders" / ".x.parquet.part").mkdir(parents=True)
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        lake_folder.land("orders", [])


def test_landing_removes_leftovers_of_its_own_object_only(lake_folder: LakeFolder) -> None:
    others = lake_folder.root / "raw" / "items" / "window=w" / ".x.parquet.part"
    own = lake_folder.root / "raw" / "orders" / "window=w" / ".x.parquet.part"
    quarantined = lake_folder.root / "quarantine" / "orders" / ".x.jsonl.part"
    for path in (others, own, quarantined):
        path.parent.mkdir(parents=True)
        path.touch()
    lake_folder.land("orders", [])
    assert lake_folder.files() == [others]
