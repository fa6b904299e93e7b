"""Start and end of extraction windows, also on daylight-saving days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from og_assets.defs.partitions import make_raw_windows, windows_of
from og_assets.settings import Settings


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **{"og_data_dir": Path("data"), **changes})  # type: ignore[arg-type]


def test_key_is_the_day_on_which_the_window_starts() -> None:
    partitions = make_raw_windows(settings())
    window = partitions.time_window_for_partition_key("2026-07-01")
    assert window.start.isoformat() == "2026-07-01T14:00:00-04:00"
    assert window.end.isoformat() == "2026-07-02T14:00:00-04:00"


@pytest.mark.parametrize("hours", ["14", "4,14", "0", "0,6,12,18"])
@pytest.mark.parametrize("zone", ["America/New_York", "America/Chicago", "UTC", "Australia/Lord_Howe"])
def test_each_window_starts_at_the_end_of_the_one_before(hours: str, zone: str) -> None:
    partitions = make_raw_windows(
        settings(og_sync_hours=hours, ordergroove_timezone=zone, ordergroove_start_date=date(2024, 1, 1))
    )
    keys = partitions.get_partition_keys(current_time=datetime(2025, 12, 31, tzinfo=UTC))
    windows = windows_of(keys, partitions=partitions)
    assert len(windows) >= 728 * len(hours.split(","))
    for before, after in pairwise(windows):
        assert after.start == before.end
        assert before.end.hour in {int(hour) for hour in hours.split(",")}


def test_first_window_has_no_start() -> None:
    partitions = make_raw_windows(settings(ordergroove_start_date=date(2026, 1, 1)))
    first, second = windows_of(["2026-01-02", "2026-01-01"], partitions=partitions)
    assert (first.key, first.start) == ("2026-01-01", None)
    assert second.start is not None


def test_window_is_an_hour_longer_or_shorter_on_daylight_saving_days() -> None:
    partitions = make_raw_windows(settings())
    lengths = {
        key: partitions.time_window_for_partition_key(key).end.astimezone(UTC)
        - partitions.time_window_for_partition_key(key).start.astimezone(UTC)
        for key in ("2026-03-07", "2026-10-31", "2026-06-01")
    }
    assert lengths == {
        "2026-03-07": timedelta(hours=23),
        "2026-10-31": timedelta(hours=25),
        "2026-06-01": timedelta(hours=24),
    }


def test_key_never_means_two_windows() -> None:
    every = [
        set(make_raw_windows(settings(og_sync_hours=hours)).get_partition_keys())
        for hours in ("4", "14", "4,14", "4,10", "0,4,14")
    ]
    assert len(set().union(*every)) == sum(len(keys) for keys in every)


def test_several_windows_a_day_have_different_keys() -> None:
    partitions = make_raw_windows(settings(og_sync_hours="4,14", ordergroove_start_date=date(2026, 6, 1)))
    keys = partitions.get_partition_keys(current_time=datetime(2026, 6, 3, tzinfo=UTC))
    assert list(keys) == ["2026-06-01-04-of-4-14", "2026-06-01-14-of-4-14", "2026-06-02-04-of-4-14"]
