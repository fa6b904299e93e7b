"""What a sync or an event shows is worked out from the store's truth: no more than it can show, and no less."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordergroove_sandbox import Store
from testkit.deletions.observed import Observed, View
from testkit.deletions.scenarios import BEGIN


@pytest.fixture
def store() -> Store:
    return Store(seed=5, customers=20, days=90, until=BEGIN)


def event(kind: str, key: str, *, created: int, price: str = "1.00") -> dict[str, Any]:
    return {"type": kind, "created": created, "data": {"object": {"public_id": key, "total_price": price}}}


def test_first_pull_shows_everything(store: Store) -> None:
    observed = Observed()
    view = View.of(store)
    observed.add_pull(view, view, start=None)
    tables = store.truth.tables()
    assert observed.objects == {("order", row["id"]) for row in tables["orders"]} | {
        ("item", row["id"]) for row in tables["items"]
    }


def test_later_pull_shows_changed_and_listing_shows_open_objects(store: Store) -> None:
    pulled, listed = Observed(), Observed()
    store.advance(days=10)
    view = View.of(store)
    pulled.add_pull(view, view, start=BEGIN)
    listed.add_listing(view, view)
    changed = {key for key, row in view.orders.items() if row["updated"] >= BEGIN}
    unsent = {key for key, row in view.orders.items() if row["status"] == 1}
    placed = {key for key, row in view.orders.items() if row["status"] == 5}
    assert {key for kind, key in pulled.objects if kind == "order"} == changed
    assert unsent <= {key for kind, key in listed.objects if kind == "order"}
    assert not placed & {key for _, key in listed.objects}
    assert changed - unsent
    assert unsent - changed
    assert {key for kind, key in listed.objects if kind == "item"} >= {
        key for key, row in view.items.items() if row["order"] in unsent
    }


def test_objects_that_change_during_a_listing_do_not_count_as_shown(store: Store) -> None:
    observed = Observed()
    before = View.of(store)
    store.advance(days=20)
    after = View.of(store)
    observed.add_listing(before, after)
    changed = {key for key, row in after.orders.items() if row["updated"] > BEGIN} | before.orders.keys() - after.orders
    assert changed
    assert not changed & {key for _, key in observed.objects}
    assert not {("item", key) for key in before.items.keys() - after.items.keys()} & observed.objects
    assert observed.objects


def test_events_show_their_objects_and_the_newest_events_show_the_price() -> None:
    observed = Observed()
    observed.add_events([event("item.create", "I1", created=7, price="2.00"), event("item.remove", "I1", created=5)])
    observed.add_events([event("item.sku_swap", "I1", created=7, price="3.00"), event("order.delete", "O1", created=5)])
    observed.add_events([event("subscription.cancel", "S1", created=9)])
    assert observed.objects == {("item", "I1"), ("order", "O1")}
    assert observed.reported_deleted == {("item", "I1"), ("order", "O1")}
    assert observed.prices("I1") == {Decimal("2.00"), Decimal("3.00")}
    assert observed.prices("I2") == set()


def test_price_of_an_item_is_that_of_the_last_sync_that_listed_it(store: Store) -> None:
    observed = Observed()
    before = View.of(store)
    observed.add_prices(before, before)
    deleted = next(iter(before.items))
    later = View(before.orders, {key: {**row, "total_price": Decimal("1.23")} for key, row in before.items.items()})
    observed.add_prices(later, later)
    without = View(later.orders, {key: row for key, row in later.items.items() if key != deleted})
    observed.add_prices(without, without)
    assert observed.prices(deleted) == {Decimal("1.23")}


def test_price_that_changes_during_a_sync_may_or_may_not_have_been_shown(store: Store) -> None:
    observed = Observed()
    before = View.of(store)
    key = next(iter(before.items))
    without = View(before.orders, {item: row for item, row in before.items.items() if item != key})
    observed.add_prices(without, before)
    observed.add_prices(before, without)
    assert observed.prices(key) == set()
    observed.add_prices(before, before)
    dearer = View(before.orders, {**before.items, key: {**before.items[key], "total_price": Decimal("1.23")}})
    observed.add_prices(before, dearer)
    assert observed.prices(key) == {before.items[key]["total_price"], Decimal("1.23")}


def test_item_has_the_update_time_of_its_order(store: Store) -> None:
    view = View.of(store)
    assert all(view.updated(row) <= BEGIN for row in view.items.values())
    assert max(view.updated(row) for row in view.items.values()) > BEGIN - timedelta(days=1)
