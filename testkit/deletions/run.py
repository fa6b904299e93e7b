"""A store that lives on, and everything that production does beside it: pulls, censuses, webhooks, checks.

Belongs here: who does what when. Not here: what may be known of it (shown), the warehouse (marts).
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
from og_assets.deletions.open_id_lister import OpenIdLister
from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion
from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.webhooks import Webhooks

from .observed import Shown, View
from .scenarios import Case, Sync, syncs

PULLED = ("orders", "items")
# What is only looked at for causes: once a week will do.
PULLED_SELDOM = ("customers", "subscriptions")
_SELDOM = timedelta(days=7)
COUNTED = ("orders", "items")


@dataclass(frozen=True, kw_only=True)
class Lived:
    """A life in the end: the case as it was settled, the store, what it showed, and what that took.

    `cut` censuses did not reach their end; `overtaken` orders changed or vanished while a census was taken.
    """

    case: Case
    store: Store
    shown: Shown
    begun: datetime
    requests: int
    events: int
    censuses: int
    cut: int
    overtaken: int


def live(case: Case, data_dir: Path) -> Lived:
    """Let a store live through its case; all that is known of it is in the lake in `data_dir` then."""
    case = case.settled()
    store = Store(**case.store_arguments)
    hooks = Webhooks(shape=case.shape, faults=case.faults)
    hooks.dump_to(data_dir / "told")
    begun = store.now
    with serve(store, webhooks=hooks) as shop:
        life = _Life(case, shop, data_dir)
        *earlier, last = syncs(case)
        for sync in earlier:
            life.do(sync)
        life.do(last, is_last=True)
    return Lived(
        case=case,
        store=store,
        shown=life.shown,
        begun=begun,
        requests=shop.requests.total,
        events=life.events,
        censuses=life.censuses,
        cut=life.cut,
        overtaken=life.overtaken,
    )


class _Life:
    def __init__(self, case: Case, shop: RunningStore, data_dir: Path) -> None:
        self.shown = Shown()
        self.events = self.censuses = self.cut = self.overtaken = 0
        self._case = case
        self._shop = shop
        self._data_dir = data_dir
        self._lake = Lake(data_dir / "lake")
        self._lake.prepare(EVENTS, DELETION_CHECKS)
        settings = Settings(
            # Nobody's .env has a say in a proof.
            _env_file=None,
            ordergroove_api_key=SecretStr("sandbox-key"),
            ordergroove_base_url=shop.url,
            og_data_dir=data_dir,
        )
        self._zone = settings.zone
        self._extractor = Extractor(settings, self._lake, make_client=_client)
        self._taker = OpenIdLister(settings, self._lake, make_client=_client)
        self._hasty_taker = OpenIdLister(settings, self._lake, make_client=partial(_client, max_attempts=1))
        self._checker = ExistenceChecker(settings, self._lake, make_client=_client)
        self._rng = Random(f"{case.name}/life")
        self._runs = count(1)
        self._due = shop.store.now
        self._pulled_until: dict[str, datetime] = {}
        after = case.world.told_after
        self._told_from = None if after is None else shop.webhooks.epoch_of(self._due + timedelta(days=after))

    def do(self, sync: Sync, *, is_last: bool = False) -> None:
        """Let time pass up to a sync, and sync."""
        self._due += timedelta(hours=sync.hours)
        store = self._shop.store
        # A sync under which time passes may take longer than the pause before the next.
        store.advance(seconds=max((self._due - store.now).total_seconds(), 0))
        before = View.of(store)
        # The last look is a calm one: what the placement changed between two walks, the next sync shows.
        with nullcontext() if is_last else self._stirred():
            if sync.pull:
                self._pull(before, is_last=is_last)
            if sync.census:
                self._take_census(self._view(since=before), is_cut=sync.cut)
            if sync.takes_in:
                self._take_in(is_last=is_last)
            for limit in sync.checks:
                self._checker.run(run_id=self._run_id(), limit=limit, progress=_silently)
        if sync.pull:
            self.shown.sync(before, self._view(since=before))

    def _view(self, *, since: View) -> View:
        """Look at the store again, if any time may have passed."""
        return View.of(self._shop.store) if self._case.world.stir_hours else since

    @contextmanager
    def _stirred(self) -> Iterator[None]:
        """Let time pass between pages; not in the night in which an hour is left out, whose times cannot be told."""
        now = self._shop.store.now
        hours = self._case.world.stir_hours
        is_plain = (
            now.replace(tzinfo=self._zone).utcoffset()
            == (now + timedelta(days=1)).replace(tzinfo=self._zone).utcoffset()
        )
        self._shop.faults.stir_hours = hours if is_plain else 0.0
        try:
            yield
        finally:
            self._shop.faults.stir_hours = 0.0

    def _pull(self, before: View, *, is_last: bool) -> None:
        end, run_id = self._shop.store.now, self._run_id()
        begin = self._pulled_until.get(PULLED[0])
        for name in (*PULLED_SELDOM, *PULLED):
            start = self._pulled_until.get(name)
            if name in PULLED_SELDOM and start and end - start < _SELDOM and not is_last:
                continue
            window = Window(
                key=f"{end:%Y-%m-%d}",
                start=start.replace(tzinfo=self._zone) if start else None,
                end=end.replace(tzinfo=self._zone),
            )
            list(self._extractor.pull_windows(BY_NAME[name], [window], run_id=run_id, progress=_silently))
            self._pulled_until[name] = end
        self.shown.pull(before, self._view(since=before), start=begin)

    def _take_census(self, before: View, *, is_cut: bool) -> None:
        shop, run_id = self._shop, self._run_id()
        taker = self._hasty_taker if is_cut else self._taker
        if is_cut:
            # One request from here fails; which may be after the end, and then nothing was cut.
            shop.faults.error_every = shop.requests.total + self._rng.randrange(1, 40)
        try:
            for name in COUNTED:
                taker.take(replace(BY_NAME[name], page_size=self._case.world.page_size), run_id=run_id)
        except OrdergrooveError:
            if not is_cut:
                raise
            self.cut += 1
        else:
            after = self._view(since=before)
            self.censuses += 1
            self.overtaken += sum(after.orders.get(key) != row for key, row in before.orders.items())
            self.shown.census(before, after)
        finally:
            shop.faults.error_every = 0

    def _take_in(self, *, is_last: bool) -> None:
        self._shop.webhooks.deliver()
        if is_last:
            self._shop.webhooks.close()
        inbox = inbox_of(self._data_dir, settle_seconds=0)
        for file in sorted((self._data_dir / "told").rglob("*.jsonl")):
            lines = [line for line in file.read_bytes().splitlines() if self._arrives(orjson.loads(line)["event"])]
            file.unlink()
            self.events += len(lines)
            self.shown.deliver(orjson.loads(line)["event"] for line in lines)
            if lines:
                inbox.folder.mkdir(parents=True, exist_ok=True)
                (inbox.folder / f"{self._run_id()}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        EventIngestion(
            inbox=inbox, lake=self._lake, policy="hash", ingested_file_policy="delete", run_id=self._run_id()
        ).run(max_bytes=2**62, progress=_silently)

    def _arrives(self, event: Mapping[str, Any]) -> bool:
        """Whether an event arrives: each delivery of it alike, in whatever order they come."""
        if self._told_from is None or event["created"] < self._told_from:
            return False
        return Random(f"{self._case.name}/{event['id']}").random() >= self._case.world.lost

    def _run_id(self) -> str:
        return f"{next(self._runs):08}"


def _silently(_said: str) -> None:
    pass


def _client(endpoint: Endpoint, *, read_timeout: float, max_attempts: int = 8) -> OrdergrooveClient:
    """A client for a store on this machine: to read the certificates of the world would take longer than to ask."""
    return OrdergrooveClient(
        endpoint,
        read_timeout=read_timeout,
        longest_wait=0.01,
        max_attempts=max_attempts,
        transport=httpx.HTTPTransport(verify=False),
    )
