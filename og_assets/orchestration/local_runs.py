"""Running a job from the command line: in this process and its children, no daemon needed, recorded in the instance.

Belongs here: what `og-assets sync` and `og-assets ingest` need of Dagster. The command line itself is `cli.py`.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock, Timeout
from sqlalchemy.exc import OperationalError

from og_assets.cli.progress import Report, StepEvent
from og_assets.defs.partitions import make_raw_windows
from og_assets.errors import OgAssetsError
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import Settings, SettingsError

# Marks runs of the command line, so that one which was killed can be told from one that lives.
ORIGIN_TAG = "og_assets/origin"
ORIGIN = "og-assets"

_POLL_SECONDS = 0.3

# So begins what Dagster says of a step that waits for a pool's slot.
_BLOCKED = "Step blocked by limit for pool"

_KINDS = {
    dg.DagsterEventType.STEP_START: "started",
    dg.DagsterEventType.ASSET_MATERIALIZATION: "going on",
    dg.DagsterEventType.STEP_SUCCESS: "finished",
    dg.DagsterEventType.STEP_FAILURE: "failed",
}


class BusyError(OgAssetsError):
    """Another `og-assets sync` or `ingest` works on the same data directory."""


class StorageError(OgAssetsError):
    """Dagster's own storage fails."""


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended. `failures` holds the message of each step that failed."""

    run_id: str
    success: bool
    failures: tuple[str, ...]


def daily_sync_job() -> dg.JobDefinition:
    """Return the resolved job; steps rebuild it in their own processes by this name."""
    return _job("daily_sync")


def ingest_webhooks_job() -> dg.JobDefinition:
    """Return the resolved job; steps rebuild it in their own processes by this name."""
    return _job("ingest_webhooks")


def _job(name: str) -> dg.JobDefinition:
    # Imported late: definitions.py loads this very module.
    from og_assets.definitions import defs

    return defs().resolve_job_def(name)


def step_count(job: dg.JobDefinition) -> int:
    """How many steps a job has."""
    return len(job.all_node_defs)


def window_keys(settings: Settings, *, first: str | None, last: str | None) -> tuple[str, str]:
    """Return the first and last window of a range of days. Without days: the newest window that has ended.

    Raises `SettingsError` where a day has no finished window.
    """
    keys = list(make_raw_windows(settings).get_partition_keys())
    if not keys:
        raise SettingsError("No window has ended yet. Set ORDERGROOVE_START_DATE to an earlier day.")
    chosen = [key for key in keys if (first or keys[0]) <= key and key[:10] <= (last or keys[-1])[:10]]
    if first is None and last is None:
        chosen = keys[-1:]
    if not chosen:
        raise SettingsError(
            f"No finished window lies between {first or 'the beginning'} and {last or 'now'}. Windows that have ended "
            f"go from {keys[0]} to {keys[-1]}."
        )
    return chosen[0], chosen[-1]


def windows_never_pulled(settings: Settings, *, before: str) -> list[str]:
    """Return the windows that ended before the one named, and that some object was never pulled for."""
    instance = dg.DagsterInstance.get()
    keys = [key for key in make_raw_windows(settings).get_partition_keys() if key < before]
    pulled = set(keys)
    for api_object in OBJECTS:
        if api_object.window:
            pulled &= instance.get_materialized_partitions(dg.AssetKey(["ordergroove", api_object.name]))
    return [key for key in keys if key not in pulled]


def fail_orphaned_runs() -> None:
    """End the runs of commands that were killed and free their pool slots, unless one is running now."""
    instance = dg.DagsterInstance.get()
    with suppress(BusyError), _alone(Path(instance.root_directory)):
        _fail_orphaned_runs(instance)


def sync(*, first: str, last: str, report: Report) -> RunOutcome:
    """Run `daily_sync` for a range of windows. Raises `BusyError` where another command runs, `StorageError`."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    if first == last:
        tags = {"dagster/partition": first}
    return _run(daily_sync_job, report=report, tags=tags)


