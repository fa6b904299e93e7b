"""What was deleted in a sandbox store is deleted in the marts, to the second, and what moved is not."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from testkit.dbt.runner import Dbt
from testkit.dbt.store import Warehouse

from .sandbox_stores import SandboxStore

ZONE = ZoneInfo("America/New_York")


def utc(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=ZONE).astimezone(UTC)


def test_deleted_objects_are_deleted_and_moved_items_are_not(all_events: SandboxStore, dbt: Dbt) -> None:
    """Three pulls, weeks apart, and every event: some doubled, out of order or late."""
    warehouse = all_events.warehouse(dbt)
    checks = [f"webhook_{kind}_deletions_are_not_contradicted" for kind in ("order", "item")]
    assert [all_events.verdicts[check] for check in checks] == [("pass", 0)] * 2
    truth = all_events.truth.tables
    assert_deletions(warehouse, truth)
    assert_items_are_in_their_orders(warehouse, truth)


def assert_deletions(warehouse: Warehouse, truth: dict[str, list[dict[str, Any]]]) -> None:
    items = {row["id"]: utc(row["at"]) for row in truth["deleted_items"]}
    orders = {row["id"]: utc(row["at"]) for row in truth["deleted_orders"]}
    assert items
    assert orders
    deleted = "where outcome = 'deleted'"
    found = dict(warehouse.rows(f"select order_item_id, deleted_at from marts.fct_order_items {deleted}"))
    assert found == items
    assert dict(warehouse.rows(f"select order_id, deleted_at from marts.fct_orders {deleted}")) == orders

    # Both cases occur: deleted objects that were pulled before, and those known by events alone.
    for table, key in (("orders", "order_id"), ("items", "order_item_id")):
        pulled = {row for (row,) in warehouse.rows(f"select {key} from staging.stg_ordergroove__{table}")}
        deleted_rows = orders if table == "orders" else items
        assert deleted_rows.keys() & pulled
        assert deleted_rows.keys() - pulled

    # Last known values are kept. An order that was pulled keeps the values of the API, and may have been empty by then.
    worth = {row["id"] for row in truth["deleted_orders"] if row["total"]}
    never_pulled = f"select order_id, total from marts.fct_orders {deleted} and updated_at is null"
    totals_of_events = {key: total for key, total in warehouse.rows(never_pulled) if key in worth}
    assert totals_of_events
    assert all(total > 0 for total in totals_of_events.values())
    totals = dict(warehouse.rows(f"select order_item_id, total_price from marts.fct_order_items {deleted}"))
    assert None not in totals.values()


def assert_items_are_in_their_orders(warehouse: Warehouse, truth: dict[str, list[dict[str, Any]]]) -> None:
    existing = {row["id"]: row for row in truth["items"]}
    found = {
        key: (order_id, outcome)
        for key, order_id, outcome in warehouse.rows(
            "select order_item_id, order_id, outcome from marts.fct_order_items"
        )
    }
    assert existing.keys() <= found.keys()
    assert {key: found[key][0] for key in existing} == {key: row["order"] for key, row in existing.items()}
    assert {row["item"] for row in truth["moves"]} & existing.keys()
    assert {found[key][1] for key in existing} <= {"open", "placed", "rejected", "cancelled"}
    assert all(outcome in ("deleted", "missing", "open") for key, (_, outcome) in found.items() if key not in existing)
