"""One installation from its first sync to published deletions, by the command line and by the daemon.

The tests of this file run in order and share the installation: each builds on what the one before left. The store's
truth is the judge of every table, so an undisturbed second installation is not needed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import psutil
import pytest

from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import PROJECT_ROOT
from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.webhooks import Webhooks

from .installation import ZONE, Project, last_days_of_two_months

FIRST, LAST, UNTIL = last_days_of_two_months()
WINDOWED = [api_object.name for api_object in OBJECTS if api_object.window]
DELETED = (("fct_order_items", "order_item_id", "deleted_items"), ("fct_orders", "order_id", "deleted_orders"))


@pytest.fixture(scope="module")
def event_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("webhooks") / "files"


@pytest.fixture(scope="module")
def server(event_files: Path) -> Iterator[RunningStore]:
    """A store whose every webhook event is in a file."""
    hooks = Webhooks()
    hooks.write_files_to(event_files)
    store = Store(seed=11, customers=150, days=150, until=UNTIL, webhooks=hooks)
    hooks.close()
    with serve(store, webhooks=hooks) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: RunningStore) -> Project:
    return Project(data_dir=tmp_path_factory.mktemp("installation"), server=server, start_date=FIRST)


@pytest.fixture(scope="module")
def lines(event_files: Path, server: RunningStore) -> tuple[list[str], list[str]]:
    """The store's deliveries, split into those that arrive in time and those that arrive three days late."""
    assert server.store
    chance = random.Random(3)
    deliveries = [line for path in sorted(event_files.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    late = set(chance.sample(range(len(deliveries)), len(deliveries) // 10))
    in_time = [line for number, line in enumerate(deliveries) if number not in late]
    return in_time, [_delayed(deliveries[number], timedelta(days=3)) for number in sorted(late)]


def test_killed_backfill_resumes_and_faults_change_nothing(project: Project, server: RunningStore) -> None:
    server.faults.set({"delay": 0.4})
    first = project.start("sync", "--from", FIRST, "--to", LAST)
    wait_until(lambda: any(_finished(project).values()), seconds=600, process=first)
    family = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.communicate()
    # Steps notice that their run is gone.
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    finished, asked_before = _finished(project), {name: _windows_asked(server, name) for name in WINDOWED}
    server.requests.clear()

    server.faults.set({"throttle_every": 7, "error_every": 11, "cut_every": 13, "hang_every": 50, "delay": 0.02})
    try:
        output = project.sync(FIRST, LAST)
    finally:
        server.faults.clear()

    assert "done    orders" in output and "Published:" in output
    statuses = Counter(request.status for request in server.requests.all())
    assert min(statuses[429], statuses[500], statuses[None]) >= 1, f"each fault must have been met: {statuses}"
    asked_again = {name: _windows_asked(server, name) for name in WINDOWED}
    assert any(asked_again.values()), "it was killed before its end"
    for name in WINDOWED:
        assert not set(asked_before[name][: finished[name]]) & set(asked_again[name]), name
        assert server.requests.peak_in_flight(name) <= 1, name
    assert server.requests.peak_in_flight() > 1, "different types are pulled in parallel"


def test_marts_agree_with_the_stores_truth(project: Project, server: RunningStore) -> None:
    truth = server.store.truth.tables()
    live = dict(project.query("select subscription_id, is_live from dim_subscriptions"))
    assert live == {row["id"]: row["live"] for row in truth["subscriptions"]}
    assert sum(live.values()) > 30, "a store without live subscriptions proves nothing"
    by_status = dict(project.query("select order_status_code, count(*) from fct_orders group by 1"))
    assert by_status == Counter(row["status"] for row in truth["orders"])
    money = dict(project.query("select order_id, total from fct_orders"))
    assert money == {row["id"]: row["total"] for row in truth["orders"]}
    items = project.query("select order_item_id, order_id, quantity, total_price from fct_order_items")
    assert set(items) == {(row["id"], row["order"], row["quantity"], row["total_price"]) for row in truth["items"]}


def test_damaged_file_is_named_and_analysts_keep_the_published_tables(project: Project) -> None:
    published = project.data_dir / "warehouse" / "analytics.duckdb"
    before = published.read_bytes()
    damaged = project.data_dir / "lake" / "raw" / "orders" / "window=2026-01-01" / "damaged.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"PAR1 cut off in the middle")
    code, output = project.run("ingest")
    damaged.unlink()
    assert code == 1 and str(damaged) in output and "Traceback" not in output
    assert published.read_bytes() == before


def test_warehouse_that_another_process_holds_is_named_with_the_process(project: Project) -> None:
    with duckdb.connect(str(project.data_dir / "warehouse" / "build.duckdb")):
        code, output = project.run("ingest", OG_LOCK_TIMEOUT="2")
    assert code == 1 and f"(process {os.getpid()})" in output and "Traceback" not in output


def test_sigterm_during_the_build_ends_it_and_the_next_sync_changes_only_what_changed(
    project: Project, server: RunningStore
) -> None:
    before = project.marts()
    subscription_id, customer_id = next(
        (row["id"], row["customer"])
        for row in server.store.truth.table("subscriptions")
        if row["live"] and row["prepaid_remaining"] is None
    )
    server.store.change_quantity(subscription_id, quantity=9)

    stopped = project.start("sync", "--from", LAST, "--to", LAST)
    run = psutil.Process(stopped.pid)
    wait_until(lambda: any("dbt" in each.name() for each in run.children(recursive=True)), seconds=600, process=stopped)
    family = run.children(recursive=True)
    stopped.terminate()
    output, _ = stopped.communicate(timeout=60)
    assert stopped.returncode == 128 + signal.SIGTERM and "Stopped" in output
    assert not psutil.wait_procs(family, timeout=60)[1]
    assert project.marts() == before

    project.sync(LAST, LAST)
    after = project.query(f"select quantity from dim_subscriptions where subscription_id = '{subscription_id}'")
    assert after == [(9,)]
    differing = {name: set(rows) ^ set(before[name]) for name, rows in project.marts().items()}
    assert differing["dim_subscriptions"] and not differing["dim_products"]
    # Reports add up, so a change of one subscription is in them, too.
    for name in differing.keys() - {name for name in differing if name.startswith("rpt_")}:
        assert all({subscription_id, customer_id} & set(map(str, row)) for row in differing[name]), name


def test_doubled_shuffled_and_renamed_deliveries_are_ingested_once(
    project: Project, server: RunningStore, lines: tuple[list[str], list[str]]
) -> None:
    in_time, _ = lines
    deliveries = in_time * 2
    random.Random(5).shuffle(deliveries)
    inbox = project.data_dir / "inbox"
    _write(inbox / "first" / "all.jsonl", deliveries)
    _write(inbox / "again under another name.jsonl", deliveries)
    code, output = project.run("ingest")
    assert code == 0, output
    found, expected = _deletions(project, server)
    assert found.items() < expected.items(), "what is late is missing until it arrives"
    deleted = {
        key for (key,) in project.query("select order_item_id from fct_order_items where deleted_at is not null")
    }
    alive = {row["id"] for row in server.store.truth.table("items")}
    assert alive & {row["item"] for row in server.store.truth.table("moves")}, "a store without moves proves nothing"
    assert not deleted & alive


def test_daemon_brings_late_deliveries_to_the_analysts(
    project: Project, server: RunningStore, lines: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    in_time, late = lines
    environment = {**project.environment, "DAGSTER_HOME": str(project.data_dir / "dagster")}
    workspace = ("-w", str(PROJECT_ROOT / "workspace.yaml"))
    dagster = [sys.executable, "-m", "dagster"]
    start = [*dagster, "sensor", "start", "webhook_inbox_sensor", *workspace]
    subprocess.run(start, env=environment, check=True, timeout=300)
    log = (tmp_path / "daemon.log").open("w")
    daemon = subprocess.Popen(
        [str(Path(sys.executable).with_name("dagster-daemon")), "run", *workspace],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until(lambda: "Nothing new" in (tmp_path / "daemon.log").read_text(), seconds=300, process=daemon)
        # Late, doubled, and all of it once more in another shape: only what is late is new.
        _write(project.data_dir / "inbox" / "late.jsonl", late * 2)
        everything = json.dumps([json.loads(line)["event"] for line in in_time + late])
        (project.data_dir / "inbox" / "everything.json").write_text(everything)

        def published() -> bool:
            found, expected = _deletions(project, server)
            return found == expected

        wait_until(published, seconds=900, process=daemon)
    finally:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
        log.close()


def _deletions(project: Project, server: RunningStore) -> tuple[dict[object, object], dict[object, object]]:
    """When each item and order was deleted: by the marts, and by the store."""
    found: dict[object, object] = {}
    expected: dict[object, object] = {}
    for mart, key, table in DELETED:
        for row_id, at in project.query(f"select {key}, deleted_at from {mart} where outcome = 'deleted'"):
            found[row_id] = at.astimezone(UTC)
        for row in server.store.truth.table(table):
            # An item that is deleted at the end of its out-of-stock retries has no event.
            if row["cause"] != "out_of_stock":
                expected[row["id"]] = row["at"].replace(tzinfo=ZONE).astimezone(UTC)
    assert len(expected) > 10, "a store in which nothing is deleted proves nothing"
    return found, expected


def _finished(project: Project) -> dict[str, int]:
    """How many segments of each object are in the lake."""
    return {name: len(list((project.data_dir / "lake" / "pulls" / name).glob("*.parquet"))) for name in WINDOWED}


def _windows_asked(server: RunningStore, name: str) -> list[str]:
    """The end of each window that was requested, in order."""
    ends: list[str] = []
    for request in server.requests.all():
        end = next((value for key, value in parse_qsl(request.query) if key.endswith("_end")), None)
        if request.object_type == name and end and end not in ends:
            ends.append(end)
    return ends


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def _delayed(line: str, by: timedelta) -> str:
    envelope: dict[str, Any] = json.loads(line)
    received = datetime.fromisoformat(envelope["received_at"]) + by
    return json.dumps({**envelope, "received_at": received.isoformat()})


def wait_until(is_so: Callable[[], bool], *, seconds: float, process: subprocess.Popen[Any]) -> None:
    """Wait for a condition; the limit is only for a process that hangs."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, "the process has ended"
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
