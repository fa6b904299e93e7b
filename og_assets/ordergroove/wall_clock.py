"""Convert instants to the store's naive wall clock, which filters and response bodies use (decision 0021).

REST times have no time zone. The setting `ORDERGROOVE_TIMEZONE` says which one they are in.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def to_wall(instant: datetime, *, zone: ZoneInfo) -> datetime:
    """Turn an aware instant into the store's naive wall time, truncated to the second, which filters expect."""
    return instant.astimezone(zone).replace(tzinfo=None, microsecond=0)


def reach_back(instant: datetime, overlap: timedelta, *, zone: ZoneInfo) -> datetime:
    """Return the wall time `overlap` before an instant: the earlier of elapsed time and wall-clock difference.

    On a daylight-saving day the two differ by an hour; the earlier one misses no row.
    """
    elapsed = to_wall(instant.astimezone(UTC) - overlap, zone=zone)
    by_wall_clock = to_wall(instant, zone=zone) - overlap
    return min(elapsed, by_wall_clock)
