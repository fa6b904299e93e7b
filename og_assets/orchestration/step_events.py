"""Follows a run through Dagster's event log and reports what happens to its steps.

Belongs here: Dagster's events and pools, as plain `StepEvent`s. Does not belong here: how they are shown (`cli`).
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import dagster as dg
from sqlalchemy.exc import OperationalError

Kind = Literal["started", "rows", "waiting", "finished", "failed"]

# Each poll opens Dagster's storage, so more polls cost more than they show.
_POLL_SECONDS = 0.5
_POOL_POLL_SECONDS = 5.0

_KINDS: Mapping[dg.DagsterEventType, Kind] = {
    dg.DagsterEventType.STEP_START: "started",
    dg.DagsterEventType.ASSET_MATERIALIZATION: "rows",
    dg.DagsterEventType.STEP_SUCCESS: "finished",
    dg.DagsterEventType.STEP_FAILURE: "failed",
}


@dataclass(frozen=True, kw_only=True)
class StepEvent:
    """One event of a step. `rows` counts the rows of `asset`; `detail` says what a waiting step waits for."""

    step: str
    kind: Kind
    asset: str | None = None
    rows: int | None = None
    detail: str | None = None


Report = Callable[[StepEvent], None]


@contextmanager
def reported_steps(
    instance: dg.DagsterInstance, *, tags: Mapping[str, str], pools: Mapping[str, str], report: Report
) -> Iterator[None]:
    """Report the steps of the run with these tags that starts inside the block. `pools` names each step's pool.

    The events are read from the storage, because steps may run in other processes.
    """
    over = threading.Event()
    watcher = _Watcher(instance, tags, pools, report)
    thread = threading.Thread(target=watcher.follow, args=(over,), daemon=True, name="step-events")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Watcher:
    def __init__(
        self, instance: dg.DagsterInstance, tags: Mapping[str, str], pools: Mapping[str, str], report: Report
    ) -> None:
        self._instance = instance
        self._filter = dg.RunsFilter(tags=dict(tags), created_after=datetime.now().astimezone())
        self._run_id: str | None = None
        self._report = report
        self._not_started = dict(pools)
        self._cursor: str | None = None

    def follow(self, over: threading.Event) -> None:
        """Report until `over` is set, and once more after that."""
        # Where the storage fails, the run fails with the same error and says so.
        with suppress(OperationalError):
            next_pool_poll = time.monotonic() + _POOL_POLL_SECONDS
            while not over.wait(_POLL_SECONDS):
                self._read_events()
                if time.monotonic() > next_pool_poll:
                    self._read_pools()
                    next_pool_poll = time.monotonic() + _POOL_POLL_SECONDS
            self._read_events()

    def _read_events(self) -> None:
        if self._run_id is None:
            runs = self._instance.get_runs(self._filter, limit=1)
            self._run_id = runs[0].run_id if runs else None
        more = self._run_id is not None
        while more and self._run_id:
            page = self._instance.get_records_for_run(self._run_id, cursor=self._cursor, limit=1000)
            self._cursor, more = page.cursor, page.has_more
            for record in page.records:
                event = record.event_log_entry.dagster_event
                if event and event.step_key and event.event_type in _KINDS:
                    self._not_started.pop(event.step_key, None)
                    asset = event.asset_key.to_user_string() if event.asset_key else None
                    kind = _KINDS[event.event_type]
                    self._report(StepEvent(step=event.step_key, kind=kind, asset=asset, rows=_rows(event)))

    def _read_pools(self) -> None:
        pools = sorted(set(self._not_started.values()))
        if not pools or self._run_id is None:
            return
        for pool, info in self._instance.event_log_storage.get_concurrency_infos(pools).items():
            holders = [_holder(slot.run_id, slot.step_key, own_run=self._run_id) for slot in info.claimed_slots]
            for step in info.pending_steps:
                if step.run_id == self._run_id and step.assigned_timestamp is None and holders:
                    detail = f"for pool {pool} (held by {', '.join(holders)})"
                    self._report(StepEvent(step=step.step_key, kind="waiting", detail=detail))


def step_label(step_key: str) -> str:
    """Name a step as its asset: `ordergroove__orders` is `orders`."""
    return step_key.removeprefix("ordergroove__")


def _holder(run_id: str, step_key: str, *, own_run: str) -> str:
    return f"{step_label(step_key)} of {'this run' if run_id == own_run else f'run {run_id[:8]}'}"


def _rows(event: dg.DagsterEvent) -> int | None:
    """Return the rows that a step pulled or ingested. Each partition of a range carries the number of all of them."""
    if event.event_type != dg.DagsterEventType.ASSET_MATERIALIZATION:
        return None
    metadata = event.step_materialization_data.materialization.metadata
    rows = metadata.get("pull/rows", metadata.get("ingested/events"))
    return rows.value if isinstance(rows, dg.IntMetadataValue) else None
