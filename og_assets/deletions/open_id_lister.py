"""Pull a complete open-ID listing: the id of every open order, or of every item of an open order.

The API gives no sign of a deletion. Two complete listings of open ids show which objects may have been deleted between
them. Belongs here: pulling a listing. Does not belong here: storing it (`open_id_listings.py`), comparing listings
(`suspected_deletions.py`).

Cost: one request per 100 open rows, and at least one per open status, because the API filters by one status at a time
(reference pages "Orders" and "Items", parameter `status`).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from og_assets.deletions.open_id_listings import OpenIdListing, census_name, open_id_listings_of
from og_assets.extraction.connection import Connection, MakeClient
from og_assets.lake.lake import Lake, file_stem
from og_assets.lake.manifest import Pull, traffic_columns
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import ProtocolError
from og_assets.ordergroove.objects import ApiObject
from og_assets.ordergroove.statuses import OPEN_STATUSES
from og_assets.settings import Settings

# The objects that are listed, with extra parameters. Prices are not needed, and cost Ordergroove time to compute.
LISTED_OBJECTS: Mapping[str, Mapping[str, str]] = {"orders": {}, "items": {"omit_price_calculation": "true"}}

# Runs do not start at the same second each day. A listing is due half a day early, so that a weekly one stays weekly.
_SLACK = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class OpenIdListingResult:
    """A listing and its pull. `previous` is the one before it, if it is still stored."""

    listing: OpenIdListing
    previous: OpenIdListing | None
    pull: Pull


class OpenIdLister:
    """Pulls open-ID listings of one store into one lake, with a new HTTP client for each.

    Raises `SettingsError` if the API key is missing, and `OrdergrooveError` or `LakeError` during a pull.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)

    def due_at(self, api_object: ApiObject) -> datetime | None:
        """Return when the next listing of an object is due; None if it is due now."""
        pause = timedelta(days=self._settings.og_census_every_days)
        last = open_id_listings_of(self._lake.root, api_object).newest() if pause else None
        if last is None:
            return None
        due = last.taken_at + pause
        return due if due - _SLACK > datetime.now(UTC) else None

    def pull(
        self, api_object: ApiObject, *, run_id: str, progress: Callable[[str], None] = lambda _message: None
    ) -> OpenIdListingResult:
        """List the ids of all open rows of an object. A pull that fails stores nothing."""
        pulled_at, clock = datetime.now(UTC), time.monotonic()
        listings = open_id_listings_of(self._lake.root, api_object)
        previous = listings.newest()
        ids: list[str] = []
        pages = 0
        with self._connection.client(api_object) as client:
            for status in OPEN_STATUSES:
                params = {"status": str(status), **LISTED_OBJECTS[api_object.name]}
                for rows in client.pages(api_object, params):
                    ids.extend(_ids(rows, api_object))
                    pages += 1
                progress(f"{len(ids):,} ids listed, up to status {status}")
            traffic = client.traffic
        pull = Pull(
            object=census_name(api_object),
            pulled_at=pulled_at,
            run_id=run_id,
            pages=pages,
            rows=len(set(ids)),
            seconds=time.monotonic() - clock,
            source=self._connection.source(api_object),
            **traffic_columns(traffic),
        )
        listing = listings.add(ids, pull, stem=file_stem(pulled_at, run_id=run_id))
        return OpenIdListingResult(listing=listing, previous=previous, pull=pull)


def _ids(rows: list[Any], api_object: ApiObject) -> Iterator[str]:
    for row in rows:
        key = row.get(api_object.key[0]) if isinstance(row, dict) else None
        if not isinstance(key, str) or not key:
            raise ProtocolError(
                f"a row has no {api_object.key[0]}, so the open-ID listing would be incomplete.",
                what_to_do="Run again later. If the error stays, ask Ordergroove which rows of this list have no id.",
                path=api_object.path,
            )
        yield key
