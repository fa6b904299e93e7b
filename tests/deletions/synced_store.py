"""A sandbox store, a lake, and short methods to pull, list open ids and check."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from og_assets.deletions.check_rows import ObjectType
from og_assets.deletions.existence_checks import CheckReport, ExistenceChecker
from og_assets.deletions.open_id_lister import OpenIdLister, OpenIdListingResult
from og_assets.events.land import EVENTS
from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore

ZONE = ZoneInfo("America/New_York")
STORE_TIME = datetime(2026, 6, 10, 14)
ORDERS, ITEMS = BY_NAME["orders"], BY_NAME["items"]
FAST_CLIENT = partial(OrdergrooveClient, longest_wait=0.01, max_attempts=2)
Reports = dict[ObjectType, CheckReport]
MakeClient = Callable[..., OrdergrooveClient]


class SyncedStore:
    """A running sandbox store and the lake it is synced into."""

    def __init__(self, server: RunningStore, folder: Path) -> None:
        self.server = server
        self.store = server.store
        self.lake = Lake(folder / "it's a [data] folder" / "lake")
        self.settings = Settings(ordergroove_api_key="sandbox-key", ordergroove_base_url=server.url)
        self._last: datetime | None = None
        self._runs = 0

    @property
    def now(self) -> datetime:
        return self.store.now.replace(tzinfo=ZONE).astimezone(UTC)

    @property
    def request_time(self) -> datetime:
        """`_seen_at` of a request made now. The store's clock stands still, and the request began a moment earlier."""
        return self.now - timedelta(seconds=1)

    def pull(self, *, make_client: MakeClient = FAST_CLIENT) -> None:
        """Pull the window from the last pull to now."""
        end = self.store.now.replace(tzinfo=ZONE)
        window = Window(key=f"{end:%Y-%m-%d}", start=self._last, end=end)
        self._last = end
        extractor = Extractor(self.settings, self.lake, make_client=make_client)
        for api_object in (ORDERS, ITEMS):
            list(
                extractor.pull_windows(api_object, [window], run_id=self._next_run_id(), progress=lambda _message: None)
            )

    def list_open_ids(self, *, make_client: MakeClient = FAST_CLIENT) -> list[OpenIdListingResult]:
        """Pull the listings of orders and of items."""
        lister = OpenIdLister(self.settings, self.lake, make_client=make_client)
        return [lister.pull(api_object, run_id=self._next_run_id()) for api_object in (ORDERS, ITEMS)]

    def check(self, *, limit: int | None = None, make_client: MakeClient = FAST_CLIENT) -> Reports:
        return ExistenceChecker(self.settings, self.lake, make_client=make_client).run(
            run_id=self._next_run_id(), limit=limit
        )

    def check_rows(self) -> list[dict[str, Any]]:
        """Every row of `lake/raw/deletion_checks/`, oldest file first."""
        files = sorted((self.lake.root / "raw" / "deletion_checks").rglob("2*.parquet"))
        return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]

    def proved_deleted(self) -> set[str]:
        return {row["object_id"] for row in self.check_rows() if row["status"] == 404}

    def listing_files(self) -> list[Path]:
        return sorted((self.lake.root / "raw").glob("census_*/*.parquet"))

    def report_by_webhook(self, event_type: str, object_id: str, *, at: datetime, **fields: Any) -> None:
        """Write a webhook event into the lake."""
        row = {
            "event_id": f"E-{object_id}-{event_type}",
            "type": event_type,
            "object_type": event_type.partition(".")[0],
            "object_id": object_id,
            "created": at,
            "object": json.dumps(fields),
            "_taken_in_at": at,
        }
        path = self.lake.root / "events" / "day=2026-06-10" / f"{self._next_run_id()}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist([row], schema=EVENTS.schema), path)

    def subscription_alone(self, *, other_than: str = "") -> str:
        """Return an active subscription whose item is alone in an order that is not placed soon."""
        subscriptions = self.store.truth.table("subscriptions")
        items = {row["id"]: row for row in self.store.truth.table("items")}
        alone = {row["id"] for row in self.store.truth.table("orders") if row["items"] == 1 and row["status"] == 1}
        soon = self.store.now.date() + timedelta(days=5)
        for row in subscriptions:
            item = items.get(row["upcoming_item"])
            if (
                row["live"]
                and row["id"] != other_than
                and item
                and item["order"] in alone
                and item["place"] > soon
                and not row["prepaid_remaining"]
            ):
                return str(row["id"])
        raise AssertionError("no such subscription")

    def item_of(self, subscription: str) -> dict[str, Any]:
        (row,) = [row for row in self.store.truth.table("subscriptions") if row["id"] == subscription]
        (item,) = [item for item in self.store.truth.table("items") if item["id"] == row["upcoming_item"]]
        return item

    def _next_run_id(self) -> str:
        self._runs += 1
        return f"run-{self._runs:04}"


def hiding(*ids: str, status: int | None = None, body: Any = None) -> MakeClient:
    """Make clients whose lists lack these ids. A retrieve call for one gets `status`, if given, with `body`."""
    hidden = frozenset(ids)

    class Hiding(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if status and request.url.path.split("/")[2] in hidden:
                date = {"Date": super().handle_request(request).headers["Date"]}
                if isinstance(body, str):
                    return httpx.Response(status, headers=date, text=body)
                return httpx.Response(status, headers=date, json=body)
            response = super().handle_request(request)
            response.read()
            page = json.loads(response.content)
            if "results" in page:
                page["results"] = [row for row in page["results"] if row["public_id"] not in hidden]
            date = {"Date": response.headers["Date"]}
            return httpx.Response(response.status_code, json=page, headers=date)

    return partial(FAST_CLIENT, transport=Hiding())
