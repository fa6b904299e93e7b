"""The schedule: fires at the end of each window, also on the two odd days of the year, and only when told to."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from og_assets.definitions import defs

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("fires_at", "window"),
    [
        (datetime(2026, 3, 8, 14, tzinfo=ZONE), "2026-03-07"),
        (datetime(2026, 11, 1, 14, tzinfo=ZONE), "2026-10-31"),
        (datetime(2026, 6, 10, 14, tzinfo=ZONE), "2026-06-09"),
    ],
)
def test_tick_asks_for_the_window_that_has_just_ended(fires_at: datetime, window: str) -> None:
    schedule = defs().resolve_schedule_def("daily_sync_schedule")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=fires_at, repository_def=defs().get_repository_def()
        )
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == window


def test_schedule_follows_the_stores_clock() -> None:
    schedule = defs().resolve_schedule_def("daily_sync_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 14 * * *", "America/New_York")


def test_schedule_is_off_until_the_user_turns_it_on() -> None:
    assert defs().resolve_schedule_def("daily_sync_schedule").default_status == dg.DefaultScheduleStatus.STOPPED
