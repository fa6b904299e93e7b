"""Invariants of a store, checked on its truth tables and independently of the API."""

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any

from ordergroove_sandbox import Store

Tables = dict[str, list[dict[str, Any]]]


def assert_invariants(store: Store) -> None:
    """Check that the tables of a store do not contradict each other."""
    tables = store.truth.tables()
    for check in (
        _totals,
        _one_upcoming_item,
        _customers_live,
        _periods,
        _days,
        _deletions_and_events,
        _attempts,
        _revenue,
    ):
        check(tables)


def _totals(tables: Tables) -> None:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    counts: Counter[str] = Counter()
    for item in tables["items"]:
        sums[item["order"]] += item["total_price"]
        counts[item["order"]] += 1
        assert 0 <= item["total_price"] <= item["unit_price"] * item["quantity"]
    for order in tables["orders"]:
        assert order["sub_total"] == sums[order["id"]]
        assert order["items"] == counts[order["id"]]
        assert order["discount_total"] >= 0
        assert 0 <= order["total"] <= order["sub_total"] + order["shipping_total"]
        assert order["updated"] >= order["created"]
    assert sums.keys() <= {order["id"] for order in tables["orders"]}


def _one_upcoming_item(tables: Tables) -> None:
    open_items = Counter(
        item["subscription"] for item in tables["items"] if item["order_status"] in (1, 6) and item["subscription"]
    )
    assert open_items == {row["id"]: 1 for row in tables["subscriptions"] if row["live"]}
    for row in tables["subscriptions"]:
        assert (row["cancelled"] is None) == row["live"] == (row["upcoming_item"] is not None)


def _customers_live(tables: Tables) -> None:
    for row in tables["customers"]:
        assert row["live"] == (row["live_subscriptions"] > 0)


def _periods(tables: Tables) -> None:
    periods: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in tables["subscription_periods"]:
        periods[row["subscription"]].append(row)
    assert len(periods) == len(tables["subscriptions"])
    for subscription in tables["subscriptions"]:
        of_one = periods[subscription["id"]]
        assert of_one[0]["started"] == subscription["created"]
        for one, following in pairwise(of_one):
            assert one["started"] < one["ended"] == following["started"]
        last = of_one[-1]
        assert last["ended"] is None
        assert last["state"] == ("live" if subscription["live"] else "cancelled")
        for field in ("product", "quantity", "every", "every_period"):
            assert last[field] == subscription[field]


def _days(tables: Tables) -> None:
    live = 0
    for row in tables["daily"]:
        live += row["created"] + row["reactivated"] - row["cancelled"]
        assert row["live_end"] == live
    assert live == sum(row["live"] for row in tables["subscriptions"])
    assert sum(row["created"] for row in tables["daily"]) == len(tables["subscriptions"])


def _deletions_and_events(tables: Tables) -> None:
    for kind in ("orders", "items"):
        deleted = [row["id"] for row in tables[f"deleted_{kind}"]]
        assert len(deleted) == len(set(deleted))
        assert not set(deleted) & {row["id"] for row in tables[kind]}
    events = Counter(row["type"] for row in tables["events"])
    assert events["order.delete"] == len(tables["deleted_orders"])
    assert events["item.remove"] == sum(row["cause"] != "out_of_stock" for row in tables["deleted_items"])
    assert events["item.change_order"] == len(tables["moves"])
    assert events["item.create"] == len(tables["items"]) + len(tables["deleted_items"])
    assert events["order.create"] == len(tables["orders"]) + len(tables["deleted_orders"])


def _attempts(tables: Tables) -> None:
    attempts = Counter(row["order"] for row in tables["placement_attempts"])
    assert attempts == {row["id"]: row["tries"] for row in tables["orders"] if row["tries"]}
    placed = {row["order"] for row in tables["placement_attempts"] if row["response_code"] == "000"}
    assert placed == {row["id"] for row in tables["orders"] if row["status"] == 5}
    for item in tables["items"]:
        assert (item["first_placed"] is not None) == (item["order"] in placed)


def _revenue(tables: Tables) -> None:
    placed = sum((row["sub_total"] for row in tables["orders"] if row["status"] == 5), Decimal(0))
    assert sum((row["sub_total"] for row in tables["revenue_daily"]), Decimal(0)) == placed
    for row in tables["revenue_daily"]:
        assert row["recurring"] + row["one_time"] == row["sub_total"] <= row["list_price"]
