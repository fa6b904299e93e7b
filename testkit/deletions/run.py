"""Run one case: a sandbox store over time, and the pulls, listings, webhooks and checks of each sync.

Belongs here: which step runs when. Does not belong here: what the steps showed (`observed.py`), the marts (`marts.py`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.deletions.existence_checks import ExistenceChecker
from og_assets.deletions.open_id_lister import LISTED_OBJECTS, OpenIdLister
from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion
from og_assets.events.land import EVENTS
from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.webhooks import Webhooks

from .observed import Observed, View
from .scenarios import Case, Sync, syncs

PULLED = ("orders", "items")
# Needed only for the causes of deletions, so they are pulled once a week.
PULLED_WEEKLY = ("customers", "subscriptions")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class CompletedRun:
    """A case after its last sync: the resolved case, the store, and what was shown. `started_at` is wall-clock time.

    `interrupted_listings` failed on purpose; `orders_changed_during_listings` changed or were deleted during one.
    """

    case: Case
    store: Store
    observed: Observed
    started_at: datetime
    requests: int
    events: int
    interrupted_listings: int
    orders_changed_during_listings: int


def run_case(case: Case, data_dir: Path) -> CompletedRun:
    """Run a case to its end. All that is known of its store is then in the lake in `data_dir`."""
    case = case.resolved()
    store = Store(**case.store_arguments)
    webhooks = Webhooks(shape=case.shape, faults=case.faults)
    webhooks.write_files_to(data_dir / "sent")
    started_at = store.now
    with serve(store, webhooks=webhooks) as server:
        run = _CaseRun(case, server, data_dir)
        *earlier, last = syncs(case)
        for sync in earlier:
            run.sync(sync)
        run.sync(last, is_last=True)
    return CompletedRun(
        case=case,
        store=store,
        observed=run.observed,
        started_at=started_at,
        requests=server.requests.total,
        events=run.events,
        interrupted_listings=run.interrupted_listings,
        orders_changed_during_listings=run.orders_changed_during_listings,
    )


class _CaseRun:
    def __init__(self, case: Case, server: RunningStore, data_dir: Path) -> None:
        self.observed = Observed()
        self.events = self.interrupted_listings = self.orders_changed_during_listings = 0
        self._case = case
        self._server = server
        self._data_dir = data_dir
        self._lake = Lake(data_dir / "lake")
        self._lake.prepare(EVENTS, DELETION_CHECKS)
        settings = Settings(
            # A developer's .env must not change a simulation.
            _env_file=None,
            ordergroove_api_key=SecretStr("sandbox-key"),
            ordergroove_base_url=server.url,
            og_data_dir=data_dir,
        )
        self._zone = settings.zone
        self._extractor = Extractor(settings, self._lake, make_client=_client)
        self._lister = OpenIdLister(settings, self._lake, make_client=_client)
        self._lister_without_retries = OpenIdLister(settings, self._lake, make_client=partial(_client, max_attempts=1))
        self._checker = ExistenceChecker(settings, self._lake, make_client=_client)
        self._rng = Random(f"{case.name}/run")
        self._run_numbers = count(1)
        self._sync_at = server.store.now
        self._pulled_until: dict[str, datetime] = {}
        day = case.scenario.webhooks_from_day
        self._events_from = None if day is None else server.webhooks.epoch_of(self._sync_at + timedelta(days=day))

    def sync(self, sync: Sync, *, is_last: bool = False) -> None:
        """Advance the store to the time of a sync, and run its steps."""
        self._sync_at += timedelta(hours=sync.hours)
        store = self._server.store
        # With `hours_per_page`, the sync before may have lasted longer than the pause between the two.
        store.advance(seconds=max((self._sync_at - store.now).total_seconds(), 0))
        before = View.of(store)
        # No time passes during the last sync: the next one would show what changed between its lists.
        with nullcontext() if is_last else self._time_passes_between_pages():
            if sync.pull:
                self._pull(before, is_last=is_last)
            if sync.listing:
                self._list_open_ids(self._view(earlier=before), is_interrupted=sync.is_interrupted)
            if sync.ingests:
                self._ingest(is_last=is_last)
            for limit in sync.check_limits:
                self._checker.run(run_id=self._next_run_id(), limit=limit, progress=_ignore)
        if sync.pull:
            self.observed.add_prices(before, self._view(earlier=before))

    def _view(self, *, earlier: View) -> View:
        """Read the store again if time may have passed."""
        return View.of(self._server.store) if self._case.scenario.hours_per_page else earlier

    @contextmanager
    def _time_passes_between_pages(self) -> Iterator[None]:
        """Advance the store before each page; not on daylight-saving days, when wall-clock times are ambiguous."""
        now = self._server.store.now
        is_plain_day = (
            now.replace(tzinfo=self._zone).utcoffset()
            == (now + timedelta(days=1)).replace(tzinfo=self._zone).utcoffset()
        )
        self._server.faults.stir_hours = self._case.scenario.hours_per_page if is_plain_day else 0.0
        try:
            yield
        finally:
            self._server.faults.stir_hours = 0.0

    def _pull(self, before: View, *, is_last: bool) -> None:
        end, run_id = self._server.store.now, self._next_run_id()
        first_start = self._pulled_until.get(PULLED[0])
        for name in (*PULLED_WEEKLY, *PULLED):
            start = self._pulled_until.get(name)
            if name in PULLED_WEEKLY and start and end - start < _WEEK and not is_last:
                continue
            window = Window(
                key=f"{end:%Y-%m-%d}",
                start=start.replace(tzinfo=self._zone) if start else None,
                end=end.replace(tzinfo=self._zone),
            )
            list(self._extractor.pull_windows(BY_NAME[name], [window], run_id=run_id, progress=_ignore))
            self._pulled_until[name] = end
        self.observed.add_pull(before, self._view(earlier=before), start=first_start)

    def _list_open_ids(self, before: View, *, is_interrupted: bool) -> None:
        server, run_id = self._server, self._next_run_id()
        lister = self._lister_without_retries if is_interrupted else self._lister
        if is_interrupted:
            # One of the next requests fails. If that is after the end of the listing, the listing is complete.
            server.faults.error_every = server.requests.total + self._rng.randrange(1, 40)
        try:
            for name in LISTED_OBJECTS:
                lister.pull(replace(BY_NAME[name], page_size=self._case.scenario.page_size), run_id=run_id)
        except OrdergrooveError:
            if not is_interrupted:
                raise
            self.interrupted_listings += 1
        else:
            after = self._view(earlier=before)
            self.orders_changed_during_listings += sum(
                after.orders.get(key) != row for key, row in before.orders.items()
            )
            self.observed.add_listing(before, after)
        finally:
            server.faults.error_every = 0

    def _ingest(self, *, is_last: bool) -> None:
        self._server.webhooks.deliver()
        if is_last:
            self._server.webhooks.close()
        inbox = inbox_of(self._data_dir, settle_seconds=0)
        for file in sorted((self._data_dir / "sent").rglob("*.jsonl")):
            lines = [line for line in file.read_bytes().splitlines() if self._arrives(orjson.loads(line)["event"])]
            file.unlink()
            self.events += len(lines)
            self.observed.add_events(orjson.loads(line)["event"] for line in lines)
            if lines:
                inbox.folder.mkdir(parents=True, exist_ok=True)
                (inbox.folder / f"{self._next_run_id()}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        ingestion = EventIngestion(
            inbox=inbox,
            lake=self._lake,
            policy="hash",
            ingested_file_policy="delete",
            run_id=self._next_run_id(),
        )
        ingestion.run(max_bytes=2**62, progress=_ignore)

    def _arrives(self, event: Mapping[str, Any]) -> bool:
        """Whether an event arrives: the same answer for each of its deliveries."""
        if self._events_from is None or event["created"] < self._events_from:
            return False
        return Random(f"{self._case.name}/{event['id']}").random() >= self._case.scenario.share_lost

    def _next_run_id(self) -> str:
        return f"{next(self._run_numbers):08}"


def _ignore(_message: str) -> None:
    pass


def _client(endpoint: Endpoint, *, read_timeout: float, max_attempts: int = 8) -> OrdergrooveClient:
    """Make a client for a store on this machine, without TLS: loading CA certificates takes longer than a request."""
    return OrdergrooveClient(
        endpoint,
        read_timeout=read_timeout,
        longest_wait=0.01,
        max_attempts=max_attempts,
        transport=httpx.HTTPTransport(verify=False),
    )
