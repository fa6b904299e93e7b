"""Runs a job from the command line, in this process and its children, without a daemon.

Belongs here: one run from its creation to its outcome, and the runs of commands that were killed. Does not belong here:
which job runs, and for which windows (`cli`).
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock, Timeout
from sqlalchemy.exc import OperationalError

from og_assets.errors import OgAssetsError
from og_assets.orchestration.executor import ONE_PROCESS
from og_assets.orchestration.run_origin import record_code_location
from og_assets.orchestration.step_events import Report, reported_steps, step_label

# Marks the runs of the command line, so that one whose process was killed can be found.
ORIGIN_TAG = "og_assets/origin"
ORIGIN = "og-assets"

_UNFINISHED = [
    # Created, and stopped before its first event.
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


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


def run_job(
    job: Callable[[], dg.JobDefinition],
    *,
    report: Report,
    one_process: bool,
    tags: Mapping[str, str] | None = None,
    run_config: Mapping[str, Any] | None = None,
    before_exit: Callable[[Callable[[], None]], AbstractContextManager[None]] = nullcontext,  # type: ignore[assignment]
) -> RunOutcome:
    """Run a job to its end. `job` is a function of a module: steps in other processes call it again by its name.

    `before_exit` takes the function to call where a signal ends this process in the middle of the run.
    Raises `BusyError` where another command runs, and `StorageError`.
    """
    instance = dg.DagsterInstance.get()
    home = Path(instance.root_directory)
    run_tags = {**(tags or {}), ORIGIN_TAG: ORIGIN}
    definition = job()
    record_code_location(instance, job_name=definition.name)
    pools = {op.name: op.pool for op in definition.all_node_defs if isinstance(op, dg.OpDefinition) and op.pool}
    try:
        with _only_command(home), before_exit(partial(_fail_orphaned_runs, instance)):
            _fail_orphaned_runs(instance)
            with reported_steps(instance, tags=run_tags, pools=pools, report=report), _output_to(home / "sync.log"):
                try:
                    result = dg.execute_job(
                        dg.reconstructable(job),
                        instance=instance,
                        tags=run_tags,
                        run_config={**(run_config or {}), **(ONE_PROCESS if one_process else {})},
                    )
                finally:
                    # An interrupt before the run's first event leaves it unfinished.
                    _fail_orphaned_runs(instance)
            return RunOutcome(result.run_id, result.success, tuple(_failures(instance, result.run_id)))
    except OperationalError as error:
        raise StorageError(
            f"Dagster's own storage in {home} cannot be written ({error.orig}): the disk may be full. Free space, then "
            "run again: finished segments are kept."
        ) from None


def never_materialized(asset_paths: Sequence[Sequence[str]], *, partition_keys: Sequence[str]) -> list[str]:
    """Return the partitions that at least one of the assets was never materialized for."""
    instance = dg.DagsterInstance.get()
    materialized = [instance.get_materialized_partitions(dg.AssetKey(path)) for path in asset_paths]
    return [key for key in partition_keys if not all(key in done for done in materialized)]


def fail_orphaned_runs() -> None:
    """End the runs of commands that were killed and free the pool slots of ended runs, unless a command runs now."""
    instance = dg.DagsterInstance.get()
    with suppress(BusyError), _only_command(Path(instance.root_directory)):
        _fail_orphaned_runs(instance)


@contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """Write the output of this process and its children to a log; the terminal shows the reported steps."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, number in zip(kept, (1, 2), strict=True):
            os.dup2(stream, number)
            os.close(stream)


@contextmanager
def _only_command(home: Path) -> Iterator[None]:
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
    """End the unfinished runs of the command line, and free pool slots. The caller holds the lock: no command runs."""
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED, tags={ORIGIN_TAG: ORIGIN})):
        # A run that the UI executes again has the tags of the first run, but another process.
        if run.parent_run_id is None:
            instance.report_run_failed(run, message="The process of this og-assets command ended before the run did.")
    _free_slots_of_ended_runs(instance)


def _free_slots_of_ended_runs(instance: dg.DagsterInstance) -> None:
    """Free the pool slots of runs that are finished or deleted. Without a daemon, no other process frees them."""
    storage = instance.event_log_storage
    for run_id in storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slots_for_run(run_id)


def _failures(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        message = described or (data.error.cause or data.error).message if data.error else described
        yield f"{step_label(event.step_key or '')}: {(message or 'failed').strip()}"
