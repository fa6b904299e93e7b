"""The inbox sensor: real event files, a real instance and real run records."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import dagster as dg
import pytest

from og_assets.defs.events import webhook_events
from og_assets.defs.inbox_sensor import UNFINISHED, webhook_inbox_sensor
from og_assets.defs.jobs import PUBLISHED_MARTS
from og_assets.defs.publishing import BUILD_STARTED
from og_assets.defs.resources import InboxResource
from og_assets.settings import Settings


class Inbox:
    """A data folder with an inbox, its Dagster instance, and what the sensor says of both."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.folder = folder
        self.instance = instance
        self.settings: dict[str, Any] = {"og_inbox_settle": 0}

    @property
    def resources(self) -> dict[str, InboxResource]:
        settings = Settings(_env_file=None, og_data_dir=self.folder, **self.settings)
        return {"inbox": InboxResource(settings=settings)}

    def put(self, name: str, number: int) -> None:
        row = {"type": "order", "public_id": f"o{number}"}
        body = {"id": f"e{number}", "type": "order.delete", "created": 1_700_000_000, "data": {"object": row}}
        path = self.folder / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body) + "\n")

    def ingest(self) -> None:
        dg.materialize([webhook_events], resources=self.resources, instance=self.instance)

    def publish(self, *, build_started: float | None = None) -> None:
        """Leave in the instance the event of a published build, which started now unless given."""
        started = time.time() if build_started is None else build_started
        metadata = {BUILD_STARTED: dg.MetadataValue.timestamp(started)}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(PUBLISHED_MARTS, metadata=metadata))

    def tick(self) -> dg.RunRequest | dg.SkipReason:
        with dg.build_sensor_context(instance=self.instance, resources=self.resources) as context:
            answer = webhook_inbox_sensor(context)
        assert isinstance(answer, dg.RunRequest | dg.SkipReason)
        assert context.cursor is None, "the sensor needs no memory: a cursor that is reset loses nothing"
        return answer

    def skipped(self) -> str:
        answer = self.tick()
        assert isinstance(answer, dg.SkipReason)
        return answer.skip_message or ""

    def requested(self) -> dg.RunRequest:
        answer = self.tick()
        assert isinstance(answer, dg.RunRequest), answer
        return answer

    def record_run(self, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
        """Leave in the instance what the daemon leaves of a requested run."""
        events = {dg.DagsterRunStatus.SUCCESS: "PIPELINE_SUCCESS", dg.DagsterRunStatus.FAILURE: "PIPELINE_FAILURE"}
        run = self.instance.create_run_for_job(
            _ingest_webhooks,
            status=dg.DagsterRunStatus.NOT_STARTED if status in events else status,
            tags=dict(request.tags),
        )
        if status in events:
            event = dg.DagsterEvent(event_type_value=events[status], job_name=run.job_name)
            self.instance.report_dagster_event(event, run_id=run.run_id)


@dg.job(name="ingest_webhooks")
def _ingest_webhooks() -> None:
    """A job of the same name: the sensor looks at run records only, so one without steps is enough."""


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Inbox(tmp_path, instance)


def later(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Set the sensor's clock ahead."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(time.time() + seconds, tz or UTC)

    monkeypatch.setattr("og_assets.defs.inbox_sensor.datetime", Later)


def test_empty_inbox_is_skipped_with_a_reason(inbox: Inbox) -> None:
    assert inbox.skipped() == "0 files in the inbox: 0 new. Nothing new."


def test_one_tick_requests_one_run_for_all_new_files(inbox: Inbox) -> None:
    for number in range(3):
        inbox.put(f"{number}.jsonl", number)
    request = inbox.requested()
    assert request.run_key == inbox.requested().run_key, "the same files are one request"
    inbox.put("3.jsonl", 3)
    assert inbox.requested().run_key != request.run_key


@pytest.mark.parametrize("policy", ["move", "keep", "delete"])
def test_ingested_content_is_not_requested_again(policy: str, inbox: Inbox) -> None:
    inbox.settings["og_taken_dumps"] = policy
    inbox.put("a.jsonl", 1)
    inbox.ingest()
    inbox.publish()
    assert "Nothing new" in inbox.skipped()
    inbox.put("other name.jsonl", 1)
    assert "1 with content that is in the lake already" in inbox.skipped()
    inbox.put("b.jsonl", 2)
    inbox.requested()


def test_ingested_events_are_requested_until_they_are_published(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.publish()
    assert "Nothing new" in inbox.skipped()
    inbox.put("a.jsonl", 1)
    inbox.record_run(inbox.requested(), dg.DagsterRunStatus.FAILURE)
    inbox.ingest()
    request = inbox.requested()
    inbox.record_run(request, dg.DagsterRunStatus.FAILURE)
    assert "did not publish the events that are in the lake" in inbox.skipped()
    later(monkeypatch, seconds=61)
    assert inbox.requested().run_key != request.run_key
    monkeypatch.undo()
    inbox.publish()
    assert "Nothing new" in inbox.skipped()


def test_build_that_started_before_the_events_were_ingested_does_not_count(inbox: Inbox) -> None:
    started = time.time()
    inbox.put("a.jsonl", 1)
    inbox.ingest()
    inbox.publish(build_started=started)
    inbox.requested()


def test_unfinished_statuses_are_all_but_the_final_ones() -> None:
    final = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    # MANAGED is a status that Dagster does not use any more.
    assert {status for status in dg.DagsterRunStatus if status.name != "MANAGED"} - final == set(UNFINISHED)


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_nothing_is_requested_while_a_run_is_unfinished(status: str, inbox: Inbox) -> None:
    inbox.put("a.jsonl", 1)
    inbox.record_run(inbox.requested(), dg.DagsterRunStatus[status])
    assert "of ingest_webhooks to end" in inbox.skipped()
    inbox.put("b.jsonl", 2)
    assert "of ingest_webhooks to end" in inbox.skipped()


@pytest.mark.parametrize("end", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS])
def test_files_that_a_run_left_are_requested_later_with_a_new_key(
    end: dg.DagsterRunStatus, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.put("a.jsonl", 1)
    first = inbox.requested()
    inbox.record_run(first, end)
    assert "did not ingest them" in inbox.skipped()

    later(monkeypatch, seconds=61)
    again = inbox.requested()
    assert again.run_key != first.run_key and again.tags == first.tags
    inbox.record_run(again, end)
    later(monkeypatch, seconds=100)
    assert "did not ingest them" in inbox.skipped(), "the second wait is longer"
    for _ in range(12):
        inbox.record_run(again, end)
    later(monkeypatch, seconds=3700)
    inbox.requested()  # Never longer than an hour.


def test_file_that_is_still_being_written_is_counted(inbox: Inbox) -> None:
    inbox.settings["og_inbox_settle"] = 60
    inbox.put("a.jsonl", 1)
    assert inbox.skipped() == "1 file in the inbox: 0 new, 1 still being written. Nothing new."


def test_sensor_is_off_until_the_user_turns_it_on(location: dg.Definitions) -> None:
    sensor = location.resolve_sensor_def("webhook_inbox_sensor")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert sensor.job_name == "ingest_webhooks"
