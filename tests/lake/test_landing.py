"""A landed segment: its rows in order, their origin columns, its counts and its row groups."""

import json
from datetime import datetime

import pyarrow.parquet as pq

from og_assets.lake.landing import ROWS_PER_GROUP

from .lake_folder import LakeFolder, order


def test_every_row_has_its_window_pull_time_and_run(lake_folder: LakeFolder) -> None:
    lake_folder.land("orders", [order(1), order(2)], window="2026-06-01..2026-06-30")
    for row in lake_folder.rows("orders"):
        assert row["_window"] == "2026-06-01..2026-06-30"
        assert row["_pulled_at"].isoformat() == "2026-06-01T18:00:01+00:00"
        assert row["_run_id"] == "run-0001-of-several"
    (path,) = lake_folder.files()
    assert path.relative_to(lake_folder.root).as_posix() == (
        "raw/orders/window=2026-06-01..2026-06-30/20260601T180001.000000Z-run-0001.parquet"
    )


def test_rows_are_written_in_the_order_of_the_pages(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land("orders", [order(3), order(1)], [], [order(2)])
    assert [row["public_id"] for row in lake_folder.rows("orders")] == ["o3", "o1", "o2"]
    assert (counts.rows, counts.quarantined) == (3, 0)


def test_second_pull_adds_a_file_and_does_not_change_the_first(lake_folder: LakeFolder) -> None:
    lake_folder.land("orders", [order(1)])
    (first,) = lake_folder.files()
    before = (first.read_bytes(), first.stat().st_mtime_ns, first.stat().st_ino)
    lake_folder.land("orders", [order(1, total="10.00")])
    assert len(lake_folder.files()) == 2
    assert (first.read_bytes(), first.stat().st_mtime_ns, first.stat().st_ino) == before


def test_unknown_fields_are_kept_as_json_and_counted(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land("orders", [order(1, gift_note="Größe", n={"a": [1]}), order(2, gift_note=""), order(3)])
    extras = [row["_extra"] and json.loads(row["_extra"]) for row in lake_folder.rows("orders")]
    assert extras == [{"gift_note": "Größe", "n": {"a": [1]}}, {"gift_note": None}, None]
    assert counts.unknown_fields == {"gift_note": 2, "n": 1}


def test_both_rows_of_a_duplicate_id_are_written(lake_folder: LakeFolder) -> None:
    lake_folder.land("orders", [order(1, total="1.00"), order(1, total="2.00")])
    assert [str(row["total"]) for row in lake_folder.rows("orders")] == ["1.0000", "2.0000"]


def test_oldest_and_newest_update_are_counted(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land(
        "orders",
        [order(1, updated="2026-06-03 00:00:00"), order(2, updated=None)],
        [order(3, updated="2026-06-01 00:00:00"), order(4, updated="not a time")],
    )
    assert (counts.oldest_updated, counts.newest_updated) == (datetime(2026, 6, 1), datetime(2026, 6, 3))


def test_object_without_an_update_field_has_no_newest_update(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land(
        "product_groups", [{"name": "a", "group_type": "b", "updated": "2026-06-03 00:00:00", "": 1}]
    )
    assert (counts.rows, counts.newest_updated) == (1, None)


def test_segment_without_rows_writes_no_file(lake_folder: LakeFolder) -> None:
    counts = lake_folder.land("orders", [], [])
    assert counts.rows == 0
    assert lake_folder.files() == []


def test_landing_that_was_not_entered_writes_no_file(lake_folder: LakeFolder) -> None:
    lake_folder.landing("orders")
    assert lake_folder.files() == []


def test_rows_are_written_in_groups_of_bounded_size(lake_folder: LakeFolder) -> None:
    page = [order(number) for number in range(1000)]
    lake_folder.land("orders", *[page] * 25)
    (path,) = lake_folder.files()
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [
        ROWS_PER_GROUP,
        ROWS_PER_GROUP,
        5000,
    ]
    assert metadata.row_group(0).column(0).compression == "ZSTD"
