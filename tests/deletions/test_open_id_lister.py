"""A census lists all that is open, over real HTTP, or it is none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from og_assets.deletions.open_id_lister import OpenIdLister
from og_assets.lake.lake import Lake
from og_assets.ordergroove import errors
from og_assets.ordergroove.statuses import CLOSED_STATUSES, OPEN_STATUSES
from og_assets.settings import PROJECT_ROOT
from ordergroove_sandbox import Store, serve

from .synced_store import ITEMS, ORDERS, UNTIL, Watch


def test_old_censuses_go_once_they_are_used(watch: Watch) -> None:
    for _ in range(3):
        watch.store.advance(hours=1)
        watch.count()
    assert len(watch.censuses()) == 8
    watch.ask()
    assert len(watch.censuses()) == 2
    assert len(list((watch.lake.root / "pulls" / "census_items").glob("*.parquet"))) == 4, "what they cost is kept"


def test_census_that_was_not_walked_to_its_end_is_none(watch: Watch) -> None:
    before = watch.censuses()
    watch.shop.faults.set({"missing": {"orders": 500}})
    with pytest.raises(errors.UnavailableError):
        watch.count()
    watch.shop.faults.clear()
    assert watch.censuses() == before

    # Killed between its file and its row in the manifest.
    census = watch.count()[0].census
    (watch.lake.root / "pulls" / "census_orders" / census.ids_file.name).unlink()
    assert census not in open_id_listings_of(watch.lake.root, ORDERS).all()
    assert watch.ask()["order"].candidates == 0


def test_census_lists_each_open_status_whole_and_nothing_else(watch: Watch) -> None:
    watch.store.advance(days=3, hours=10)
    watch.shop.requests.clear()
    orders, items = watch.count()
    asked = watch.shop.requests.all()
    for name in ("orders", "items"):
        firsts = [one.query for one in asked if one.object_type == name and "cursor" not in one.query]
        assert len(firsts) == len(OPEN_STATUSES)
        assert all("omit_price_calculation=true" in query for query in firsts) == (name == "items")
    truth = watch.store.truth.tables()
    open_orders = {row["id"] for row in truth["orders"] if row["status"] in OPEN_STATUSES}
    assert set(pq.read_table(orders.census.ids_file)["object_id"].to_pylist()) == open_orders
    listed = set(pq.read_table(items.census.ids_file)["object_id"].to_pylist())
    assert listed == {row["id"] for row in truth["items"] if row["order"] in open_orders}
    assert (orders.pull.rows, items.pull.rows) == (len(open_orders), len(listed))
    assert (orders.census.began_at, orders.census.ended_at) == (watch.looked, watch.now)


def test_open_statuses_are_those_that_the_marts_hold_for_not_final() -> None:
    lines = (PROJECT_ROOT / "dbt_project" / "seeds" / "order_statuses.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    assert set(OPEN_STATUSES) == {int(code) for code, *_, is_final in rows if is_final == "false"}
    assert set(CLOSED_STATUSES) == {int(code) for code, *_, is_final in rows if is_final == "true"}


def test_placement_under_the_cursor_makes_nothing_gone(tmp_path: Path) -> None:
    """The store lives on by hours between two pages: orders change status, and are placed, while it is counted."""
    with serve(Store(seed=8, customers=80, days=100, until=UNTIL, out_of_stock="told")) as shop:
        watch = Watch(shop, tmp_path)
        watch.pull()
        asked = 0
        for _ in range(4):
            shop.faults.set({"stir_hours": 5.0})
            taker = OpenIdLister(watch.settings, watch.lake)
            for number, api_object in enumerate((ORDERS, ITEMS)):
                taker.take(replace(api_object, page_size=10), run_id=f"stirred-{number}")
            shop.faults.clear()
            reports = watch.ask()
            asked += sum(report.alive for report in reports.values())
            watch.pull()
        assert asked > 5, "the census missed rows that lived"
        assert watch.gone() <= {row["id"] for row in watch.store.truth.deletions()}


def test_due_only_after_the_days_that_are_set(watch: Watch) -> None:
    daily, weekly, often = (
        OpenIdLister(watch.settings.model_copy(update={"og_census_every_days": days}), watch.lake)
        for days in (0, 7, 0.25)
    )
    assert daily.due_at(ORDERS) is None
    assert often.due_at(ORDERS) is None, "within the slack"
    due_at = weekly.due_at(ORDERS)
    assert due_at is not None
    assert timedelta(days=6) < due_at - datetime.now(UTC) < timedelta(days=8)
    assert OpenIdLister(weekly._settings, Lake(watch.lake.root / "new")).due_at(ORDERS) is None


def test_census_of_a_machine_whose_clock_was_wrong_is_not_the_newest_for_ever(watch: Watch) -> None:
    taken = watch.count()[0].census
    for folder in ("raw", "pulls"):
        file = watch.lake.root / folder / "census_orders" / taken.ids_file.name
        file.rename(file.with_name("29990101T000000.000000Z-run-0000.parquet"))
    watch.store.cancel(watch.live())
    watch.store.advance(hours=1)
    watch.count()
    assert watch.ask()["order"].gone == 1
