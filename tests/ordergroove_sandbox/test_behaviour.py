"""What happens in a store beside the plain cycle of subscriptions: each shows in the truth."""

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
    """A year and a half of 700 customers; not to be changed."""
    return Store(seed=13, customers=700, days=550, until=UNTIL)


def events(store: Store, *types: str) -> list[dict[str, Any]]:
    return [row for row in store.truth.table("events") if row["type"] in types]


def prepaid_one(store: Store, behavior: str) -> Subscription:
    """A prepaid subscription with an order in the future; the store lives on until there is one."""
    while True:
        for row in store.state.subscriptions:
            if row.prepaid and row.prepaid.orders_remaining and row.upcoming and row.upcoming.order.status == 1:
                store.set_renewal(row.key, behavior=behavior)
                return row
        store.advance(days=5)


def test_every_status_is_passed_through(large: Store) -> None:
    direct = {row["status"] for row in large.truth.table("order_statuses")}
    assert direct == {1, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20}
    batch = Store(seed=13, customers=30, days=90, until=UNTIL, placement="batch")
    assert 9 in {row["status"] for row in batch.truth.table("order_statuses")}
    assert_invariants(batch)


def test_the_last_status_in_the_truth_is_the_one_that_an_order_has(large: Store) -> None:
    last = {row["order"]: row["status"] for row in large.truth.table("order_statuses")}
    for row in large.truth.table("orders"):
        assert last[row["id"]] == row["status"]


def test_a_prepaid_shipment_costs_nothing_and_the_renewal_pays_for_all() -> None:
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
    assert sum(map(bool, paid)) == 1, "all shipments but the renewal are paid for already"
    assert max(paid) == row.prepaid.last_renewal_revenue > 0


def test_a_prepaid_subscription_ends_or_becomes_an_ordinary_one_when_it_has_run_out() -> None:
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


def test_a_free_trial_ends_with_the_first_order(large: Store) -> None:
    trials = [row for row in large.state.subscriptions if row.free_trial]
    assert trials
    placed = Counter(item.subscription.key for item in large.state.items if item.subscription and item.first_placed)
    for row in trials:
        assert row.free_trial is not None
        assert row.free_trial.is_in_free_trial == (placed[row.key] == 0)
        assert row.free_trial.expiration.date() == row.created.date() + timedelta(days=15)


def test_an_item_out_of_stock_moves_on_by_a_day_and_is_given_up_after_three(large: Store) -> None:
    moves = [row for row in large.truth.table("moves") if row["cause"] == "out_of_stock"]
    tries = Counter(row["item"] for row in moves)
    assert max(tries.values()) == 3
    for row in moves:
        assert row["to_place"] == row["at"].date() + timedelta(days=1)
    assert Counter(row["object_id"] for row in events(large, "item.out_of_stock")) == tries
    gone = {row["id"] for row in large.truth.table("deleted_items") if row["cause"] == "out_of_stock"}
    assert gone
    assert gone <= {item for item, count in tries.items() if count == 3}
    assert not gone & {row["object_id"] for row in events(large, "item.remove")}
    assert {row["id"] for row in large.truth.deletions() if row["kind"] == "item"} >= gone


def test_a_reminder_comes_ten_days_before_the_order() -> None:
    store, inbox = store_with_events(13, customers=60, days=150, until=UNTIL)
    reminders = [event for event in inbox.events if event["type"] == "order.reminder"]
    assert len(reminders) > 20
    for event in reminders:
        told = datetime.fromtimestamp(event["created"], store.state.zone).date()
        assert date.fromisoformat(event["data"]["object"]["place"]) == told + timedelta(days=10)


def test_an_item_with_a_price_of_its_own_keeps_it(living: Store) -> None:
    item = upcoming_item(movable_subscription(living))
    living.change_item_price(item.key, cents=123)
    living.change_price(item.product.key, cents=9999)
    assert (item.price, item.frozen) == (123, True)
    assert events(living, "item.update_price")[-1]["object_id"] == item.key
    assert_invariants(living)


