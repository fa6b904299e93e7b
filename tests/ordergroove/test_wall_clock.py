"""The store's wall clock, above all on the two days of the year on which it lies."""

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

# When clocks change in these zones; a random instant would hardly ever come near.
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
    shown = to_wall(instant, zone=NEW_YORK)
    assert shown == wall
    assert shown.tzinfo is None


def test_wall_time_is_cut_to_the_second_that_filters_understand() -> None:
    assert to_wall(datetime(2026, 7, 15, 16, 0, 0, 999_999, tzinfo=UTC), zone=NEW_YORK).microsecond == 0


def test_reaching_back_over_an_ordinary_day_is_plain_subtraction() -> None:
    end = datetime(2026, 7, 15, 14, tzinfo=NEW_YORK)
    assert reach_back(end, timedelta(hours=2), zone=NEW_YORK) == datetime(2026, 7, 15, 12)


def test_reaching_back_over_the_skipped_hour_takes_the_elapsed_time() -> None:
    end = datetime(2026, 3, 8, 3, 30, tzinfo=NEW_YORK)
    assert reach_back(end, timedelta(hours=2), zone=NEW_YORK) == datetime(2026, 3, 8, 0, 30)


def test_reaching_back_over_the_repeated_hour_takes_the_shown_time() -> None:
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
def test_windows_touch_even_without_an_overlap(instant: datetime, zone: ZoneInfo) -> None:
    assert reach_back(instant, timedelta(0), zone=zone) == to_wall(instant, zone=zone)
