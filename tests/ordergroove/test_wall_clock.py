"""The store's wall clock, above all on the two days of the year when daylight saving changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from og_assets.ordergroove.wall_clock import reach_back, to_wall

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    ZoneInfo(name) for name in ("America/New_York", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC")
]

# When clocks change in these zones. A random instant would rarely be close to one.
CHANGES = [
    datetime(2026, month, day, hour, tzinfo=UTC)
    for month, day, hour in (
        (3, 8, 7),
        (3, 8, 8),
        (11, 1, 6),
        (11, 1, 7),
        (3, 29, 1),
        (10, 25, 1),
        (4, 4, 15),
        (10, 3, 15),
    )
]
instants = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-50 * 3600, 50 * 3600),
)


@pytest.mark.parametrize(
    ("instant", "wall"),
    [
        (datetime(2026, 1, 15, 17, tzinfo=UTC), datetime(2026, 1, 15, 12)),
        (datetime(2026, 7, 15, 16, tzinfo=UTC), datetime(2026, 7, 15, 12)),
        (datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC), datetime(2026, 3, 8, 1, 59, 59)),
        (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 8, 3)),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 1, 30)),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 1, 30)),
    ],
)
def test_instant_becomes_naive_wall_time_on_both_sides_of_daylight_saving(instant: datetime, wall: datetime) -> None:
    converted = to_wall(instant, zone=NEW_YORK)
    assert converted == wall
    assert converted.tzinfo is None


def test_wall_time_is_truncated_to_whole_seconds_as_filters_are() -> None:
    assert to_wall(datetime(2026, 7, 15, 16, 0, 0, 999_999, tzinfo=UTC), zone=NEW_YORK).microsecond == 0


def test_overlap_on_a_day_without_a_clock_change_is_subtracted() -> None:
    end = datetime(2026, 7, 15, 14, tzinfo=NEW_YORK)
    assert reach_back(end, timedelta(hours=2), zone=NEW_YORK) == datetime(2026, 7, 15, 12)


def test_overlap_across_the_skipped_hour_is_elapsed_time() -> None:
    end = datetime(2026, 3, 8, 3, 30, tzinfo=NEW_YORK)
    assert reach_back(end, timedelta(hours=2), zone=NEW_YORK) == datetime(2026, 3, 8, 0, 30)


def test_overlap_across_the_repeated_hour_is_wall_clock_time() -> None:
    end = datetime(2026, 11, 1, 3, tzinfo=NEW_YORK)
    assert reach_back(end, timedelta(hours=3), zone=NEW_YORK) == datetime(2026, 11, 1, 0)


@settings(deadline=None)
@given(
    instant=instants,
    overlap=st.integers(0, 48 * 3600).map(lambda seconds: timedelta(seconds=seconds)),
    share=st.floats(0, 1),
    zone=st.sampled_from(ZONES),
)
def test_no_change_within_the_overlap_is_missed(
    instant: datetime, overlap: timedelta, share: float, zone: ZoneInfo
) -> None:
    changed_at = instant - overlap * share
    assert to_wall(changed_at, zone=zone) >= reach_back(instant, overlap, zone=zone)


@settings(deadline=None)
@given(instant=instants, zone=st.sampled_from(ZONES))
def test_adjacent_windows_have_no_gap_without_an_overlap(instant: datetime, zone: ZoneInfo) -> None:
    assert reach_back(instant, timedelta(0), zone=zone) == to_wall(instant, zone=zone)
