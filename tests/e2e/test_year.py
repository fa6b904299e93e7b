"""A year of a store, by the command line: right, repeatable, resumable, and unharmed by faults."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from ordergroove_sandbox import RunningStore

from .installation import Project, last_window_end

DAYS = 365
# Each window costs Dagster time, so some of the year has windows of its own: three months or four, and as many segments
# of a backfill. The first window takes all that is older.
WINDOWS = 75


@pytest.fixture(scope="module")
def server(served: Callable[..., RunningStore]) -> RunningStore:
    return served(customers=250, days=DAYS)


@pytest.fixture(scope="module")
def start_date() -> str:
    return (last_window_end() - timedelta(days=WINDOWS)).date().isoformat()


@pytest.fixture(scope="module")
def last_day() -> str:
    """The newest window when these tests begin: the next one may end while they run."""
    return (last_window_end() - timedelta(days=1)).date().isoformat()


@pytest.fixture(scope="module")
def undisturbed(make_project: Callable[..., Project], server: RunningStore, start_date: str, last_day: str) -> Project:
    server.faults.clear()
    project = make_project(server, start_date=start_date)
    server.requests.clear()
    project.sync(start_date, last_day)
    return project


def test_marts_agree_with_the_stores_truth(undisturbed: Project, server: RunningStore) -> None:
    truth = server.store.truth.tables()
    subscriptions = {row["id"]: row for row in truth["subscriptions"]}
    orders = {row["id"]: row for row in truth["orders"]}
    items = {row["id"]: row for row in truth["items"]}

    live = dict(undisturbed.query("select subscription_id, is_live from dim_subscriptions"))
    assert live == {key: row["live"] for key, row in subscriptions.items()}
    assert sum(live.values()) > 50, "a world in which nothing lives proves nothing"

    by_status = dict(undisturbed.query("select order_status_code, count(*) from fct_orders group by 1"))
    assert by_status == Counter(row["status"] for row in orders.values())
    money = dict(undisturbed.query("select order_id, total from fct_orders"))
    assert money == {key: row["total"] for key, row in orders.items()}

    lines = {
        key: tuple(rest)
        for key, *rest in undisturbed.query(
            "select order_item_id, order_id, quantity, total_price from fct_order_items"
        )
    }
    assert lines == {key: (row["order"], row["quantity"], row["total_price"]) for key, row in items.items()}


def test_a_backfill_that_was_killed_goes_on_where_it_stopped_and_faults_change_nothing(
    undisturbed: Project,
    make_project: Callable[..., Project],
    server: RunningStore,
    start_date: str,
    last_day: str,
) -> None:
    project = make_project(server, start_date=start_date)
    server.requests.clear()
    server.faults.set({"delay": 0.25})
    first = project.start("sync", "--from", start_date, "--to", last_day)
    segments = project.data_dir / "lake" / "pulls" / "orders"
    try:
        deadline = time.monotonic() + 600
        while len(list(segments.glob("*.parquet"))) < 2:
            assert first.poll() is None, first.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    finally:
        server.faults.clear()
    time.sleep(1.5)  # What was in flight ends: steps notice that their run is gone.
    finished = len(list(segments.glob("*.parquet")))
    asked_before = _windows_asked(server, "orders")
    server.requests.clear()

    server.faults.set({"throttle_every": 7, "error_every": 11, "cut_every": 13, "hang_every": 50, "delay": 0.02})
    try:
        project.sync(start_date, last_day)
    finally:
        server.faults.clear()

    statuses = Counter(request.status for request in server.requests.all())
    assert min(statuses[429], statuses[500], statuses[None]) >= 1, f"each fault must have been met: {statuses}"
    assert project.marts() == undisturbed.marts()
    for name in ("customers", "orders", "items", "subscriptions"):
        assert server.requests.peak_in_flight(name) == 1, name
    assert server.requests.peak_in_flight() > 1, "different types are walked side by side"
    again = _windows_asked(server, "orders")
    assert again, "it was killed before its end"
    assert not set(asked_before[:finished]) & set(again), "a finished segment was asked for again"


def test_second_sync_changes_nothing_but_what_was_changed(
    undisturbed: Project, server: RunningStore, last_day: str
) -> None:
    before = undisturbed.marts()
    store = server.store
    subscription_id, customer_id = next(
        (row["id"], row["customer"])
        for row in store.truth.table("subscriptions")
        if row["live"] and row["prepaid_remaining"] is None
    )
    store.change_quantity(subscription_id, quantity=9)
    undisturbed.sync((last_window_end() - timedelta(days=5)).date().isoformat(), last_day)
    after = undisturbed.query(f"select quantity from dim_subscriptions where subscription_id = '{subscription_id}'")
    assert after == [(9,)]
    differing = {name: set(rows) ^ set(before[name]) for name, rows in undisturbed.marts().items()}
    assert differing["dim_subscriptions"] and not differing["dim_products"]
    # Reports add up, so a change of one subscription is in them, too.
    for name in differing.keys() - {name for name in differing if name.startswith("rpt_")}:
        assert all({subscription_id, customer_id} & set(map(str, row)) for row in differing[name]), name


def _windows_asked(server: RunningStore, name: str) -> list[str]:
    """The end of each window that was asked for, in the order of asking."""
    ends: list[str] = []
    for request in server.requests.all():
        end = next((value for key, value in parse_qsl(request.query) if key.endswith("_end")), None)
        if request.object_type == name and end and end not in ends:
            ends.append(end)
    return ends
