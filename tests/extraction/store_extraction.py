"""A sandbox store, a lake, and short methods to pull from one into the other."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.lake.manifest import Pull, read_pulls
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore

ZONE = ZoneInfo("America/New_York")
STORE_TIME = datetime(2026, 6, 10, 12)
FIRST_DAY, LAST_DAY = date(2026, 3, 10), date(2026, 6, 9)
FAST_CLIENT = partial(OrdergrooveClient, longest_wait=0.01)


class StoreExtraction:
    """A running store, the lake that it is pulled into, and the progress messages of the pulls."""

    def __init__(self, server: RunningStore, folder: Path) -> None:
        self.server = server
        self.lake = Lake(folder / "lake")
        self.messages: list[str] = []

    def start(
        self,
        name: str,
        *,
        windows: list[Window] | None = None,
        make_client: Callable[..., OrdergrooveClient] = FAST_CLIENT,
        **changed_settings: Any,
    ) -> Iterator[Pull]:
        """Return the pulls of one object, each made when it is asked for."""
        values = {
            "ordergroove_api_key": "sandbox-key",
            "ordergroove_base_url": self.server.url,
            "ordergroove_entitlements_url": self.server.url,
            "ordergroove_merchant_id": self.server.store.merchant,
        }
        extractor = Extractor(Settings(**(values | changed_settings)), self.lake, make_client=make_client)
        if BY_NAME[name].window is None:
            return extractor.pull_snapshot(BY_NAME[name], run_id="run-1", progress=self.messages.append)
        windows = daily_windows(FIRST_DAY, LAST_DAY) if windows is None else windows
        return extractor.pull_windows(BY_NAME[name], windows, run_id="run-1", progress=self.messages.append)

    def pull(self, name: str, **options: Any) -> list[Pull]:
        """Pull one object to the end."""
        return list(self.start(name, **options))

    def files(self) -> list[Path]:
        """Return every file of the lake."""
        return sorted(path for path in self.lake.root.rglob("*") if path.is_file())

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of all files of an object."""
        paths = sorted(self.lake.raw_folder(BY_NAME[name]).rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]

    def ids(self, name: str) -> list[str]:
        """Return the ids of all rows of an object, with repetitions."""
        return sorted(row[BY_NAME[name].key[0]] for row in self.rows(name))

    def true_ids(self, name: str) -> list[str]:
        """Return the ids that the store has."""
        return sorted(row["id"] for row in self.server.store.truth.table(name))

    def recorded_pulls(self, name: str) -> list[Pull]:
        """Return the rows of the manifest."""
        return list(read_pulls(self.lake.root / "pulls" / name))

    def queries(self) -> list[dict[str, list[str]]]:
        """Return the query parameters of each request, oldest first."""
        return [parse_qs(request.query) for request in self.server.requests.all()]


def daily_windows(first: date, last: date, *, is_first: bool = True) -> list[Window]:
    """Return daily windows that end at 14:00 on the next day. `is_first` removes the lower bound of the first one."""

    def end(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 14, tzinfo=ZONE) + timedelta(days=1)

    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        Window(key=str(day), start=None if is_first and day == first else end(day) - timedelta(days=1), end=end(day))
        for day in days
    ]


def store_time_at_end(pull: Pull) -> datetime:
    """Return when a pull ended, in the store's wall clock."""
    return (pull.pulled_at + timedelta(seconds=pull.seconds)).astimezone(ZONE).replace(tzinfo=None, microsecond=0)
