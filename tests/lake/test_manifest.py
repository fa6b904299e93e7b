"""The manifest: one row per segment, and which segments of an interrupted backfill are already pulled."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from og_assets.lake.errors import NotWritableError, UnreadableError
from og_assets.lake.lake import Lake
from og_assets.lake.manifest import PULLS, Pull, read_pulls, write_pull
from og_assets.ordergroove.objects import BY_NAME

START = datetime(2026, 6, 1, 18, tzinfo=UTC)
ORDERS = BY_NAME["orders"]
SOURCE = "https://shop.example America/New_York pii=hash"

APRIL, MAY, JUNE = ("2026-04-10", "2026-04-30"), ("2026-05-01", "2026-05-31"), ("2026-06-01", "2026-06-05")


def pull(segment: tuple[str | None, str | None], number: int = 0) -> Pull:
    return Pull(
        object="orders",
        first_window=segment[0],
        last_window=segment[1],
        range_first_window=APRIL[0],
        range_last_window=JUNE[1],
        window_start=None,
        window_end=START,
        pulled_at=START + timedelta(minutes=number),
        run_id=f"run-{number}",
        pages=3,
        rows=250,
        quarantined=1,
        requests=4,
        retries=1,
        bytes=12345,
        seconds=1.5,
        oldest_updated=datetime(2026, 5, 1, 12),
        newest_updated=datetime(2026, 6, 1, 12),
        unknown_fields='{"gift_note": 2}',
        source=SOURCE,
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def record(lake: Lake, *pulls: Pull) -> None:
    for number, row in enumerate(pulls):
        lake.record(replace(row, pulled_at=START + timedelta(minutes=number)))


def finished(lake: Lake, *, first: str = APRIL[0], last: str = JUNE[1], source: str = SOURCE) -> set[object]:
    done = lake.finished_segments(ORDERS, range_first=first, range_last=last, source=source)
    return {(first_window, last_window) for first_window, last_window, _, _ in done}


def test_row_has_a_column_for_each_field() -> None:
    assert PULLS.schema.names == [field.name for field in fields(Pull) if field.metadata.get("stored", True)]


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [pull(APRIL), replace(pull((None, None)), window_end=None, newest_updated=None, note="skipped: no key")]
    for number, row in enumerate(rows):
        write_pull(row, tmp_path / f"{number}.parquet")
    assert [asdict(row) for row in read_pulls(tmp_path)] == [asdict(row) for row in rows]


def test_lake_without_pulls_has_no_finished_segments(lake: Lake) -> None:
    assert finished(lake) == set()


def test_segments_of_an_interrupted_attempt_are_finished(lake: Lake) -> None:
    record(lake, pull(APRIL), pull(MAY))
    assert finished(lake) == {APRIL, MAY}


def test_finished_range_has_no_finished_segments(lake: Lake) -> None:
    record(lake, pull(APRIL), pull(MAY), pull(JUNE))
    assert finished(lake) == set()


def test_interrupted_attempt_after_a_finished_one_is_resumed(lake: Lake) -> None:
    record(lake, pull(APRIL), pull(MAY), pull(JUNE), pull(APRIL))
    assert finished(lake) == {APRIL}


def test_attempts_are_ordered_by_pull_time_and_not_by_recording(lake: Lake) -> None:
    lake.record(pull(APRIL, number=9))
    lake.record(pull(JUNE, number=5))
    assert finished(lake) == {APRIL}


@pytest.mark.parametrize(
    "changed",
    [
        {"first": "2026-04-11"},
        {"last": "2026-06-06"},
        {"source": SOURCE.replace("hash", "keep")},
        {"source": SOURCE.replace("shop", "sandbox")},
        {"source": SOURCE.replace("New_York", "Chicago")},
    ],
    ids=str,
)
def test_other_range_store_zone_or_privacy_is_another_backfill(lake: Lake, changed: dict[str, str]) -> None:
    record(lake, pull(APRIL), pull(MAY))
    assert finished(lake, **changed) == set()


def test_finished_segment_is_identified_by_its_bounds_too(lake: Lake) -> None:
    record(lake, pull(APRIL))
    done = lake.finished_segments(ORDERS, range_first=APRIL[0], range_last=JUNE[1], source=SOURCE)
    assert done == {(*APRIL, None, START): replace(pull(APRIL), pulled_at=START)}


def test_damaged_file_is_named_with_what_to_do(lake: Lake) -> None:
    record(lake, pull(APRIL))
    (damaged,) = (lake.root / "pulls" / "orders").iterdir()
    damaged.write_bytes(b"PAR1 truncated")
    with pytest.raises(UnreadableError, match="Move it away and run again") as caught:
        finished(lake)
    assert str(damaged) in str(caught.value)


def test_segment_that_was_not_available_is_requested_again(lake: Lake) -> None:
    record(lake, replace(pull(APRIL), note="not available: answered 403"), pull(MAY))
    assert finished(lake) == {MAY}


def test_finished_segments_are_per_object(lake: Lake) -> None:
    record(lake, pull(APRIL), replace(pull(MAY), object="items"))
    assert finished(lake) == {APRIL}


def test_partial_manifest_file_is_not_read(lake: Lake) -> None:
    record(lake, pull(APRIL))
    folder = lake.root / "pulls" / "orders"
    (folder / ".20260601T180000.000000Z-run-9.parquet.part").write_bytes(b"half")
    assert len(list(read_pulls(folder))) == 1


def test_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError, match="OG_DATA_DIR"):
        Lake(tmp_path / "file" / "lake").record(pull(APRIL))
