"""Webhook dumps become deletions in the marts: by the command line, and by the real daemon."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from og_assets.events.inbox import inbox_of
from og_assets.events.ingest import EventIngestion
from og_assets.lake.lake import Lake
from og_assets.settings import PROJECT_ROOT
from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.webhooks import Webhooks

from .installation import Project, last_window_end

NEW_YORK = ZoneInfo("America/New_York")
DAYS = 120


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("webhooks") / "dumps"


@pytest.fixture(scope="module")
def server(dumps: Path) -> Iterator[RunningStore]:
    """A store whose every event was dumped, the last ones on the day before the newest window's end."""
    hooks = Webhooks()
    hooks.dump_to(dumps)
    until = last_window_end() - timedelta(days=1)
    store = Store(seed=11, customers=120, days=DAYS, until=until, webhooks=hooks)
    hooks.close()
    with serve(store, webhooks=hooks) as running:
        yield running


@pytest.fixture(scope="module")
def synced(make_project: Callable[..., Project], server: RunningStore) -> Project:
    """Pulled in two windows, so that what was deleted before was never seen by a pull."""
    project = make_project(server, start_date=(last_window_end() - timedelta(days=2)).date().isoformat())
    project.sync((last_window_end() - timedelta(days=2)).date().isoformat())
    return project


def copy_of(project: Project, folder: Path) -> Project:
    """The same installation once more. Its Dagster home names the folder that it was made in, so it gets a new one."""
    shutil.copytree(project.data_dir, folder, ignore=shutil.ignore_patterns("dagster"))
    return Project(data_dir=folder, server=project.server, start_date=project.start_date)


def ingest(project: Project) -> str:
    code, output = project.run("ingest")
    assert code == 0, output
    return output


def take_in_and_build(project: Project) -> None:
    """What lies in the inbox into the lake and the build file, as `ingest` does, but by no run, and unpublished."""
    inbox = inbox_of(project.data_dir, settle_seconds=0)
    lake = Lake(project.data_dir / "lake")
    report = EventIngestion(inbox=inbox, lake=lake, policy="hash", ingested_file_policy="move", run_id="first").run(
        max_bytes=2**62, progress=lambda _said: None
    )
    assert report.landed.events
    dbt = [str(Path(sys.executable).with_name("dbt")), "run", "--quiet"]
    folder = str(PROJECT_ROOT / "dbt_project")
    made = ["--target-path", str(project.data_dir / "warehouse" / "dbt"), "--log-path", str(project.data_dir / "logs")]
    subprocess.run(
        [*dbt, "--project-dir", folder, "--profiles-dir", folder, *made], env=project.environment, check=True
    )


