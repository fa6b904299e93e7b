"""The store keeps its invariants, and each action has its documented effect."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from ordergroove_sandbox import Store
from ordergroove_sandbox.domain.intervals import add_interval, frequency_days
from testkit.sandbox.invariants import assert_invariants
from testkit.sandbox.pick import movable_subscription, upcoming_item

from .conftest import UNTIL


def test_same_arguments_create_the_same_store() -> None:
    one, other = (Store(seed=3, customers=25, days=90, until=UNTIL) for _ in range(2))
    assert one.truth.tables() == other.truth.tables()
    assert one.truth.tables() != Store(seed=4, customers=25, days=90, until=UNTIL).truth.tables()


def test_one_long_advance_equals_many_short_ones() -> None:
    one, other = (Store(seed=3, customers=25, days=90, until=UNTIL) for _ in range(2))
    one.advance(days=20)
    for _ in range(40):
        other.advance(hours=12)
    assert one.now == other.now == UNTIL + timedelta(days=20)
    assert one.truth.tables() == other.truth.tables()


def test_invariants_hold_after_a_year(store: Store) -> None:
    assert_invariants(store)


@pytest.mark.parametrize("emptied_orders", ["keep", "delete"])
def test_invariants_hold_while_time_advances(emptied_orders: str) -> None:
    store = Store(seed=9, customers=60, days=60, until=UNTIL, emptied_orders=emptied_orders)  # type: ignore[arg-type]
    for _ in range(3):
        store.advance(days=15)
        assert_invariants(store)


def test_a_year_has_every_kind_of_status_move_deletion_and_response() -> None:
    store = Store(seed=7, customers=400, until=UNTIL)
    statuses = {row["status"] for row in store.truth.table("order_statuses")}
    assert statuses >= {1, 3, 4, 5, 17, 18}
    assert {row["cause"] for row in store.truth.table("moves")} >= {"skip", "date_change", "merge"}
    assert {row["cause"] for row in store.truth.table("deleted_items")} == {
        "subscription_cancelled",
        "removed",
        "out_of_stock",
    }
    codes = {row["response_code"] for row in store.truth.table("placement_attempts")}
    assert codes >= {"000", "140", "999", ""}
    assert any(row["lives"] > 1 for row in store.truth.table("subscriptions"))
    assert any(row["one_time"] for row in store.truth.table("items"))
    reasons = {row["cancel_reason"] for row in store.truth.table("subscriptions")} - {None}
    assert "9|Disengaged" in reasons
    assert len(reasons) > 6


def test_orders_are_placed_at_night_but_never_between_two_and_three(store: Store) -> None:
    attempts = store.truth.table("placement_attempts")
    moments = {row["at"].time() for row in attempts if row["response_code"] != "140"}
    at_night = [moment for moment in moments if time(0, 30) <= moment < time(5)]
    assert not any(moment.hour == 2 for moment in moments)
    assert len(at_night) > 300
    assert len(at_night) > 0.97 * len(moments), "only what had to be verified is answered later"


def test_no_event_happens_between_two_and_three(store: Store) -> None:
    assert not [row for row in store.truth.table("events") if row["at"].hour == 2]


def test_skip_moves_the_item_by_one_calendar_interval(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    fresh_store.change_frequency(subscription.key, every=1, every_period=3)
    item, left = upcoming_item(subscription), upcoming_item(subscription).order
    fresh_store.skip(subscription.key)
    assert upcoming_item(subscription) is item
    assert item.order.place == add_interval(left.place, every=1, every_period=3)
    assert (left.status, len(left.items), left.total) == (1, 0, 0)
    assert left.key in fresh_store.state.orders


def test_emptied_order_is_deleted_if_configured() -> None:
    fresh_store = Store(seed=5, customers=40, days=120, until=UNTIL, emptied_orders="delete")
    subscription = movable_subscription(fresh_store)
    left = upcoming_item(subscription).order
    fresh_store.skip(subscription.key)
    assert left.key not in fresh_store.state.orders
    assert fresh_store.truth.table("deleted_orders")[-1]["id"] == left.key
    assert not [row for row in fresh_store.state.orders if not row.items]


def test_returning_to_the_old_day_reuses_the_emptied_order(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    left = upcoming_item(subscription).order
    fresh_store.skip(subscription.key)
    fresh_store.change_next_order_date(subscription.key, day=left.place)
    assert upcoming_item(subscription).order is left


def test_cancellation_deletes_the_upcoming_item_and_its_order(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    item, order = upcoming_item(subscription), upcoming_item(subscription).order
    fresh_store.cancel(subscription.key, reason='8|Too "dear"')
    assert item.key not in fresh_store.state.items
    assert order.key not in fresh_store.state.orders
    assert fresh_store.truth.table("deleted_items")[-1]["cause"] == "subscription_cancelled"
    assert fresh_store.truth.table("deleted_orders")[-1]["total"] > 0


def test_cancellation_keeps_an_order_with_other_items(fresh_store: Store) -> None:
    order = next(row for row in fresh_store.state.orders if row.status == 1 and len(row.items) > 1)
    item = next(item for item in order.items.values() if item.subscription)
    assert item.subscription is not None
    before = order.version
    fresh_store.cancel(item.subscription.key)
    assert order.key in fresh_store.state.orders
    assert order.updated == fresh_store.now
    assert order.version > before


def test_reactivated_row_shows_no_trace_of_the_cancellation(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    fresh_store.cancel(subscription.key)
    fresh_store.advance(days=3)
    fresh_store.reactivate(subscription.key, next_order_date=fresh_store.now.date() + timedelta(days=1))
    assert (subscription.live, subscription.cancelled, subscription.cancel_reason) == (True, None, None)
    assert subscription.start_date == fresh_store.now.date()
    assert upcoming_item(subscription).order.place == fresh_store.now.date() + timedelta(days=1)
    states = [
        row["state"]
        for row in fresh_store.truth.table("subscription_periods")
        if row["subscription"] == subscription.key
    ]
    assert states[-3:] == ["live", "cancelled", "live"]


def test_removed_item_is_replaced_one_interval_later(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    item, place = upcoming_item(subscription), upcoming_item(subscription).order.place
    successor = fresh_store.remove_item(item.key)
    assert successor == upcoming_item(subscription).key != item.key
    assert upcoming_item(subscription).order.place > place


def test_frequency_change_does_not_move_the_upcoming_order(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    order, updated = upcoming_item(subscription).order, upcoming_item(subscription).order.updated
    fresh_store.change_frequency(subscription.key, every=9, every_period=2)
    assert upcoming_item(subscription).order is order
    assert order.updated == updated
    assert subscription.updated == fresh_store.now


def test_quantity_and_product_change_apply_to_the_upcoming_item(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    fresh_store.change_quantity(subscription.key, quantity=7)
    fresh_store.change_product(subscription.key, product_id="62900-W01")
    item = upcoming_item(subscription)
    assert (item.quantity, item.product.key) == (7, "62900-W01")
    assert item.order.updated == fresh_store.now
    assert item.order.sub_total == item.total_price


def test_upcoming_order_gets_the_new_address_and_payment(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    order = upcoming_item(subscription).order
    address, payment = fresh_store.change_shipping(subscription.key), fresh_store.change_payment(subscription.key)
    assert (order.shipping_address.key, order.payment.key) == (address, payment)


def test_address_change_of_one_subscription_moves_its_item_out_of_a_shared_order(fresh_store: Store) -> None:
    order = next(
        row
        for row in fresh_store.state.orders
        if row.status == 1 and sum(bool(item.subscription) for item in row.items.values()) > 1
    )
    item = next(item for item in order.items.values() if item.subscription)
    assert item.subscription is not None
    fresh_store.change_shipping(item.subscription.key)
    assert item.order is not order
    assert item.order.place == order.place
    assert_invariants(fresh_store)


def test_order_moved_to_the_day_of_another_is_merged(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    order, item = upcoming_item(subscription).order, upcoming_item(subscription)
    other_day = order.place + timedelta(days=200)
    fresh_store.skip(subscription.key)
    fresh_store.change_next_order_date(subscription.key, day=other_day)
    target = item.order
    fresh_store.change_next_order_date(subscription.key, day=order.place)
    fresh_store.change_place_date(order.key, day=other_day)
    assert item.order is target
    assert (order.status, order.extra_data) == (17, {"merged_order_id": target.key})


def test_order_sent_now_is_placed_in_the_next_night(fresh_store: Store) -> None:
    order = upcoming_item(movable_subscription(fresh_store)).order
    fresh_store.send_now(order.key)
    assert (order.status, order.place) == (6, fresh_store.now.date())
    fresh_store.advance(days=1)
    assert order.status != 6
    assert order.tries == 1


def test_cancelled_order_is_kept_and_the_next_one_is_created(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    item, order = upcoming_item(subscription), upcoming_item(subscription).order
    fresh_store.cancel_order(order.key)
    assert (order.status, order.cancelled, item.order) == (4, fresh_store.now, order)
    assert upcoming_item(subscription) is not item


def test_price_change_applies_to_open_but_not_to_placed_items(fresh_store: Store) -> None:
    bare = [
        row for row in fresh_store.state.items if row.subscription and not row.subscription.price and not row.frozen
    ]
    at_list_price = [row for row in bare if row.subscription and not row.subscription.prepaid]
    placed = next(row for row in at_list_price if row.first_placed)
    old = placed.price
    fresh_store.change_price(placed.product.key, cents=99_99)
    assert placed.price == old
    for item in at_list_price:
        if item.product is placed.product and item.order.status == 1:
            assert item.price == 99_99
    assert_invariants(fresh_store)


def test_impossible_changes_are_refused(fresh_store: Store) -> None:
    subscription = movable_subscription(fresh_store)
    with pytest.raises(ValueError, match="not in the future"):
        fresh_store.change_next_order_date(subscription.key, day=fresh_store.now.date())
    with pytest.raises(ValueError, match="is live"):
        fresh_store.reactivate(subscription.key)
    fresh_store.cancel(subscription.key)
    with pytest.raises(ValueError, match="already cancelled"):
        fresh_store.cancel(subscription.key)
    with pytest.raises(ValueError, match="no upcoming item"):
        fresh_store.skip(subscription.key)


def test_sign_ups_continue_after_the_history(fresh_store: Store) -> None:
    before = len(fresh_store.state.customers)
    fresh_store.advance(days=60)
    assert len(fresh_store.state.customers) > before + 5


def test_cancellation_rates_differ_between_products() -> None:
    store = Store(seed=1, customers=1500, days=365, until=UNTIL)
    left: Counter[str] = Counter()
    began: Counter[str] = Counter()
    for row in store.truth.table("subscriptions"):
        if row["created"] < UNTIL - timedelta(days=120):
            began[row["product"]] += 1
            left[row["product"]] += not row["live"]
    shares = {product: left[product] / count for product, count in began.items() if count > 50}
    assert max(shares.values()) > 1.5 * min(shares.values())


@pytest.mark.parametrize(
    ("day", "every", "every_period", "expected"),
    [
        (date(2026, 1, 31), 1, 3, date(2026, 2, 28)),
        (date(2026, 11, 20), 12, 3, date(2027, 11, 20)),
        (date(2024, 2, 29), 1, 4, date(2025, 2, 28)),
        (date(2026, 3, 1), 2, 2, date(2026, 3, 15)),
        (date(2026, 12, 31), 45, 1, date(2027, 2, 14)),
    ],
)
def test_intervals_follow_the_calendar(day: date, every: int, every_period: int, expected: date) -> None:
    assert add_interval(day, every=every, every_period=every_period) == expected


def test_twelve_months_are_nominally_360_days() -> None:
    assert frequency_days(every=12, every_period=3) == 360


def test_history_ends_now_by_default() -> None:
    ahead = Store(customers=1, days=3, timezone="UTC").now - datetime.now(UTC).replace(tzinfo=None)
    assert abs(ahead) < timedelta(minutes=1)
