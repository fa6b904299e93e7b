"""The state keeps its own laws, whatever happens in it."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from ordergroove_sandbox import Store
from ordergroove_sandbox.domain.intervals import add_interval, frequency_days
from testkit.sandbox.invariants import assert_invariants
from testkit.sandbox.pick import movable_subscription, upcoming_item

from .conftest import UNTIL


def test_the_same_arguments_make_the_same_store() -> None:
    one, other = (Store(seed=3, customers=25, days=90, until=UNTIL) for _ in range(2))
    assert one.truth.tables() == other.truth.tables()
    assert one.truth.tables() != Store(seed=4, customers=25, days=90, until=UNTIL).truth.tables()


def test_time_passes_the_same_in_one_step_or_in_many() -> None:
    one, other = (Store(seed=3, customers=25, days=90, until=UNTIL) for _ in range(2))
    one.advance(days=20)
    for _ in range(40):
        other.advance(hours=12)
    assert one.now == other.now == UNTIL + timedelta(days=20)
    assert one.truth.tables() == other.truth.tables()


def test_a_year_is_lawful(store: Store) -> None:
    assert_invariants(store)


@pytest.mark.parametrize("emptied_orders", ["keep", "delete"])
def test_it_stays_lawful_while_it_lives_on(emptied_orders: str) -> None:
    store = Store(seed=9, customers=60, days=60, until=UNTIL, emptied_orders=emptied_orders)  # type: ignore[arg-type]
    for _ in range(3):
        store.advance(days=15)
        assert_invariants(store)


def test_every_kind_of_thing_happens_in_a_year() -> None:
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


def test_nothing_at_all_happens_between_two_and_three(store: Store) -> None:
    assert not [row for row in store.truth.table("events") if row["at"].hour == 2]


def test_a_skip_moves_the_item_one_calendar_interval_on(living: Store) -> None:
    subscription = movable_subscription(living)
    living.change_frequency(subscription.key, every=1, every_period=3)
    item, left = upcoming_item(subscription), upcoming_item(subscription).order
    living.skip(subscription.key)
    assert upcoming_item(subscription) is item
    assert item.order.place == add_interval(left.place, every=1, every_period=3)
    assert (left.status, len(left.items), left.total) == (1, 0, 0)
    assert left.key in living.state.orders


def test_an_emptied_order_vanishes_where_that_is_set() -> None:
    living = Store(seed=5, customers=40, days=120, until=UNTIL, emptied_orders="delete")
    subscription = movable_subscription(living)
    left = upcoming_item(subscription).order
    living.skip(subscription.key)
    assert left.key not in living.state.orders
    assert living.truth.table("deleted_orders")[-1]["id"] == left.key
    assert not [row for row in living.state.orders if not row.items]


def test_going_back_to_the_old_day_revives_the_emptied_order(living: Store) -> None:
    subscription = movable_subscription(living)
    left = upcoming_item(subscription).order
    living.skip(subscription.key)
    living.change_next_order_date(subscription.key, day=left.place)
    assert upcoming_item(subscription).order is left


def test_a_cancelled_subscription_leaves_no_upcoming_item_and_no_order(living: Store) -> None:
    subscription = movable_subscription(living)
    item, order = upcoming_item(subscription), upcoming_item(subscription).order
    living.cancel(subscription.key, reason='8|Too "dear"')
    assert item.key not in living.state.items
    assert order.key not in living.state.orders
    assert living.truth.table("deleted_items")[-1]["cause"] == "subscription_cancelled"
    assert living.truth.table("deleted_orders")[-1]["total"] > 0


def test_a_shared_order_outlives_one_of_its_subscriptions(living: Store) -> None:
    order = next(row for row in living.state.orders if row.status == 1 and len(row.items) > 1)
    item = next(item for item in order.items.values() if item.subscription)
    assert item.subscription is not None
    before = order.version
    living.cancel(item.subscription.key)
    assert order.key in living.state.orders
    assert order.updated == living.now
    assert order.version > before


def test_a_reactivated_subscription_shows_no_trace_of_its_end(living: Store) -> None:
    subscription = movable_subscription(living)
    living.cancel(subscription.key)
    living.advance(days=3)
    living.reactivate(subscription.key, next_order_date=living.now.date() + timedelta(days=1))
    assert (subscription.live, subscription.cancelled, subscription.cancel_reason) == (True, None, None)
    assert subscription.start_date == living.now.date()
    assert upcoming_item(subscription).order.place == living.now.date() + timedelta(days=1)
    states = [
        row["state"] for row in living.truth.table("subscription_periods") if row["subscription"] == subscription.key
    ]
    assert states[-3:] == ["live", "cancelled", "live"]


def test_a_removed_item_is_followed_by_another_one_interval_on(living: Store) -> None:
    subscription = movable_subscription(living)
    item, place = upcoming_item(subscription), upcoming_item(subscription).order.place
    successor = living.remove_item(item.key)
    assert successor == upcoming_item(subscription).key != item.key
    assert upcoming_item(subscription).order.place > place


def test_a_change_of_frequency_does_not_move_the_upcoming_order(living: Store) -> None:
    subscription = movable_subscription(living)
    order, updated = upcoming_item(subscription).order, upcoming_item(subscription).order.updated
    living.change_frequency(subscription.key, every=9, every_period=2)
    assert upcoming_item(subscription).order is order
    assert order.updated == updated
    assert subscription.updated == living.now


def test_a_change_of_quantity_or_product_goes_through_to_the_upcoming_item(living: Store) -> None:
    subscription = movable_subscription(living)
    living.change_quantity(subscription.key, quantity=7)
    living.change_product(subscription.key, product_id="62900-W01")
    item = upcoming_item(subscription)
    assert (item.quantity, item.product.key) == (7, "62900-W01")
    assert item.order.updated == living.now
    assert item.order.sub_total == item.total_price


def test_the_upcoming_order_follows_to_a_new_address_and_payment(living: Store) -> None:
    subscription = movable_subscription(living)
    order = upcoming_item(subscription).order
    address, payment = living.change_shipping(subscription.key), living.change_payment(subscription.key)
    assert (order.shipping_address.key, order.payment.key) == (address, payment)


def test_one_of_several_leaves_a_shared_order_when_its_address_changes(living: Store) -> None:
    order = next(
        row
        for row in living.state.orders
        if row.status == 1 and sum(bool(item.subscription) for item in row.items.values()) > 1
    )
    item = next(item for item in order.items.values() if item.subscription)
    assert item.subscription is not None
    living.change_shipping(item.subscription.key)
    assert item.order is not order
    assert item.order.place == order.place
    assert_invariants(living)


def test_an_order_moved_onto_another_is_merged_into_it(living: Store) -> None:
    subscription = movable_subscription(living)
    order, item = upcoming_item(subscription).order, upcoming_item(subscription)
    other_day = order.place + timedelta(days=200)
    living.skip(subscription.key)
    living.change_next_order_date(subscription.key, day=other_day)
    target = item.order
    living.change_next_order_date(subscription.key, day=order.place)
    living.change_place_date(order.key, day=other_day)
    assert item.order is target
    assert (order.status, order.extra_data) == (17, {"merged_order_id": target.key})


def test_an_order_sent_now_is_placed_in_the_coming_night(living: Store) -> None:
    order = upcoming_item(movable_subscription(living)).order
    living.send_now(order.key)
    assert (order.status, order.place) == (6, living.now.date())
    living.advance(days=1)
    assert order.status != 6
    assert order.tries == 1


def test_a_cancelled_order_is_kept_and_the_next_one_created(living: Store) -> None:
    subscription = movable_subscription(living)
    item, order = upcoming_item(subscription), upcoming_item(subscription).order
    living.cancel_order(order.key)
    assert (order.status, order.cancelled, item.order) == (4, living.now, order)
    assert upcoming_item(subscription) is not item


def test_a_new_price_reaches_open_items_but_not_placed_ones(living: Store) -> None:
    bare = [row for row in living.state.items if row.subscription and not row.subscription.price and not row.frozen]
    at_list_price = [row for row in bare if row.subscription and not row.subscription.prepaid]
    placed = next(row for row in at_list_price if row.first_placed)
    old = placed.price
    living.change_price(placed.product.key, cents=99_99)
    assert placed.price == old
    for item in at_list_price:
        if item.product is placed.product and item.order.status == 1:
            assert item.price == 99_99
    assert_invariants(living)


def test_what_cannot_be_done_is_refused(living: Store) -> None:
    subscription = movable_subscription(living)
    with pytest.raises(ValueError, match="not in the future"):
        living.change_next_order_date(subscription.key, day=living.now.date())
    with pytest.raises(ValueError, match="is live"):
        living.reactivate(subscription.key)
    living.cancel(subscription.key)
    with pytest.raises(ValueError, match="cancelled already"):
        living.cancel(subscription.key)
    with pytest.raises(ValueError, match="no upcoming item"):
        living.skip(subscription.key)


def test_sign_ups_go_on_after_the_past_has_been_made(living: Store) -> None:
    before = len(living.state.customers)
    living.advance(days=60)
    assert len(living.state.customers) > before + 5


def test_earlier_customers_leave_at_another_rate_than_later_ones() -> None:
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
def test_intervals_are_those_of_the_calendar(day: date, every: int, every_period: int, expected: date) -> None:
    assert add_interval(day, every=every, every_period=every_period) == expected


def test_twelve_months_are_nominally_360_days() -> None:
    assert frequency_days(every=12, every_period=3) == 360


def test_the_clock_starts_now_where_nothing_else_is_said() -> None:
    ahead = Store(customers=1, days=3, timezone="UTC").now - datetime.now(UTC).replace(tzinfo=None)
    assert abs(ahead) < timedelta(minutes=1)
