"""Open-ID listings, pulled over real HTTP: complete, or not stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from og_assets.deletions.open_id_lister import OpenIdLister
from og_assets.deletions.open_id_listings import open_id_listings_of
from og_assets.lake.lake import Lake
from og_assets.ordergroove import errors
from og_assets.ordergroove.statuses import CLOSED_STATUSES, OPEN_STATUSES
from og_assets.settings import PROJECT_ROOT
from ordergroove_sandbox import Store, serve

from .synced_store import ITEMS, ORDERS, STORE_TIME, SyncedStore


def test_old_listings_are_removed_after_the_checks(synced: SyncedStore) -> None:
    for _ in range(3):
        synced.store.advance(hours=1)
        synced.list_open_ids()
    assert len(synced.listing_files()) == 8
    synced.check()
    assert len(synced.listing_files()) == 2
    assert len(list((synced.lake.root / "pulls" / "census_items").glob("*.parquet"))) == 4, (
        "the manifest keeps their rows"
    )


def test_incomplete_listing_is_ignored(synced: SyncedStore) -> None:
    before = synced.listing_files()
    synced.server.faults.set({"missing": {"orders": 500}})
    with pytest.raises(errors.UnavailableError):
        synced.list_open_ids()
    synced.server.faults.clear()
    assert synced.listing_files() == before

    # A kill between the file of ids and its row in the manifest.
    listing = synced.list_open_ids()[0].listing
    (synced.lake.root / "pulls" / "census_orders" / listing.ids_file.name).unlink()
    assert listing not in open_id_listings_of(synced.lake.root, ORDERS).all()
    assert synced.check()["order"].suspected == 0


def test_listing_has_every_open_object_and_no_other(synced: SyncedStore) -> None:
    synced.store.advance(days=3, hours=10)
    synced.server.requests.clear()
    orders, items = synced.list_open_ids()
    requests = synced.server.requests.all()
    for name in ("orders", "items"):
        firsts = [one.query for one in requests if one.object_type == name and "cursor" not in one.query]
        assert len(firsts) == len(OPEN_STATUSES)
        assert all("omit_price_calculation=true" in query for query in firsts) == (name == "items")
    truth = synced.store.truth.tables()
    open_orders = {row["id"] for row in truth["orders"] if row["status"] in OPEN_STATUSES}
    assert set(pq.read_table(orders.listing.ids_file)["object_id"].to_pylist()) == open_orders
    listed = set(pq.read_table(items.listing.ids_file)["object_id"].to_pylist())
    assert listed == {row["id"] for row in truth["items"] if row["order"] in open_orders}
    assert (orders.pull.rows, items.pull.rows) == (len(open_orders), len(listed))
    assert (orders.listing.began_at, orders.listing.ended_at) == (synced.request_time, synced.now)


def test_open_statuses_are_those_that_are_not_final_in_the_marts() -> None:
    lines = (PROJECT_ROOT / "dbt_project" / "seeds" / "order_statuses.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    assert set(OPEN_STATUSES) == {int(code) for code, *_, is_final in rows if is_final == "false"}
    assert set(CLOSED_STATUSES) == {int(code) for code, *_, is_final in rows if is_final == "true"}


def test_placement_during_a_listing_makes_no_false_deletion(tmp_path: Path) -> None:
    """Hours pass in the store between two pages: orders are placed and change status during the listing."""
    with serve(Store(seed=8, customers=80, days=100, until=STORE_TIME, out_of_stock="event")) as server:
        synced = SyncedStore(server, tmp_path)
        synced.pull()
        alive = 0
        for _ in range(4):
            server.faults.set({"stir_hours": 5.0})
            lister = OpenIdLister(synced.settings, synced.lake)
            for number, api_object in enumerate((ORDERS, ITEMS)):
                lister.pull(replace(api_object, page_size=10), run_id=f"run-{number}")
            server.faults.clear()
            reports = synced.check()
            alive += sum(report.alive for report in reports.values())
            synced.pull()
        assert alive > 5, "the listings were to miss existing rows"
        assert synced.proved_deleted() <= {row["id"] for row in synced.store.truth.deletions()}


def test_listing_is_due_after_the_configured_days(synced: SyncedStore) -> None:
    daily, weekly, often = (
        OpenIdLister(synced.settings.model_copy(update={"og_census_every_days": days}), synced.lake)
        for days in (0, 7, 0.25)
    )
    assert daily.due_at(ORDERS) is None
    assert often.due_at(ORDERS) is None, "within the slack"
    due_at = weekly.due_at(ORDERS)
    assert due_at is not None
    assert timedelta(days=6) < due_at - datetime.now(UTC) < timedelta(days=8)
    assert OpenIdLister(weekly._settings, Lake(synced.lake.root / "new")).due_at(ORDERS) is None


def test_listing_taken_under_a_wrong_clock_does_not_stay_the_newest(synced: SyncedStore) -> None:
    listing = synced.list_open_ids()[0].listing
    for folder in ("raw", "pulls"):
        file = synced.lake.root / folder / "census_orders" / listing.ids_file.name
        file.rename(file.with_name("29990101T000000.000000Z-run-0000.parquet"))
    synced.store.cancel(synced.subscription_alone())
    synced.store.advance(hours=1)
    synced.list_open_ids()
    assert synced.check()["order"].deleted == 1
