"""When the steps of a sync run in one process."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from og_assets.cli.pull_times import pulls_are_short
from og_assets.lake.manifest import Pull, write_pull
from og_assets.ordergroove.objects import OBJECTS

LISTINGS = ("census_orders", "census_items")
NAMES = (*(api_object.name for api_object in OBJECTS), *LISTINGS)


def record(lake: Path, seconds: Mapping[str, float], *, file: str = "1.parquet") -> None:
    for name, duration in seconds.items():
        folder = lake / "pulls" / name
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime(2026, 11, 1, tzinfo=UTC)
        write_pull(Pull(object=name, pulled_at=now, run_id="run", source="store", seconds=duration), folder / file)


def test_newest_pulls_of_a_small_store_are_short(tmp_path: Path) -> None:
    record(tmp_path, dict.fromkeys(NAMES, 50.0))
    assert not pulls_are_short(tmp_path)
    record(tmp_path, dict.fromkeys(NAMES, 1.0), file="2.parquet")
    assert pulls_are_short(tmp_path)


def test_long_open_id_listing_is_not_short(tmp_path: Path) -> None:
    record(tmp_path, dict.fromkeys(NAMES, 1.0))
    record(tmp_path, {"census_items": 55.0}, file="2.parquet")
    assert not pulls_are_short(tmp_path)


def test_object_without_a_pull_is_not_short(tmp_path: Path) -> None:
    record(tmp_path, dict.fromkeys(NAMES[1:], 1.0))
    assert not pulls_are_short(tmp_path)