def ingest(*, report: Report) -> RunOutcome:
    """Run `ingest_webhooks` for all that lies in the inbox. Raises `BusyError`, `StorageError`."""
    all_of_it = {"ops": {"ordergroove__webhook_events": {"config": {"max_bytes": sys.maxsize}}}}
    return _run(ingest_webhooks_job, report=report, run_config=all_of_it)


def _run(
    job: Callable[[], dg.JobDefinition],
    *,
    report: Report,
    tags: Mapping[str, str] | None = None,
    run_config: Mapping[str, Any] | None = None,
) -> RunOutcome:
    instance = dg.DagsterInstance.get()
    home = Path(instance.root_directory)
    try:
        with _alone(home):
            _fail_orphaned_runs(instance)
            with _watching(instance, report), _output_to(home / "sync.log"):
                result = dg.execute_job(
                    dg.reconstructable(job),
                    instance=instance,
                    tags={**(tags or {}), ORIGIN_TAG: ORIGIN},
                    run_config=run_config,
                )
            return RunOutcome(result.run_id, result.success, tuple(_failures(instance, result.run_id)))
    except OperationalError as error:
        raise StorageError(
            f"Dagster's own storage in {os.environ.get('DAGSTER_HOME')} cannot be written ({error.orig}): the disk may "
            "be full. Free space, then run again: finished segments are kept."
        ) from None


@contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """Let this process and its children write their output to a log; the person at the terminal gets the report."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        for stream, number in zip(kept, (1, 2), strict=True):
            os.dup2(stream, number)
            os.close(stream)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    lock = FileLock(home / "sync.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            "Another og-assets sync or ingest is running on this data directory. Wait for it, or stop it."
        ) from None
    with lock:
        yield


def _fail_orphaned_runs(instance: dg.DagsterInstance) -> None:
    """End the runs of killed commands and free their pool slots. Whoever holds the lock is the only one alive."""
    unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    for run in instance.get_runs(dg.RunsFilter(statuses=unfinished, tags={ORIGIN_TAG: ORIGIN})):
        instance.report_run_failed(run, message="The og-assets command that ran this was killed; a later one found it.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


@contextmanager
def _watching(instance: dg.DagsterInstance, report: Report) -> Iterator[None]:
    """Report the events of the run that starts inside the block, as they are stored."""
    over = threading.Event()
    started = datetime.now().astimezone()
    watcher = threading.Thread(target=_report_events, args=(instance, started, over, report), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _report_events(instance: dg.DagsterInstance, started: datetime, over: threading.Event, report: Report) -> None:
    # Where the storage fails, the run fails by the same error and tells of it.
    with suppress(OperationalError):
        _follow_events(instance, started, over, report)


def _follow_events(instance: dg.DagsterInstance, started: datetime, over: threading.Event, report: Report) -> None:
    run_id, cursor, last_look = None, None, False
    while True:
        last_look = over.wait(_POLL_SECONDS)
        if run_id is None:
            records = instance.get_run_records(dg.RunsFilter(tags={ORIGIN_TAG: ORIGIN}, created_after=started), limit=1)
            run_id = records[0].dagster_run.run_id if records else None
        if run_id is not None:
            connection = instance.get_records_for_run(run_id, cursor=cursor)
            cursor = connection.cursor
            for record in connection.records:
                event = record.event_log_entry.dagster_event
                if event and event.step_key and event.event_type in _KINDS:
                    report(StepEvent(step=event.step_key, kind=_KINDS[event.event_type], rows=_rows(event)))
                elif event and event.step_key and (event.message or "").startswith(_BLOCKED):
                    report(StepEvent(step=event.step_key, kind="waiting"))
        if last_look:
            return


def _rows(event: dg.DagsterEvent) -> int | None:
    """The rows that a raw asset's pull brought. A pull of several windows repeats the same number for each of them."""
    if event.event_type != dg.DagsterEventType.ASSET_MATERIALIZATION or event.asset_key is None:
        return None
    rows = event.step_materialization_data.materialization.metadata.get("pull/rows")
    is_raw = event.asset_key.path[0] == "ordergroove"
    return rows.value if is_raw and isinstance(rows, dg.IntMetadataValue) else None


def _failures(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        message = described or (data.error.cause or data.error).message if data.error else described
        yield f"{event.step_key}: {(message or 'failed').strip()}"
