"""The filters of a window: their names, their formats, the overlap and the store's time zone."""

from datetime import date, datetime

import pytest

from .store_extraction import LAST_DAY, StoreExtraction, daily_windows


def test_first_window_has_no_start_and_the_next_one_overlaps(extraction: StoreExtraction) -> None:
    extraction.pull("orders", windows=daily_windows(date(2026, 6, 8), date(2026, 6, 8)))
    extraction.pull("orders", windows=daily_windows(LAST_DAY, LAST_DAY, is_first=False), og_overlap_hours=1.5)
    first, second = (query for query in extraction.queries() if "cursor" not in query)
    assert "updated_start" not in first
    assert first["updated_end"] == ["2026-06-09T14:00:00"]
    assert second["updated_start"] == ["2026-06-09T12:30:00"]
    assert second["updated_end"] == ["2026-06-10T14:00:00"]


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("items", ("order_updated_start", "2026-06-09T12:00:00"), ("order_updated_end", "2026-06-10T14:00:00")),
        ("billing_attempts", ("start_date", "2026-06-09 12:00:00"), ("end_date", "2026-06-10 14:00:00")),
        (
            "one_time_incentives",
            ("last_updated_start", "2026-06-09T12:00:00"),
            ("last_updated_end", "2026-06-10T14:00:00"),
        ),
    ],
)
def test_each_object_has_its_own_filter_names_and_formats(
    extraction: StoreExtraction, name: str, start: tuple[str, str], end: tuple[str, str]
) -> None:
    (pull,) = extraction.pull(name, windows=daily_windows(LAST_DAY, LAST_DAY, is_first=False))
    query = extraction.queries()[0]
    assert (query[start[0]], query[end[0]]) == ([start[1]], [end[1]])
    assert (pull.asked_from, pull.asked_to) == (datetime(2026, 6, 9, 12), datetime(2026, 6, 10, 14))


def test_filters_are_in_the_time_zone_of_the_store(extraction: StoreExtraction) -> None:
    extraction.pull(
        "orders", windows=daily_windows(LAST_DAY, LAST_DAY, is_first=False), ordergroove_timezone="America/Chicago"
    )
    assert extraction.queries()[0]["updated_end"] == ["2026-06-10T13:00:00"]
