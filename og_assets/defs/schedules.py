"""The schedule of the daily sync: it fires at the end of each window. Off until the user turns it on."""

import dagster as dg

from og_assets.defs.jobs import daily_sync

daily_sync_schedule = dg.build_schedule_from_partitioned_job(
    daily_sync,
    name="daily_sync_schedule",
    description="Runs daily_sync for the window that has just ended on the store's clock.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