@pytest.fixture(scope="module")
def clean(synced: Project, dumps: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What a delivery without a fault gives."""
    project = copy_of(synced, tmp_path_factory.mktemp("clean") / "data")
    shutil.copytree(dumps, project.data_dir / "inbox")
    ingest(project)
    return project


def test_deletions_that_were_told_are_in_the_marts_at_their_second(clean: Project, server: RunningStore) -> None:
    truth = server.store.truth.tables()
    for mart, key, table in (
        ("fct_order_items", "order_item_id", "deleted_items"),
        ("fct_orders", "order_id", "deleted_orders"),
    ):
        found = dict(clean.query(f"select {key}, deleted_at from {mart} where outcome = 'deleted'"))
        # An item that is deleted at the end of its out-of-stock retries has no event.
        told = {
            row["id"]: row["at"].replace(tzinfo=NEW_YORK).astimezone(UTC)
            for row in truth[table]
            if row["cause"] != "out_of_stock"
        }
        # How many there are goes with the day of the test: the store lives until yesterday.
        assert len(told) > 5, "a store in which nothing is deleted proves nothing"
        assert {key: at.astimezone(UTC) for key, at in found.items()} == told  # type: ignore[attr-defined]


def test_what_lives_is_not_deleted_and_moves_are_no_deletions(clean: Project, server: RunningStore) -> None:
    truth = server.store.truth.tables()
    deleted = {key for (key,) in clean.query("select order_item_id from fct_order_items where deleted_at is not null")}
    alive = {row["id"] for row in truth["items"]}
    moved = {row["item"] for row in truth["moves"]}
    assert alive & moved, "a store in which nothing moves proves nothing"
    assert not deleted & alive


def test_doubled_shuffled_late_and_renamed_deliveries_change_nothing(
    clean: Project, synced: Project, dumps: Path, tmp_path: Path
) -> None:
    project = copy_of(synced, tmp_path / "data")
    inbox = project.data_dir / "inbox"
    chance = random.Random(3)
    lines = [line for path in sorted(dumps.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    late = set(chance.sample(range(len(lines)), len(lines) // 10))
    deliveries = [line for number, line in enumerate(lines) if number not in late for _ in range(2)]
    chance.shuffle(deliveries)
    write(inbox / "first" / "all.jsonl", deliveries)
    take_in_and_build(project)
    deleted = "select count(*) from {} where outcome = 'deleted'"
    with duckdb.connect(str(project.data_dir / "warehouse" / "build.duckdb"), read_only=True) as connection:
        missed = connection.execute(deleted.format("marts.fct_order_items")).fetchall()
    assert missed < clean.query(deleted.format("fct_order_items")), "what is late must be missed until it comes"

    three_days_later = [delayed(lines[number], timedelta(days=3)) for number in sorted(late)]
    chance.shuffle(three_days_later)
    write(inbox / "late.jsonl", three_days_later * 2)
    shutil.copy(project.data_dir / "archive" / "first" / "all.jsonl", inbox / "again under another name.jsonl")
    # All of it once more, in another order and another shape: nothing of it is news.
    chance.shuffle(lines)
    (inbox / "everything.json").write_text(json.dumps([json.loads(line)["event"] for line in lines]))
    ingest(project)
    assert project.marts() == clean.marts()


def test_daemon_brings_a_deletion_from_a_dump_to_the_analysts(
    synced: Project, server: RunningStore, dumps: Path, tmp_path: Path
) -> None:
    project = copy_of(synced, tmp_path / "data")
    store = server.store
    item = next(row for row in store.truth.table("items") if row["order_status"] == 1 and row["subscription"])
    before = {path: path.stat().st_size for path in dumps.rglob("*.jsonl")}
    store.remove_item(item["id"])
    server.webhooks.close()
    written = [path for path in dumps.rglob("*.jsonl") if path.stat().st_size != before.get(path)]
    assert written

    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)
    environment = {name: value for name, value in project.environment.items() if value} | {"DAGSTER_HOME": str(home)}
    workspace = ("-w", str(PROJECT_ROOT / "workspace.yaml"))
    dagster = [sys.executable, "-m", "dagster"]
    subprocess.run(
        [*dagster, "sensor", "start", "webhook_inbox_sensor", *workspace], env=environment, check=True, timeout=120
    )
    log = (tmp_path / "daemon.log").open("w")
    daemon = subprocess.Popen(
        [sys.executable, "-m", "dagster._daemon", "run", *workspace],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until(lambda: "Nothing new" in (tmp_path / "daemon.log").read_text(), seconds=120, process=daemon)
        appeared = time.monotonic()
        (project.data_dir / "inbox").mkdir()
        for path in written:
            shutil.copy(path, project.data_dir / "inbox" / f"{path.parent.name}-{path.name}")
        question = f"select outcome from fct_order_items where order_item_id = '{item['id']}'"
        assert project.query(question) == [("open",)]
        wait_until(lambda: project.query(question) == [("deleted",)], seconds=600, process=daemon)
        print(f"from the dump to the analysts: {time.monotonic() - appeared:.0f} s")  # noqa: T201
    finally:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
        log.close()


def write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def delayed(line: str, by: timedelta) -> str:
    envelope: dict[str, Any] = json.loads(line)
    received = datetime.fromisoformat(envelope["received_at"]) + by
    return json.dumps({**envelope, "received_at": received.isoformat()})


def wait_until(is_so: Callable[[], bool], *, seconds: float, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, "the daemon has ended"
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.5)
