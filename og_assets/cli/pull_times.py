"""Says whether the pulls of a day take so little time that parallel processes would cost more than they save."""

from pathlib import Path

from og_assets.deletions.open_id_lister import LISTED_OBJECTS
from og_assets.deletions.open_id_listings import census_name
from og_assets.lake.manifest import read_pull
from og_assets.ordergroove.objects import BY_NAME, OBJECTS

# The processes of some seventeen steps cost about 25 s of processor time, whatever they do.
_SHORT_SECONDS = 60.0


def pulls_are_short(lake: Path) -> bool:
    """Return whether the newest pulls and open-ID listings, one after another, would take less than a minute."""
    seconds = 0.0
    listings = [census_name(BY_NAME[name]) for name in LISTED_OBJECTS]
    for name in [*(api_object.name for api_object in OBJECTS), *listings]:
        newest = max((lake / "pulls" / name).glob("*.parquet"), default=None, key=lambda path: path.name)
        if newest is None:
            return False
        seconds += read_pull(newest).seconds
    return seconds < _SHORT_SECONDS
