"""OpenIdListings: the ids of all orders that are open, or of all their items, listed whole at one time.

A census is one file of ids in `lake/raw/census_<objects>/` and one row in the manifest under the same name. The row is
written last: what has none was not walked to its end, and is no census. Old ones go once what they were the last to
list is on record (`deletion_checks.py`), so that a large store does not grow by all its ids each day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from og_assets.lake.files import remove_partials, write_table
from og_assets.lake.manifest import PullRow, read_pull, write_pull
from og_assets.ordergroove.objects import ApiObject

OPEN_IDS_SCHEMA = pa.schema([pa.field("object_id", pa.string())])


@dataclass(frozen=True, kw_only=True)
class OpenIdListing:
    """One complete census. `began_at` and `ended_at` are by Ordergroove's clock, `taken_at` is by ours."""

    ids_file: Path
    ids: int
    taken_at: datetime
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class OpenIdListings:
    """The censuses of one kind of object. One writer at a time, any number of readers."""

    ids_folder: Path
    pulls_folder: Path

    def add(self, ids: Iterable[str], pull: PullRow, *, stem: str) -> OpenIdListing:
        """Keep a census that was walked to its end. An id that was listed twice counts once."""
        remove_partials(self.ids_folder)
        listed = pa.array(ids, type=pa.string()).unique()
        ids_file = self.ids_folder / f"{stem}.parquet"
        write_table(pa.table([listed], schema=OPEN_IDS_SCHEMA), ids_file)
        write_pull(pull, self.pulls_folder / f"{stem}.parquet")
        return _census(ids_file, pull)

    def all(self) -> list[OpenIdListing]:
        """Return the censuses that are still here, oldest first by Ordergroove's clock: ours may have been wrong."""
        files = sorted(self.ids_folder.glob("[!_]*.parquet"))
        pulls = [(file, self.pulls_folder / file.name) for file in files]
        found = [_census(file, read_pull(pull)) for file, pull in pulls if pull.exists()]
        return sorted(found, key=lambda census: census.began_at)

    def newest(self) -> OpenIdListing | None:
        """Return the last census that was walked to its end."""
        return next(reversed(self.all()), None)

    def forget_before(self, kept: OpenIdListing) -> None:
        """Remove the ids of all censuses that are older than this one. The manifest keeps their rows."""
        for census in self.all():
            if census.began_at <= kept.began_at and census.ids_file != kept.ids_file:
                census.ids_file.unlink(missing_ok=True)


def open_id_listings_of(root: Path, api_object: ApiObject) -> OpenIdListings:
    """Return where the censuses of an object lie in the lake."""
    name = census_name(api_object)
    return OpenIdListings(ids_folder=root / "raw" / name, pulls_folder=root / "pulls" / name)


def census_name(api_object: ApiObject) -> str:
    """Name the census of an object, as in the manifest and in the UI."""
    return f"census_{api_object.name}"


def _census(ids_file: Path, pull: PullRow) -> OpenIdListing:
    return OpenIdListing(
        ids_file=ids_file,
        ids=pull.rows,
        taken_at=pull.pulled_at,
        began_at=pull.first_look_at or pull.pulled_at,
        ended_at=pull.last_answer_at or pull.pulled_at,
    )
