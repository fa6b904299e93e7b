"""Less common behaviour: prepaid, trials, stock, entitlements, currencies, clock changes."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ordergroove_sandbox import Store
from ordergroove_sandbox.domain.records import Subscription
from testkit.sandbox.invariants import assert_invariants
from testkit.sandbox.pick import movable_subscription, upcoming_item
from testkit.sandbox.webhook_inbox import store_with_events

from .conftest import UNTIL


@pytest.fixture(scope="module")
def large() -> Store:
    """A year and a half of 700 customers; read only."""
    return Store(seed=13, customers=700, days=550, until=UNTIL)


def events(store: Store, *types: str) -> list[dict[str, Any]]:
    return [row for row in store.truth.table("events") if row["type"] in types]


def prepaid_one(store: Store, behavior: str) -> Subscription:
    """Return a prepaid subscription with an open order; advance the store until there is one."""
    while True:
        for row in store.state.subscriptions:
            if row.prepaid and row.prepaid.orders_remaining and row.upcoming and row.upcoming.order.status == 1:
                store.set_renewal(row.key, behavior=behavior)
                return row
        store.advance(days=5)


def test_every_order_status_occurs(large: Store) -> None:
    direct = {row["status"] for row in large.truth.table("order_statuses")}
    assert direct == {1, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20}
    batch = Store(seed=13, customers=30, days=90, until=UNTIL, placement="batch")
    assert 9 in {row["status"] for row in batch.truth.table("order_statuses")}
    assert_invariants(batch)


def test_last_logged_status_is_the_current_one(large: Store) -> None:
    last = {row["order"]: row["status"] for row in large.truth.table("order_statuses")}
    for row in large.truth.table("orders"):
        assert last[row["id"]] == row["status"]


def test_prepaid_shipments_are_free_and_the_renewal_pays_for_all() -> None:
    store = Store(seed=5, customers=80, days=60, until=UNTIL)
    row = prepaid_one(store, "autorenew")
    assert row.prepaid is not None
    paid: list[int] = []
    for _ in range(400):
        store.advance(days=5)
        paid = [item.total_price for item in store.state.items if item.subscription is row and item.first_placed]
        if any(paid):
            break
    assert len(paid) > 1
    assert sum(map(bool, paid)) == 1, "only the renewal has a price"
    assert max(paid) == row.prepaid.last_renewal_revenue > 0


def test_prepaid_subscription_without_shipments_ends_or_becomes_a_regular_one() -> None:
    for behavior in ("cancel", "downgrade"):
        store = Store(seed=5, customers=80, days=60, until=UNTIL)
        row = prepaid_one(store, behavior)
        with pytest.raises(ValueError, match="prepaid"):
            store.cancel(row.key)
        for _ in range(400):
            store.advance(days=7)
            if not row.live or row.prepaid is None:
                break
        if behavior == "cancel":
            assert (row.live, row.cancel_reason) == (False, "1|Prepaid subscription has ended")
        else:
            assert row.prepaid is None
            assert upcoming_item(row).price == (row.price or row.product.price)
        assert_invariants(store)


def test_free_trial_ends_with_the_first_order(large: Store) -> None:
    trials = [row for row in large.state.subscriptions if row.free_trial]
    assert trials
    placed = Counter(item.subscription.key for item in large.state.items if item.subscription and item.first_placed)
    for row in trials:
        assert row.free_trial is not None
        assert row.free_trial.is_in_free_trial == (placed[row.key] == 0)
        assert row.free_trial.expiration.date() == row.created.date() + timedelta(days=15)


def test_out_of_stock_item_moves_by_a_day_and_is_deleted_after_three(large: Store) -> None:
    moves = [row for row in large.truth.table("moves") if row["cause"] == "out_of_stock"]
    tries = Counter(row["item"] for row in moves)
    assert max(tries.values()) == 3
    for row in moves:
        assert row["to_place"] == row["at"].date() + timedelta(days=1)
    assert Counter(row["object_id"] for row in events(large, "item.out_of_stock")) == tries
    deleted = {row["id"] for row in large.truth.table("deleted_items") if row["cause"] == "out_of_stock"}
    assert deleted
    assert deleted <= {item for item, count in tries.items() if count == 3}
    assert not deleted & {row["object_id"] for row in events(large, "item.remove")}
    assert {row["id"] for row in large.truth.deletions() if row["kind"] == "item"} >= deleted


def test_reminder_is_sent_ten_days_before_the_order() -> None:
    store, inbox = store_with_events(13, customers=60, days=150, until=UNTIL)
    reminders = [event for event in inbox.events if event["type"] == "order.reminder"]
    assert len(reminders) > 20
    for event in reminders:
        sent = datetime.fromtimestamp(event["created"], store.state.zone).date()
        assert date.fromisoformat(event["data"]["object"]["place"]) == sent + timedelta(days=10)


def test_frozen_item_price_stays(fresh_store: Store) -> None:
    item = upcoming_item(movable_subscription(fresh_store))
    fresh_store.change_item_price(item.key, cents=123)
    fresh_store.change_price(item.product.key, cents=9999)
    assert (item.price, item.frozen) == (123, True)
    assert events(fresh_store, "item.update_price")[-1]["object_id"] == item.key
    assert_invariants(fresh_store)


def test_one_month_has_no_sign_ups(large: Store) -> None:
    months = Counter(f"{row['created']:%Y-%m}" for row in large.truth.table("customers"))
    first, last = min(months), max(months)
    spanned = {f"{year}-{month:02d}" for year in range(2025, 2027) for month in range(1, 13)}
    missing = {month for month in spanned if first < month < last} - months.keys()
    assert len(missing) == 1


def test_several_currencies_can_be_configured() -> None:
    store = Store(seed=3, customers=60, days=200, until=UNTIL, currencies=("USD", "CAD", "EUR"))
    currencies = {row["currency_code"] for row in store.truth.table("orders")}
    assert currencies == {"USD", "CAD", "EUR"}
    of_customer: defaultdict[str, set[str]] = defaultdict(set)
    for row in store.truth.table("orders"):
        of_customer[row["customer"]].add(row["currency_code"])
    assert all(len(codes) == 1 for codes in of_customer.values())
    days = Counter((row["day"], row["currency_code"]) for row in store.truth.table("revenue_daily"))
    assert max(days.values()) == 1
    assert_invariants(store)


def test_components_of_a_bundle_can_change(large: Store) -> None:
    assert events(large, "subscription.change_components")
    bundles = [row for row in large.state.subscriptions if row.components]
    assert {component["quantity"] for row in bundles for component in row.components} > {1}
    fresh_store = Store(seed=13, customers=150, days=100, until=UNTIL)
    row = next(row for row in fresh_store.state.subscriptions if row.components and row.upcoming and row.live)
    one, other = row.components
    fresh_store.change_components(row.key, quantities={one["public_id"]: 3, other["public_id"]: 0})
    assert [component["quantity"] for component in row.components] == [3]
    assert upcoming_item(row).components == row.components
    with pytest.raises(ValueError, match="no components"):
        fresh_store.change_components(row.key, quantities={"none": 1})


def test_use_for_all_changes_all_subscriptions_of_a_customer_at_once(large: Store) -> None:
    bursts = Counter((row["customer"], row["at"]) for row in events(large, "subscription.change_payment"))
    assert max(bursts.values()) >= 3


def test_entitlements_are_granted_prolonged_and_ended_with_one_warning(large: Store) -> None:
    kinds = Counter(row["type"] for row in large.truth.table("events") if row["object_type"] == "entitlement")
    assert len(kinds) == 6
    by_object: defaultdict[str, list[str]] = defaultdict(list)
    for row in large.truth.table("events"):
        if row["object_type"] == "entitlement":
            by_object[row["object_id"]].append(row["type"].partition(".")[2])
    assert all(types[0] == "entitlements_granted" for types in by_object.values())
    for types in by_object.values():
        assert ("entitlements_expiring", "entitlements_expiring") not in set(pairwise(types)), (
            "two warnings for one expiry"
        )
    for row in large.truth.table("entitlements"):
        ended = by_object[row["id"]][-1] in ("entitlements_voided", "entitlements_grace_period_expired")
        assert not (ended and row["live"])


def test_days_of_clock_changes_have_only_existing_times_in_order() -> None:
    zone = ZoneInfo("America/New_York")
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        start = datetime.combine(day, datetime.min.time())
        store, inbox = store_with_events(9, customers=500, imported=500, days=45, until=start + timedelta(days=2))
        on_day = [row for row in store.truth.table("events") if row["at"].date() == day]
        assert len(on_day) > 20
        for row in on_day:
            there_and_back = row["at"].replace(tzinfo=zone).timestamp()
            assert datetime.fromtimestamp(there_and_back, zone).replace(tzinfo=None) == row["at"], (
                "a local time that does not exist"
            )
        created = [event["created"] for event in inbox.events]
        assert created == sorted(created)


def test_one_time_items_become_subscriptions_during_the_simulation(large: Store) -> None:
    subscribed = {row["object_id"] for row in events(large, "item.item_subscribe")}
    assert subscribed
    items = {row["id"]: row for row in large.truth.table("items")}
    assert all(items[key]["subscription"] for key in subscribed if key in items)


def test_outcome_can_be_set_only_while_one_is_pending(fresh_store: Store) -> None:
    order = upcoming_item(movable_subscription(fresh_store)).order
    with pytest.raises(ValueError, match="has no pending outcome"):
        fresh_store.finalize_placement(order.key, code="000")
    order.status = 13
    with pytest.raises(ValueError, match="not a response code"):
        fresh_store.finalize_placement(order.key, code="12345")
    fresh_store.finalize_placement(order.key, code="110")
    assert order.status == 3
