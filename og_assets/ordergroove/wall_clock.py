"""Ordergroove's naive wall clock (design D11): how instants become the times that filters and bodies use.

REST times carry no zone. Which zone they mean is the setting `ORDERGROOVE_TIMEZONE`; nothing else converts them.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def to_wall(instant: datetime, *, zone: ZoneInfo) -> datetime:
    """Turn an aware instant into the store's naive wall time, cut to the second that filters understand."""
    return instant.astimezone(zone).replace(tzinfo=None, microsecond=0)


def reach_back(instant: datetime, overlap: timedelta, *, zone: ZoneInfo) -> datetime:
    """Return the wall time that lies `overlap` before an instant, by the earlier of the two readings.

    On a daylight-saving day the wall clock and the elapsed time disagree by an hour; the earlier one misses nothing.
    """
    elapsed = to_wall(instant.astimezone(UTC) - overlap, zone=zone)
    shown = to_wall(instant, zone=zone) - overlap
    return min(elapsed, shown)
