"""Runs of the command line: what Dagster keeps of them, what is reported, and how they end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from og_assets.orchestration.executor import parallel_executor
from og_assets.orchestration.local_runs import (
    ORIGIN,
    ORIGIN_TAG,
    BusyError,
    fail_orphaned_runs,
    never_materialized,
    run_job,
)
from og_assets.orchestration.step_events import StepEvent
from og_assets.settings import PROJECT_ROOT

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-05")


@dg.asset(
    key=["ordergroove", "orders"],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="ordergroove_orders",
)
def orders(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    assert context.partition_keys
    return dg.MaterializeResult(metadata={"pull/rows": 3})


@dg.asset
def broken() -> None:
    raise dg.Failure("The store is closed.", allow_retries=False)


@dg.executor(name="interrupted")
def interrupted(_context: dg.InitExecutorContext) -> dg.Executor:
    raise KeyboardInterrupt


def definitions() -> dg.Definitions:
    return dg.Definitions(
        assets=[orders, broken],
        jobs=[
            dg.define_asset_job("daily_sync", selection=[orders]),
            dg.define_asset_job("broken_job", selection=[broken]),
            dg.define_asset_job("interrupted_job", selection=[broken], executor_def=interrupted),
        ],
        executor=parallel_executor,
    )


def orders_job() -> dg.JobDefinition:
    return definitions().resolve_job_def("daily_sync")


def broken_job() -> dg.JobDefinition:
    return definitions().resolve_job_def("broken_job")


def interrupted_job() -> dg.JobDefinition:
    return definitions().resolve_job_def("interrupted_job")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text((PROJECT_ROOT / "dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


def sync(events: list[StepEvent], *, first: str = "2026-01-01", last: str = "2026-01-01") -> str:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    outcome = run_job(orders_job, report=events.append, one_process=True, tags=tags)
    assert outcome.success
    return outcome.run_id


def test_steps_and_rows_are_reported_and_partitions_are_materialized() -> None:
    events: list[StepEvent] = []
    sync(events, last="2026-01-02")
    assert [event.kind for event in events] == ["started", "rows", "rows", "finished"]
    assert [event.rows for event in events] == [None, 3, 3, None]
    assert {event.asset for event in events if event.kind == "rows"} == {"ordergroove/orders"}
    keys = ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert never_materialized([["ordergroove", "orders"]], partition_keys=keys) == ["2026-01-03"]


def test_dagsters_ui_shows_the_run_on_the_timeline_and_on_the_page_of_its_job(home: Path) -> None:
    """The queries of the UI: its timeline skips runs without `repositoryOrigin`, its job page filters by the tag."""
    run_id = sync([])
    query = """{ runsOrError(filter: {pipelineName: "daily_sync",
        tags: [{key: ".dagster/repository", value: "__repository__@og_assets"}]}) { ... on Runs { results {
        runId pipelineName startTime endTime repositoryOrigin { repositoryName repositoryLocationName } } } } }"""
    (home / "workspace.yaml").write_text("load_from: []")
    done = subprocess.run(
        [Path(sys.executable).with_name("dagster-graphql"), "-w", str(home / "workspace.yaml"), "-t", query],
        env={**os.environ, "DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    (run,) = json.loads(done.stdout)["data"]["runsOrError"]["results"]
    assert run["runId"] == run_id and run["startTime"] and run["endTime"]
    assert run["repositoryOrigin"] == {"repositoryName": "__repository__", "repositoryLocationName": "og_assets"}


def test_failure_of_a_step_is_returned_with_its_message() -> None:
    outcome = run_job(broken_job, report=lambda _event: None, one_process=True)
    assert not outcome.success and outcome.failures == ("broken: The store is closed.",)


def test_waiting_step_names_its_pool_and_who_holds_it() -> None:
    instance = dg.DagsterInstance.get()
    storage = instance.event_log_storage
    storage.set_concurrency_slots("ordergroove_orders", 1)
    other = instance.create_run_for_job(orders_job(), status=dg.DagsterRunStatus.STARTED).run_id
    assert storage.claim_concurrency_slot("ordergroove_orders", other, "ordergroove__census_orders").is_claimed
    events: list[StepEvent] = []

    def report(event: StepEvent) -> None:
        events.append(event)
        if event.kind == "waiting":
            storage.free_concurrency_slots_for_run(other)

    run_job(orders_job, report=report, one_process=True, tags={"dagster/partition": "2026-01-01"})
    waiting = [event for event in events if event.kind == "waiting"]
    assert waiting[0].step == "ordergroove__orders"
    assert waiting[0].detail == f"for pool ordergroove_orders (held by census_orders of run {other[:8]})"
    assert events[-1].kind == "finished"


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_run_of_a_killed_command_is_ended_and_its_pool_slot_is_free(status: dg.DagsterRunStatus) -> None:
    instance = dg.DagsterInstance.get()
    storage = instance.event_log_storage
    storage.set_concurrency_slots("ordergroove_orders", 1)
    tags = {ORIGIN_TAG: ORIGIN, "dagster/partition": "2026-01-01"}
    run = instance.create_run_for_job(orders_job(), tags=tags, status=status)
    storage.claim_concurrency_slot("ordergroove_orders", run.run_id, "ordergroove__orders")
    fail_orphaned_runs()
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None and ended.status == dg.DagsterRunStatus.FAILURE
    assert not storage.get_concurrency_info("ordergroove_orders").claimed_slots


def test_run_that_is_interrupted_before_its_first_event_is_ended() -> None:
    with pytest.raises(KeyboardInterrupt):
        run_job(interrupted_job, report=lambda _event: None, one_process=False)
    (run,) = dg.DagsterInstance.get().get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE


def test_run_that_the_ui_executes_again_goes_on() -> None:
    instance = dg.DagsterInstance.get()
    first = sync([])
    tags = {ORIGIN_TAG: ORIGIN}
    again = instance.create_run_for_job(
        orders_job(), tags=tags, status=dg.DagsterRunStatus.STARTED, parent_run_id=first, root_run_id=first
    )
    fail_orphaned_runs()
    found = instance.get_run_by_id(again.run_id)
    assert found is not None and found.status == dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, None, dg.DagsterRunStatus.STARTED])
def test_pool_slot_of_a_finished_or_deleted_run_is_freed(status: dg.DagsterRunStatus | None) -> None:
    """Ctrl-C on `og-assets dev` kills the runs that the UI launched, with the daemon that would free their slots."""
    instance = dg.DagsterInstance.get()
    storage = instance.event_log_storage
    storage.set_concurrency_slots("ordergroove_orders", 1)
    run_id = "0123456789"
    if status is not None:
        run_id = instance.create_run_for_job(orders_job(), status=status).run_id
    storage.claim_concurrency_slot("ordergroove_orders", run_id, "ordergroove__orders")
    fail_orphaned_runs()
    held = storage.get_concurrency_info("ordergroove_orders").claimed_slots
    assert bool(held) == (status == dg.DagsterRunStatus.STARTED)


def test_second_command_on_the_same_data_directory_is_refused(home: Path) -> None:
    with FileLock(home / "sync.lock"), pytest.raises(BusyError, match="Another og-assets sync or ingest is running"):
        sync([])
