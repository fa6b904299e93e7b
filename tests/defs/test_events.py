"""The events asset and its sensor: real files, a real instance, real run records."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from og_assets.definitions import defs
from og_assets.defs.events import IngestConfig, webhook_events
from og_assets.defs.inbox_sensor import _UNDER_WAY, webhook_inbox_sensor
from og_assets.lake.lake import Lake


def event(number: int, event_type: str = "order.delete") -> dict[str, Any]:
    row = {"type": "order", "public_id": f"o{number}"}
    return {"id": f"e{number}", "type": event_type, "created": 1_700_000_000 + number, "data": {"object": row}}


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OG_INBOX_SETTLE", "0")
    return tmp_path / "data"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def put(data_dir: Path, name: str, *lines: Any) -> Path:
    path = data_dir / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


@dg.multi_asset(name="dbt_models", specs=[dg.AssetSpec("a_model")])
def build() -> None:
    pass


@dg.asset(name="published_marts", deps=["a_model"])
def publish() -> None:
    pass


def build_and_publish(instance: dg.DagsterInstance) -> None:
    """What a run leaves in the instance that has built and published."""
    dg.materialize([build, publish], instance=instance)


def take_in(data_dir: Path, instance: dg.DagsterInstance | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize([webhook_events], resources={"lake": Lake(data_dir / "lake")}, instance=instance)


def tick(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    context = dg.build_sensor_context(instance=instance, definitions=defs())
    answer = webhook_inbox_sensor(context)
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


def skipped(instance: dg.DagsterInstance) -> str:
    answer = tick(instance)
    assert isinstance(answer, dg.SkipReason)
    return answer.skip_message or ""


def requested(instance: dg.DagsterInstance) -> dg.RunRequest:
    answer = tick(instance)
    assert isinstance(answer, dg.RunRequest), answer
    return answer


def record_run(instance: dg.DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    """Leave in the instance what the daemon would have left of a run that was asked for."""
    events = {
        dg.DagsterRunStatus.SUCCESS: "PIPELINE_SUCCESS",
        dg.DagsterRunStatus.FAILURE: "PIPELINE_FAILURE",
    }
    run = instance.create_run_for_job(
        defs().resolve_job_def("ingest_webhooks"),
        status=dg.DagsterRunStatus.NOT_STARTED if status in events else status,
        tags=dict(request.tags),
    )
    if status in events:
        event = dg.DagsterEvent(event_type_value=events[status], job_name=run.job_name)
        instance.report_dagster_event(event, run_id=run.run_id)


def test_taking_in_tells_what_came(data_dir: Path) -> None:
    put(data_dir, "a.jsonl", event(1), event(2, "order.success"), event(3, "order.success"))
    result = take_in(data_dir)
    (materialization,) = result.asset_materializations_for_node("ordergroove__webhook_events")
    told = {name: value.value for name, value in materialization.metadata.items()}
    assert (told["dagster/row_count"], told["dumps"], told["quarantined"]) == (3, 1, 0)
    assert told["oldest event"] == 1_700_000_001 and told["newest event"] == 1_700_000_003
    assert "| order.success | 2 |" in str(told["event types"])
    assert all(evaluation.passed for evaluation in result.get_asset_check_evaluations())


def test_checks_tell_what_is_odd_and_stop_nothing(data_dir: Path) -> None:
    put(data_dir, "a.jsonl", event(1, "order.teleport"), "{torn", event(2))
    result = take_in(data_dir)
    assert result.success
    bad = {each.check_name: each for each in result.get_asset_check_evaluations() if not each.passed}
    assert bad.keys() == {"nothing_quarantined", "event_types_are_known"}
    assert "order.teleport (1)" in str(bad["event_types_are_known"].description)
    assert all(each.severity == dg.AssetCheckSeverity.WARN for each in bad.values())


def test_empty_inbox_is_no_failure_and_is_said(data_dir: Path, instance: dg.DagsterInstance) -> None:
    assert take_in(data_dir).success
    assert skipped(instance) == "Looked at 0 files in the inbox: 0 new. Nothing new."


def test_one_tick_asks_for_one_run_for_all_that_is_new(data_dir: Path, instance: dg.DagsterInstance) -> None:
    for number in range(3):
        put(data_dir, f"{number}.jsonl", event(number))
    request = requested(instance)
    assert request.run_key == requested(instance).run_key, "the same dumps are one request"
    put(data_dir, "3.jsonl", event(3))
    assert requested(instance).run_key != request.run_key


@pytest.mark.parametrize("policy", ["move", "keep", "delete"])
def test_what_was_taken_in_is_not_asked_for_again(
    policy: str, data_dir: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OG_TAKEN_DUMPS", policy)
    put(data_dir, "a.jsonl", event(1))
    take_in(data_dir)
    build_and_publish(instance)
    assert "Nothing new" in skipped(instance)
    put(data_dir, "other name.jsonl", event(1))
    assert "1 copies of what is in the lake" in skipped(instance)
    put(data_dir, "b.jsonl", event(2))
    requested(instance)


def test_sensor_keeps_no_memory_of_its_own(data_dir: Path, instance: dg.DagsterInstance) -> None:
    put(data_dir, "a.jsonl", event(1))
    take_in(data_dir)
    build_and_publish(instance)
    context = dg.build_sensor_context(instance=instance, definitions=defs(), cursor=None)
    answer = webhook_inbox_sensor(context)
    assert isinstance(answer, dg.SkipReason) and "Nothing new" in str(answer.skip_message)
    assert context.cursor is None, "a cursor that is reset takes nothing with it"


def test_events_that_no_published_build_has_seen_are_asked_for_until_one_has(
    data_dir: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_and_publish(instance)
    assert "Nothing new" in skipped(instance)
    put(data_dir, "a.jsonl", event(1))
    record_run(instance, requested(instance), dg.DagsterRunStatus.FAILURE)
    take_in(data_dir)
    # The run that took the dump in failed before the marts were published.
    request = requested(instance)
    record_run(instance, request, dg.DagsterRunStatus.FAILURE)
    assert "did not publish the events that are in the lake" in skipped(instance)
    later(monkeypatch, seconds=61)
    assert requested(instance).run_key != request.run_key
    monkeypatch.undo()
    build_and_publish(instance)
    assert "Nothing new" in skipped(instance)


def test_build_that_began_before_the_events_came_does_not_count(data_dir: Path, instance: dg.DagsterInstance) -> None:
    @dg.multi_asset(name="dbt_models", specs=[dg.AssetSpec("a_model")])
    def slow_build() -> None:
        put(data_dir, "a.jsonl", event(1))
        take_in(data_dir)

    dg.materialize([slow_build, publish], instance=instance)
    requested(instance)


def test_every_run_that_is_not_finished_is_under_way() -> None:
    assert set(_UNDER_WAY) == set(NOT_FINISHED_STATUSES)


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_nothing_is_asked_for_while_a_run_is_under_way(
    status: str, data_dir: Path, instance: dg.DagsterInstance
) -> None:
    put(data_dir, "a.jsonl", event(1))
    record_run(instance, requested(instance), dg.DagsterRunStatus[status])
    assert "is under way" in skipped(instance)
    put(data_dir, "b.jsonl", event(2))
    assert "is under way" in skipped(instance)


@pytest.mark.parametrize("end", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS])
def test_what_a_run_did_not_take_in_is_tried_again_later_with_a_fresh_key(
    end: dg.DagsterRunStatus, data_dir: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(data_dir, "a.jsonl", event(1))
    first = requested(instance)
    record_run(instance, first, end)
    assert "did not take them in" in skipped(instance)

    later(monkeypatch, seconds=61)
    again = requested(instance)
    assert again.run_key != first.run_key and again.tags == first.tags
    record_run(instance, again, end)
    later(monkeypatch, seconds=100)
    assert "did not take them in" in skipped(instance), "the second wait is longer"
    for _ in range(12):
        record_run(instance, again, end)
    later(monkeypatch, seconds=3700)
    requested(instance)  # Never longer than an hour.


def later(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Let the sensor think that it is later."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(time.time() + seconds, tz or UTC)

    monkeypatch.setattr("og_assets.defs.inbox_sensor.datetime", Later)


def test_run_takes_as_much_as_it_is_told_to(data_dir: Path) -> None:
    for number in range(3):
        put(data_dir, f"{number}.jsonl", event(number))
    result = dg.materialize(
        [webhook_events],
        resources={"lake": Lake(data_dir / "lake")},
        run_config={"ops": {"ordergroove__webhook_events": {"config": {"max_bytes": 1}}}},
    )
    (materialization,) = result.asset_materializations_for_node("ordergroove__webhook_events")
    assert materialization.metadata["dumps left for the next run"].value == 2
    assert IngestConfig().max_bytes < 2**40, "one run is bounded unless told otherwise"


def test_what_was_odd_is_told_for_a_week_and_not_for_one_run(data_dir: Path) -> None:
    put(data_dir, "a.jsonl", event(1, "order.teleport"), "{torn", event(2))
    take_in(data_dir)
    put(data_dir, "b.jsonl", event(3))
    bad = {each.check_name for each in take_in(data_dir).get_asset_check_evaluations() if not each.passed}
    assert bad == {"nothing_quarantined", "event_types_are_known"}


def test_what_the_receiver_put_aside_is_told_of(data_dir: Path) -> None:
    refused = data_dir / "lake" / "quarantine" / "webhook_deliveries" / f"{datetime.now(UTC):%Y-%m-%d}-7.jsonl"
    refused.parent.mkdir(parents=True)
    refused.write_text("{}\n{}\n")
    refused.with_name("2020-01-01-7.jsonl").write_text("{}\n")
    (told,) = (each for each in take_in(data_dir).get_asset_check_evaluations() if not each.passed)
    assert "2 signed deliveries" in str(told.description)


def test_file_that_is_still_being_written_is_told_of(
    data_dir: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OG_INBOX_SETTLE", "60")
    put(data_dir, "a.jsonl", event(1))
    assert skipped(instance) == "Looked at 1 file in the inbox: 0 new, 1 still being written. Nothing new."


def test_sensor_is_off_until_the_user_turns_it_on_and_starts_ingest_webhooks() -> None:
    sensor = defs().resolve_sensor_def("webhook_inbox_sensor")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert sensor.job_name == "ingest_webhooks"
