"""The schedule fires at the end of each window, also on daylight-saving days, and is off by default."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("fires_at", "window"),
    [
        (datetime(2026, 3, 8, 14, tzinfo=ZONE), "2026-03-07"),
        (datetime(2026, 11, 1, 14, tzinfo=ZONE), "2026-10-31"),
        (datetime(2026, 6, 10, 14, tzinfo=ZONE), "2026-06-09"),
    ],
)
def test_tick_requests_the_window_that_has_just_ended(
    fires_at: datetime, window: str, location: dg.Definitions
) -> None:
    schedule = location.resolve_schedule_def("daily_sync_schedule")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=fires_at, repository_def=location.get_repository_def()
        )
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == window


def test_schedule_uses_the_stores_clock(location: dg.Definitions) -> None:
    schedule = location.resolve_schedule_def("daily_sync_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 14 * * *", "America/New_York")


def test_schedule_is_off_until_the_user_turns_it_on(location: dg.Definitions) -> None:
    schedule = location.resolve_schedule_def("daily_sync_schedule")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
