"""Says whether the pulls of a day take so little time that parallel processes would cost more than they save."""

from pathlib import Path

from og_assets.lake.manifest import read_pull
from og_assets.ordergroove.objects import OBJECTS

# The processes of some seventeen steps cost about 25 s of processor time, whatever they do.
_SHORT_SECONDS = 60.0


def pulls_are_short(lake: Path) -> bool:
    """Return whether the newest pulls of all objects, one after another, would take less than a minute."""
    seconds = 0.0
    for api_object in OBJECTS:
        newest = max((lake / "pulls" / api_object.name).glob("*.parquet"), default=None, key=lambda path: path.name)
        if newest is None:
            return False
        seconds += read_pull(newest).seconds
    return seconds < _SHORT_SECONDS
