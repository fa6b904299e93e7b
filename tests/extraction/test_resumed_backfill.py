"""A backfill that was interrupted continues after its last finished month."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from og_assets.extraction.pull import monthly_segments
from og_assets.lake.manifest import Pull
from og_assets.ordergroove import errors

from .store_extraction import FIRST_DAY, LAST_DAY, StoreExtraction, daily_windows, store_time_at_end


def test_windows_are_divided_by_month() -> None:
    windows = daily_windows(date(2025, 11, 29), date(2026, 1, 2))
    segments = monthly_segments(windows)
    assert [segment.label for segment in segments] == [
        "2025-11-29..2025-11-30",
        "2025-12-01..2025-12-31",
        "2026-01-01..2026-01-02",
    ]
    assert segments[0].start is None
    assert [before.end for before in segments[:-1]] == [after.start for after in segments[1:]]
    assert segments[-1].end == windows[-1].end
    assert {(segment.range_first, segment.range_last) for segment in segments} == {("2025-11-29", "2026-01-02")}
    assert [segment.label for segment in monthly_segments(windows[:1])] == ["2025-11-29"]


def interrupt_after_two_months(extraction: StoreExtraction) -> list[Pull]:
    pulls = extraction.start("orders")
    finished = [next(pulls), next(pulls)]
    extraction.server.faults.error_every = 1
    with pytest.raises(errors.UnavailableError):
        next(pulls)
    extraction.server.faults.clear()
    extraction.server.requests.clear()
    return finished


def test_finished_months_are_kept_and_not_requested_again(extraction: StoreExtraction) -> None:
    interrupt_after_two_months(extraction)
    kept = set(extraction.files())
    assert len(extraction.recorded_pulls("orders")) == 2
    pulls = extraction.pull("orders")
    assert [pull.first_window for pull in pulls][2:] == ["2026-05-01", "2026-06-01"] and len(pulls) == 4
    assert sum(pull.rows for pull in pulls) == len(extraction.ids("orders")), "counts cover the whole range"
    assert {query["updated_end"][0] for query in extraction.queries()} == {"2026-06-01T14:00:00", "2026-06-10T14:00:00"}
    assert kept < set(extraction.files())
    assert sorted(set(extraction.ids("orders"))) == extraction.true_ids("orders")
    assert "already in the lake" in extraction.messages[-4]


def test_quarantined_rows_of_finished_months_are_still_counted(extraction: StoreExtraction) -> None:
    orders = extraction.true_ids("orders")
    for order in orders:
        extraction.server.store.override("orders", order, {"total": "not money"})
    interrupt_after_two_months(extraction)
    extraction.server.store.overrides.clear()
    pulls = extraction.pull("orders")
    assert sum(pull.quarantined for pull in pulls) == pulls[0].quarantined + pulls[1].quarantined
    assert pulls[0].quarantined > 0 and pulls[1].quarantined > 0


def test_segment_with_other_bounds_is_pulled_again(extraction: StoreExtraction) -> None:
    first = next(extraction.start("orders", windows=daily_windows(FIRST_DAY, LAST_DAY, is_first=False)))
    assert first.asked_from is not None
    second = extraction.pull("orders", windows=daily_windows(FIRST_DAY, LAST_DAY, is_first=True))[0]
    assert second.asked_from is None and second.window_start is None
    assert not any("already in the lake" in line for line in extraction.messages)


def test_finished_months_are_reported_as_they_were_pulled(extraction: StoreExtraction) -> None:
    for order in extraction.true_ids("orders"):
        extraction.server.override("orders", order, {"gift_note": "blue"})
    before = interrupt_after_two_months(extraction)
    # Date the interrupted attempt two days back.
    folder = extraction.lake.root / "pulls" / "orders"
    old = [replace(pull, pulled_at=pull.pulled_at - timedelta(days=2)) for pull in extraction.recorded_pulls("orders")]
    for path in folder.iterdir():
        path.unlink()
    for pull in old:
        extraction.lake.record(pull)
    reported = extraction.pull("orders")[:2]
    assert reported == old
    for then, now in zip(before, reported, strict=True):
        assert now.rows_by_unknown_field["gift_note"] == then.rows > 0
        assert (now.asked_from, now.asked_to) == (then.asked_from, then.asked_to)
        assert now.store_time == store_time_at_end(now) != then.store_time


def test_finished_backfill_is_pulled_again_on_request(extraction: StoreExtraction) -> None:
    interrupt_after_two_months(extraction)
    extraction.pull("orders")
    assert len(extraction.pull("orders")) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"og_pii": "keep"},
        {"ordergroove_timezone": "America/Chicago"},
        {"windows": daily_windows(FIRST_DAY, LAST_DAY - timedelta(days=1))},
        {"windows": daily_windows(FIRST_DAY + timedelta(days=1), LAST_DAY)},
    ],
    ids=["privacy", "zone", "last day", "first day"],
)
def test_other_range_zone_or_privacy_pulls_every_month_again(
    extraction: StoreExtraction, changed: dict[str, Any]
) -> None:
    interrupt_after_two_months(extraction)
    assert len(extraction.pull("orders", **changed)) == 4
