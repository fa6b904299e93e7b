"""What was ever shown is worked out from the truth: no more than a sync can show, and no less."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from ordergroove_sandbox import Store
from testkit.deletions.observed import Shown, View
from testkit.deletions.scenarios import BEGIN


def a_store() -> Store:
    return Store(seed=5, customers=20, days=90, until=BEGIN)


def event(kind: str, key: str, *, created: int, price: str = "1.00") -> dict[str, Any]:
    return {"type": kind, "created": created, "data": {"object": {"public_id": key, "total_price": price}}}


def test_the_first_pull_shows_everything() -> None:
    store, shown = a_store(), Shown()
    view = View.of(store)
    shown.pull(view, view, start=None)
    tables = store.truth.tables()
    assert shown.objects == {("order", row["id"]) for row in tables["orders"]} | {
        ("item", row["id"]) for row in tables["items"]
    }


def test_a_later_pull_shows_what_changed_and_a_census_what_is_open() -> None:
    store, pulled, counted = a_store(), Shown(), Shown()
    store.advance(days=10)
    view = View.of(store)
    pulled.pull(view, view, start=BEGIN)
    counted.census(view, view)
    changed = {key for key, row in view.orders.items() if row["updated"] >= BEGIN}
    unsent = {key for key, row in view.orders.items() if row["status"] == 1}
    placed = {key for key, row in view.orders.items() if row["status"] == 5}
    assert {key for kind, key in pulled.objects if kind == "order"} == changed
    assert unsent <= {key for kind, key in counted.objects if kind == "order"}
    assert not placed & {key for _, key in counted.objects}
    assert changed - unsent
    assert unsent - changed
    assert {key for kind, key in counted.objects if kind == "item"} >= {
        key for key, row in view.items.items() if row["order"] in unsent
    }


def test_what_changes_during_a_walk_is_not_surely_shown() -> None:
    store, shown = a_store(), Shown()
    before = View.of(store)
    store.advance(days=20)
    after = View.of(store)
    shown.census(before, after)
    touched = {key for key, row in after.orders.items() if row["updated"] > BEGIN} | before.orders.keys() - after.orders
    assert touched
    assert not touched & {key for _, key in shown.objects}
    assert not {("item", key) for key in before.items.keys() - after.items.keys()} & shown.objects
    assert shown.objects


def test_events_show_what_they_tell_of_and_the_newest_its_price() -> None:
    shown = Shown()
    shown.deliver([event("item.create", "I1", created=7, price="2.00"), event("item.remove", "I1", created=5)])
    shown.deliver([event("item.sku_swap", "I1", created=7, price="3.00"), event("order.delete", "O1", created=5)])
    shown.deliver([event("subscription.cancel", "S1", created=9)])
    assert shown.objects == {("item", "I1"), ("order", "O1")}
    assert shown.gone == {("item", "I1"), ("order", "O1")}
    assert shown.prices("I1") == {Decimal("2.00"), Decimal("3.00")}
    assert shown.prices("I2") == set()


def test_the_price_of_an_item_is_that_of_the_last_sync_it_was_there_for() -> None:
    store, shown = a_store(), Shown()
    before = View.of(store)
    shown.sync(before, before)
    gone = next(iter(before.items))
    later = View(before.orders, {key: {**row, "total_price": Decimal("1.23")} for key, row in before.items.items()})
    shown.sync(later, later)
    shown.sync(*(View(later.orders, {key: row for key, row in later.items.items() if key != gone}),) * 2)
    assert shown.prices(gone) == {Decimal("1.23")}


def test_what_changes_during_a_sync_is_not_surely_shown_by_it() -> None:
    store, shown = a_store(), Shown()
    before = View.of(store)
    key = next(iter(before.items))
    without = View(before.orders, {item: row for item, row in before.items.items() if item != key})
    shown.sync(without, before)
    shown.sync(before, without)
    assert shown.prices(key) == set()
    shown.sync(before, before)
    dearer = View(before.orders, before.items | {key: {**before.items[key], "total_price": Decimal("1.23")}})
    shown.sync(before, dearer)
    assert shown.prices(key) == {before.items[key]["total_price"], Decimal("1.23")}


def test_an_item_bears_the_time_of_its_order() -> None:
    view = View.of(a_store())
    assert all(view.updated(row) <= BEGIN for row in view.items.values())
    assert max(view.updated(row) for row in view.items.values()) > BEGIN - timedelta(days=1)