def test_a_month_in_the_middle_has_no_sign_ups(large: Store) -> None:
    months = Counter(f"{row['created']:%Y-%m}" for row in large.truth.table("customers"))
    first, last = min(months), max(months)
    spanned = {f"{year}-{month:02d}" for year in range(2025, 2027) for month in range(1, 13)}
    missing = {month for month in spanned if first < month < last} - months.keys()
    assert len(missing) == 1


def test_several_currencies_are_an_option() -> None:
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


def test_the_components_of_a_bundle_can_change(large: Store) -> None:
    assert events(large, "subscription.change_components")
    bundles = [row for row in large.state.subscriptions if row.components]
    assert {component["quantity"] for row in bundles for component in row.components} > {1}
    living = Store(seed=13, customers=150, days=100, until=UNTIL)
    row = next(row for row in living.state.subscriptions if row.components and row.upcoming and row.live)
    one, other = row.components
    living.change_components(row.key, quantities={one["public_id"]: 3, other["public_id"]: 0})
    assert [component["quantity"] for component in row.components] == [3]
    assert upcoming_item(row).components == row.components
    with pytest.raises(ValueError, match="no components"):
        living.change_components(row.key, quantities={"none": 1})


def test_use_for_all_touches_everything_of_a_customer_at_once(large: Store) -> None:
    bursts = Counter((row["customer"], row["at"]) for row in events(large, "subscription.change_payment"))
    assert max(bursts.values()) >= 3


def test_entitlements_are_granted_prolonged_warned_of_and_ended(large: Store) -> None:
    kinds = Counter(row["type"] for row in large.truth.table("events") if row["object_type"] == "entitlement")
    assert len(kinds) == 6
    by_object: defaultdict[str, list[str]] = defaultdict(list)
    for row in large.truth.table("events"):
        if row["object_type"] == "entitlement":
            by_object[row["object_id"]].append(row["type"].partition(".")[2])
    assert all(types[0] == "entitlements_granted" for types in by_object.values())
    for types in by_object.values():
        assert ("entitlements_expiring", "entitlements_expiring") not in set(pairwise(types)), "warned of twice"
    for row in large.truth.table("entitlements"):
        ended = by_object[row["id"]][-1] in ("entitlements_voided", "entitlements_grace_period_expired")
        assert not (ended and row["live"])


def test_the_days_on_which_clocks_change_are_lived_through() -> None:
    zone = ZoneInfo("America/New_York")
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        start = datetime.combine(day, datetime.min.time())
        store, inbox = store_with_events(9, customers=500, imported=500, days=45, until=start + timedelta(days=2))
        on_day = [row for row in store.truth.table("events") if row["at"].date() == day]
        assert len(on_day) > 20
        for row in on_day:
            there_and_back = row["at"].replace(tzinfo=zone).timestamp()
            assert datetime.fromtimestamp(there_and_back, zone).replace(tzinfo=None) == row["at"], "a time that is not"
        created = [event["created"] for event in inbox.events]
        assert created == sorted(created)


def test_a_one_time_item_becomes_a_subscription_in_the_course_of_things(large: Store) -> None:
    subscribed = {row["object_id"] for row in events(large, "item.item_subscribe")}
    assert subscribed
    items = {row["id"]: row for row in large.truth.table("items")}
    assert all(items[key]["subscription"] for key in subscribed if key in items)


def test_an_outcome_can_be_told_by_hand_only_where_one_is_awaited(living: Store) -> None:
    order = upcoming_item(movable_subscription(living)).order
    with pytest.raises(ValueError, match="awaits no outcome"):
        living.finalize_placement(order.key, code="000")
    order.status = 13
    with pytest.raises(ValueError, match="no response code"):
        living.finalize_placement(order.key, code="12345")
    living.finalize_placement(order.key, code="110")
    assert order.status == 3
