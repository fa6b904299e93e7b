"""Partitions are extraction windows, not business dates (decision 12).

Key `2026-11-22` is the window from 2026-11-22 14:00 to 2026-11-23 14:00 on the store's clock. It ends when the day's
placement is over, and the next window begins at its end. So no watermark can be lost, and a missed day is a missing
partition in the UI. Concept: https://docs.dagster.io/guides/build/partitions-and-backfills
"""

from collections.abc import Sequence

import dagster as dg

from og_assets.extraction.pull import Window
from og_assets.settings import Settings

DEFAULT_HOURS = (14,)


def make_raw_windows(settings: Settings) -> dg.TimeWindowPartitionsDefinition:
    """Build the windows that the settings describe: `2026-11-22`, or with other hours `2026-11-22-04-of-4-14`.

    A key never means two windows: after a change of `OG_SYNC_HOURS` all windows have new keys and are missing.
    """
    hours = settings.sync_hours
    key_format = "%Y-%m-%d"
    if hours != DEFAULT_HOURS:
        key_format += "-%H"
    if len(hours) > 1:
        key_format += f"-of-{'-'.join(str(hour) for hour in hours)}"
    return dg.TimeWindowPartitionsDefinition(
        start=f"{settings.ordergroove_start_date:{key_format}}",
        fmt=key_format,
        cron_schedule=f"0 {','.join(str(hour) for hour in hours)} * * *",
        timezone=settings.ordergroove_timezone,
    )


def windows_of(keys: Sequence[str], *, partitions: dg.TimeWindowPartitionsDefinition) -> list[Window]:
    """Return the windows of partition keys, oldest first. The first window has no start: it takes all older rows."""
    first_key = partitions.get_first_partition_key()
    windows = []
    for key in keys:
        bounds = partitions.time_window_for_partition_key(key)
        windows.append(Window(key=key, start=None if key == first_key else bounds.start, end=bounds.end))
    return sorted(windows, key=lambda window: window.end)
