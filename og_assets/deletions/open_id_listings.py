"""Store open-ID listings: the ids of all open orders, or of all items of open orders, at one time.

A listing is a file of ids in `lake/raw/census_<objects>/` and a row in the manifest under the same file name. The row
is written last, so ids without a row are an incomplete listing and are ignored. Old listings are removed once their
evidence is recorded in `lake/raw/deletion_checks/`; otherwise a large store would add all its ids every day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from og_assets.lake.files import remove_partials, write_table
from og_assets.lake.manifest import Pull, read_pull, write_pull
from og_assets.ordergroove.objects import ApiObject

OPEN_IDS_SCHEMA = pa.schema([pa.field("object_id", pa.string())])


@dataclass(frozen=True, kw_only=True)
class OpenIdListing:
    """One complete listing. `began_at` and `ended_at` are by Ordergroove's clock, `taken_at` by this machine's."""

    ids_file: Path
    ids: int
    taken_at: datetime
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class OpenIdListings:
    """The listings of one object. One writer at a time, any number of readers."""

    ids_folder: Path
    pulls_folder: Path

    def add(self, ids: Iterable[str], pull: Pull, *, stem: str) -> OpenIdListing:
        """Store a complete listing. Duplicate ids count once."""
        remove_partials(self.ids_folder)
        listed = pa.array(ids, type=pa.string()).unique()
        ids_file = self.ids_folder / f"{stem}.parquet"
        write_table(pa.table([listed], schema=OPEN_IDS_SCHEMA), ids_file)
        write_pull(pull, self.pulls_folder / f"{stem}.parquet")
        return _listing(ids_file, pull)

    def all(self) -> list[OpenIdListing]:
        """Return the stored listings, oldest first by Ordergroove's clock: this machine's may have been wrong."""
        files = sorted(self.ids_folder.glob("[!_]*.parquet"))
        pulls = [(file, self.pulls_folder / file.name) for file in files]
        listings = [_listing(file, read_pull(pull)) for file, pull in pulls if pull.exists()]
        return sorted(listings, key=lambda listing: listing.began_at)

    def newest(self) -> OpenIdListing | None:
        """Return the newest complete listing."""
        return next(reversed(self.all()), None)

    def remove_before(self, newest: OpenIdListing) -> None:
        """Remove the id files of all older listings. Their rows in the manifest stay."""
        for listing in self.all():
            if listing.began_at <= newest.began_at and listing.ids_file != newest.ids_file:
                listing.ids_file.unlink(missing_ok=True)


def open_id_listings_of(root: Path, api_object: ApiObject) -> OpenIdListings:
    """Return the listings of an object in the lake."""
    name = census_name(api_object)
    return OpenIdListings(ids_folder=root / "raw" / name, pulls_folder=root / "pulls" / name)


def census_name(api_object: ApiObject) -> str:
    """Return the public name of an object's listing: its asset, its folder and its rows in the manifest."""
    return f"census_{api_object.name}"


def _listing(ids_file: Path, pull: Pull) -> OpenIdListing:
    return OpenIdListing(
        ids_file=ids_file,
        ids=pull.rows,
        taken_at=pull.pulled_at,
        began_at=pull.first_look_at or pull.pulled_at,
        ended_at=pull.last_answer_at or pull.pulled_at,
    )
