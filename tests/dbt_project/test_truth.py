"""A sandbox store pulled and told of by webhooks: what was deleted in it is deleted in the marts, to the second."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from og_assets.events.inbox import Inbox
from og_assets.events.ingest import EventIngestion
from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from ordergroove_sandbox import RunningStore, Store, serve
from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.webhooks import Shape, Webhooks
from testkit.dbt.store import LakeFixture, Warehouse

ZONE = ZoneInfo("America/New_York")
UNTIL = datetime(2026, 6, 10, 14)
OBJECTS = ("customers", "subscriptions", "orders", "items")
# More of them: `SEEDS=20 pytest tests/dbt_project/test_truth.py`.
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))


def pull(
    shop: RunningStore, lake: LakeFixture, *, since: datetime | None, names: tuple[str, ...] = OBJECTS
) -> datetime:
    """Pull what changed since then; returns the store's time up to which it was."""
    settings = Settings(ordergroove_api_key="sandbox-key", ordergroove_base_url=shop.url)  # type: ignore[arg-type]
    extractor = Extractor(settings, Lake(lake.root))
    end = shop.store.now.replace(tzinfo=ZONE)
    window = Window(key=f"{end:%Y-%m-%d}", start=since, end=end)
    for name in names:
        list(extractor.pull_windows(BY_NAME[name], [window], run_id=window.key, progress=lambda _said: None))
    return end


def take_in(dumps: Path, lake: LakeFixture) -> None:
    """Take the dumps in, in three runs."""
    files = sorted(dumps.rglob("*.jsonl"))
    for start in range(3):
        inbox = Inbox(dumps.with_name(f"inbox-{start}"), dumps.with_name("archive"), settle_seconds=0)
        for file in files[start::3]:
            target = inbox.folder / file.relative_to(dumps)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        intake = EventIngestion(
            inbox=inbox, lake=Lake(lake.root), policy="hash", ingested_file_policy="move", run_id=f"run-{start}"
        )
        intake.run(max_bytes=2**62, progress=lambda _said: None)


def utc(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_deleted_is_deleted_and_what_moved_is_not(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """Three pulls, weeks apart, and every event: doubled, shuffled and late by turns."""
    faults = Faults(double_event_every=3, late_event_every=10, late_event_seconds=3 * 86_400, shuffle_events=900)
    hooks = Webhooks(shape=Shape(nesting="data" if seed % 2 else "top"), faults=faults)
    hooks.write_files_to(tmp_path / "dumps")
    store = Store(
        seed=seed,
        customers=60,
        days=200,
        until=UNTIL - timedelta(days=40),
        webhooks=hooks,
        emptied_orders="delete" if seed % 2 else "keep",
    )
    with serve(store) as shop:
        end = None
        for days in (0, 17, 23):
            store.advance(days=days)
            end = pull(shop, lake, since=end)
    # What no pull has seen yet.
    store.advance(days=3)
    hooks.close()
    take_in(tmp_path / "dumps", lake)
    warehouse.run("seed")
    warehouse.run("run")
    told = warehouse.run("test", "--select", "test_name:webhook_deletions_are_not_contradicted")
    verdicts = [node.status for node in told.result if node.node.resource_type == "test"]
    assert verdicts == ["pass", "pass"], "in a store that is well, no deletion is overruled"

    truth = store.truth.tables()
    assert_deletions(warehouse, truth)
    assert_items_are_where_they_are(warehouse, truth)


def assert_deletions(warehouse: Warehouse, truth: dict[str, list[dict[str, Any]]]) -> None:
    # At the end of its retries an item that is out of stock is deleted without an event.
    items = {row["id"]: utc(row["at"]) for row in truth["deleted_items"] if row["cause"] != "out_of_stock"}
    orders = {row["id"]: utc(row["at"]) for row in truth["deleted_orders"]}
    assert items
    assert orders
    deleted = "where outcome = 'deleted'"
    found = dict(warehouse.rows(f"select order_item_id, deleted_at from marts.fct_order_items {deleted}"))
    assert found == items
    assert dict(warehouse.rows(f"select order_id, deleted_at from marts.fct_orders {deleted}")) == orders

    # Both ways to know of them were tried: by REST before, and by events alone.
    for table, key in (("orders", "order_id"), ("items", "order_item_id")):
        pulled = {row for (row,) in warehouse.rows(f"select {key} from staging.stg_ordergroove__{table}")}
        gone = orders if table == "orders" else items
        assert gone.keys() & pulled
        assert gone.keys() - pulled

    # Last known values are kept. (Of an order that was pulled they are REST's, and it may have been empty then.)
    worth = {row["id"] for row in truth["deleted_orders"] if row["total"]}
    never_pulled = f"select order_id, total from marts.fct_orders {deleted} and updated_at is null"
    told_totals = {key: total for key, total in warehouse.rows(never_pulled) if key in worth}
    assert told_totals
    assert all(total > 0 for total in told_totals.values())
    totals = dict(warehouse.rows(f"select order_item_id, total_price from marts.fct_order_items {deleted}"))
    assert None not in totals.values()


def assert_items_are_where_they_are(warehouse: Warehouse, truth: dict[str, list[dict[str, Any]]]) -> None:
    there = {row["id"]: row for row in truth["items"]}
    found = {
        key: (order_id, outcome)
        for key, order_id, outcome in warehouse.rows(
            "select order_item_id, order_id, outcome from marts.fct_order_items"
        )
    }
    assert there.keys() <= found.keys()
    assert {key: found[key][0] for key in there} == {key: row["order"] for key, row in there.items()}
    assert {row["item"] for row in truth["moves"]} & there.keys()
    assert {found[key][1] for key in there} <= {"open", "placed", "rejected", "cancelled"}
    assert all(outcome in ("deleted", "missing", "open") for key, (_, outcome) in found.items() if key not in there)
