"""The census: every open order, or every item of an open order, listed whole, ids only (design D6).

Orders and items vanish from the API without a word. Whoever knows all that is open today, and all that was open before,
knows what may have vanished. Belongs here: walking. Does not belong here: what is done with it (`lake/candidates.py`).

Cost: a page for each 100 open rows, and at least one request for each open status. The lists can be filtered by one
status at a time (reference pages "Orders" and "Items", parameter `status`).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from og_assets.deletions.open_id_listings import OpenIdListing, census_name
from og_assets.extraction.connection import Connection, MakeClient
from og_assets.lake.lake import Lake, file_stem
from og_assets.lake.manifest import PullRow
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import ProtocolError
from og_assets.ordergroove.objects import ApiObject
from og_assets.ordergroove.statuses import OPEN_STATUSES
from og_assets.settings import Settings

# What a census is taken of. Prices cost Ordergroove time to compute, and are not looked at.
COUNTED: Mapping[str, Mapping[str, str]] = {"orders": {}, "items": {"omit_price_calculation": "true"}}

# A daily run does not start at the same second each day.
_SLACK = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class OpenIdListingResult:
    """A census and what it cost; `before` is the one before it, if it is still here."""

    census: OpenIdListing
    before: OpenIdListing | None
    pull: PullRow


class OpenIdLister:
    """Takes censuses of one store into one lake. Makes an HTTP client anew for each.

    Raises `SettingsError` where the key is missing, `OrdergrooveError` and `LakeError` while walking.
    """

    def __init__(self, settings: Settings, lake: Lake, *, make_client: MakeClient = OrdergrooveClient) -> None:
        self._settings = settings
        self._lake = lake
        self._connection = Connection(settings, make_client)

    def due_at(self, api_object: ApiObject) -> datetime | None:
        """Say when the next census of an object is due; None where that is now."""
        pause = timedelta(days=self._settings.og_census_every_days)
        last = open_id_listings_of(self._lake.root, api_object).newest() if pause else None
        if last is None:
            return None
        due = last.taken_at + pause
        return due if due - _SLACK > datetime.now(UTC) else None

    def take(
        self, api_object: ApiObject, *, run_id: str, progress: Callable[[str], None] = lambda _said: None
    ) -> OpenIdListingResult:
        """Walk all open rows of an object. A walk that does not reach its end leaves nothing."""
        pulled_at, clock = datetime.now(UTC), time.monotonic()
        censuses = open_id_listings_of(self._lake.root, api_object)
        before = censuses.newest()
        ids: list[str] = []
        pages = 0
        with self._connection.client(api_object) as client:
            for status in OPEN_STATUSES:
                params = {"status": str(status), **COUNTED[api_object.name]}
                for rows in client.pages(api_object, params):
                    ids.extend(_ids(rows, api_object))
                    pages += 1
                progress(f"{len(ids):,} listed after status {status}")
            traffic = client.traffic
        pull = PullRow(
            object=census_name(api_object),
            first_window=None,
            last_window=None,
            range_first_window=None,
            range_last_window=None,
            window_start=None,
            window_end=None,
            pulled_at=pulled_at,
            run_id=run_id,
            pages=pages,
            rows=len(set(ids)),
            quarantined=0,
            requests=traffic.requests,
            retries=traffic.retries,
            bytes=traffic.bytes,
            seconds=time.monotonic() - clock,
            oldest_updated=None,
            newest_updated=None,
            unknown_fields="{}",
            source=self._connection.source(api_object),
            first_look_at=traffic.first_look_at,
            last_answer_at=traffic.last_answer_at,
        )
        census = censuses.add(ids, pull, stem=file_stem(pulled_at, run_id=run_id))
        return OpenIdListingResult(census=census, before=before, pull=pull)


def _ids(rows: list[Any], api_object: ApiObject) -> Iterator[str]:
    for row in rows:
        key = row.get(api_object.key[0]) if isinstance(row, dict) else None
        if not isinstance(key, str) or not key:
            raise ProtocolError(
                f"a row has no {api_object.key[0]}: a census that leaves rows out is none.",
                what_to_do="Run again later; if it stays, ask Ordergroove which rows of this list have no id.",
                path=api_object.path,
            )
        yield key
