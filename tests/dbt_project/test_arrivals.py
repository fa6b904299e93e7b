"""Each kind of row that can arrive reaches all rows of the marts that it affects, in one incremental build."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from og_assets.deletions.check_rows import ExistenceCheckRow
from testkit.dbt.store import LakeFixture, Row, Warehouse, day, event, small_store

from .full_refresh import INCREMENTAL, SEEDS, assert_equals_full_refresh

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def attempts_and_incentives(lake: LakeFixture) -> None:
    """One customer has rows in the attempt log only, another an incentive, a third an order with two attempts."""
    answers = [("B1", "140"), ("B2", "000")]
    lake.pull("billing_attempts", [{"public_id": key, "order": "O1", "response_code": code} for key, code in answers])
    incentives = [
        {"public_id": "V1", "item": "I9", "external_code": "SORRY", "created": NOON},
        {"public_id": "V2", "item": "I1", "customer": "C1", "external_code": "LOVE", "created": NOON},
        {"public_id": "V3", "item": "I8", "customer": "C8", "external_code": "KEEP", "created": NOON},
    ]
    lake.pull("one_time_incentives", incentives)
    order = {"public_id": "O80", "customer": "C8", "status": 5, "tries": 2, "updated": day("2026-06-02 01:00:00")}
    lake.pull("orders", [order], seen_at=NOON)


def withdrawn_incentives(lake: LakeFixture) -> None:
    """They name no item any more, only their customers. The order of one of the items is unknown."""
    incentives = [
        {"public_id": "V2", "item": None, "customer": "C1", "external_code": "LOVE", "created": NOON},
        {"public_id": "V3", "item": None, "customer": "C8", "external_code": "KEEP", "created": NOON},
    ]
    lake.pull("one_time_incentives", incentives, pulled_at=NOON + timedelta(days=1))


def late_window_of_attempts_and_older_version(lake: LakeFixture) -> None:
    """The window bounds the time of the first attempt; the version is another order after its first attempt."""
    lake.record_pull("billing_attempts", start=None, end=datetime(2026, 6, 1, 18, tzinfo=UTC))
    order = {"public_id": "O80", "customer": "C8", "status": 18, "tries": 1, "updated": day("2026-06-01 01:00:00")}
    lake.pull("orders", [order], seen_at=NOON - timedelta(days=9))


def late_window_of_items(lake: LakeFixture) -> None:
    """I3 was observed in O1 before O1 was updated. The window shows that all items of that time were pulled."""
    lake.record_pull("items", start=None, end=NOON)


def existence_check_of_item(lake: LakeFixture) -> None:
    lake.check(
        ExistenceCheckRow(
            object_type="item",
            object_id="I2",
            reason="left_census",
            last_listed_at=NOON - timedelta(days=3),
            first_missed_at=NOON - timedelta(days=2),
            checked_at=NOON - timedelta(days=1),
            status=404,
        )
    )


def changed_price(lake: LakeFixture) -> None:
    lake.pull("products", [{"external_product_id": "P1", "price": Decimal("13.00")}], pulled_at=NOON)


def second_subscription_of_customer(lake: LakeFixture) -> None:
    """S2 was the last subscription of C2 when it was cancelled; with S20 it no longer is."""
    body: Row = {"customer": "C2", "product": "P1", "quantity": 1, "every": 1, "every_period": 3, "live": True}
    created = day("2026-04-02 10:00:00+00:00")
    created_event = event("E90", "subscription.create", "S20", at=created, created=int(created.timestamp()), **body)
    lake.deliver([created_event])


def item_in_order_of_other_customer(lake: LakeFixture) -> None:
    """No row of C1 arrives, but an order of C7 that contains an item of S1."""
    placed = day("2026-06-01 01:00:00")
    order = {"public_id": "O70", "customer": "C7", "status": 5, "place": day("2026-06-01 00:00:00"), "updated": placed}
    items = [
        {"public_id": "I70", "order": "O70", "subscription": "S1", "order_updated": placed, "first_placed": placed},
        {"public_id": "I71", "order": "O70", "order_updated": placed, "first_placed": day("2026-06-01 00:59:55")},
    ]
    lake.pull("orders", [order], seen_at=NOON)
    lake.pull("items", items, seen_at=NOON)


def new_order_of_that_customer(lake: LakeFixture) -> None:
    lake.deliver([event("E91", "order.create", "O72", at=NOON, customer="C7")])


def new_order_of_first_customer(lake: LakeFixture) -> None:
    lake.deliver([event("E92", "order.create", "O73", at=NOON, customer="C1")])


def tried_order_deleted_and_replaced(lake: LakeFixture) -> None:
    """The only subscription of a third customer gets a cheaper item in another order within seconds."""
    order = {"customer": "C85", "place": day("2026-06-09 00:00:00"), "updated": day("2026-06-09 01:00:00")}
    lake.pull("orders", [{"public_id": "O85", "status": 18, "tries": 1, **order}], seen_at=NOON - timedelta(days=1))
    item: Row = {"subscription": "S85", "customer": "C85", "product": "P1", "quantity": 1}
    events = [
        event("E84", "item.create", "I85", at=NOON - timedelta(days=9), order="O85", total_price="20.00", **item),
        event("E85", "item.remove", "I85", at=NOON, order="O85", total_price="20.00", **item),
        event("E86", "order.delete", "O85", at=NOON, customer="C85"),
        event("E87", "item.create", "I86", at=NOON + timedelta(seconds=5), order="O86", total_price="15.00", **item),
    ]
    lake.deliver(events)


def cancellation_that_explains_the_deletion(lake: LakeFixture) -> None:
    """No row of the order or its items arrives, but its lost value grows: the item was no replacement."""
    lake.deliver([event("E88", "subscription.cancel", "S85", at=NOON, customer="C85")])


def item_gets_other_subscription(lake: LakeFixture) -> None:
    """No row names its former subscription any more; that one has an order less."""
    placed = day("2026-06-01 01:00:00")
    item = {"public_id": "I70", "order": "O70", "subscription": "S70", "order_updated": placed, "first_placed": placed}
    lake.pull("items", [item], seen_at=NOON + timedelta(days=1))


def pull_subscription(lake: LakeFixture, *, of: str, pulled_at: datetime) -> None:
    created = day("2026-04-03 10:00:00")
    body = {"product": "P1", "quantity": 1, "every": 1, "every_period": 3, "live": True, "created": created}
    lake.pull("subscriptions", [{"public_id": "S77", "customer": of, "updated": created, **body}], pulled_at=pulled_at)


def subscription_of_new_customer(lake: LakeFixture) -> None:
    pull_subscription(lake, of="C77", pulled_at=NOON)


def same_version_with_other_customer(lake: LakeFixture) -> None:
    """It replaces the row that was there."""
    pull_subscription(lake, of="C78", pulled_at=NOON + timedelta(days=1))


def order_in_other_currency(lake: LakeFixture) -> None:
    """Orders without a currency were in the only one of the store; with two currencies, theirs is unknown."""
    order = {"public_id": "O74", "customer": "C74", "status": 1, "currency_code": "CAD"}
    lake.pull("orders", [order | {"updated": day("2026-06-05 01:00:00")}], seen_at=NOON)


Arrival = tuple[Callable[[LakeFixture], None], *tuple[str, ...]]

# One build each. Arrivals of one build concern customers that have nothing to do with each other; otherwise one could
# cause the recomputation that another one should.
BUILDS: tuple[tuple[Arrival, ...], ...] = (
    (
        (
            attempts_and_incentives,
            "select response_code from marts.fct_placement_attempts where order_id = 'O1' order by attempt_number",
            "select incentive_codes from marts.fct_order_items where order_item_id = 'I9'",
        ),
        (second_subscription_of_customer, "select was_last_of_customer from marts.fct_churn"),
        (
            tried_order_deleted_and_replaced,
            "select order_value, recovery from marts.fct_placement_attempts where order_id = 'O85'",
        ),
        (subscription_of_new_customer, "select count(*) from marts.fct_mrr_movements where subscriber_id = 'C77'"),
    ),
    (
        (
            withdrawn_incentives,
            "select incentive_codes from marts.fct_order_items where order_item_id = 'I1'",
            "select incentive_codes from marts.fct_order_items where order_item_id = 'I8'",
        ),
        (
            cancellation_that_explains_the_deletion,
            "select order_value from marts.fct_placement_attempts where order_id = 'O85'",
            "select cause, value_lost from marts.fct_deletions where object_id = 'O85'",
        ),
        (
            same_version_with_other_customer,
            "select count(*) from marts.fct_mrr_movements where subscriber_id = 'C77'",
        ),
    ),
    (
        (
            late_window_of_attempts_and_older_version,
            "select attempted_at from marts.fct_placement_attempts where order_id = 'O1' order by attempt_number",
            "select attempted_at from marts.fct_placement_attempts where order_id = 'O80' order by attempt_number",
        ),
    ),
    ((late_window_of_items, "select outcome from marts.fct_order_items where order_item_id = 'I3'"),),
    ((existence_check_of_item, "select outcome, deleted_at from marts.fct_order_items where order_item_id = 'I2'"),),
    ((changed_price, "select list_price from marts.fct_order_items where order_item_id = 'I1'"),),
    (
        (
            item_in_order_of_other_customer,
            "select nth_order_of_subscription from marts.fct_order_items where order_item_id = 'I1'",
        ),
    ),
    ((new_order_of_that_customer, "select count(*) from marts.fct_orders"),),
    ((new_order_of_first_customer, "select count(*) from marts.fct_orders"),),
    (
        (
            item_gets_other_subscription,
            "select nth_order_of_subscription from marts.fct_order_items where order_item_id = 'I1'",
            "select orders_placed from intermediate.int_subscriptions where subscription_id = 'S1'",
        ),
    ),
    # The last one, because it causes a rebuild of all models.
    ((order_in_other_currency, "select currency_code from marts.fct_orders where order_id = 'O3'"),),
)


# After these builds the marts are compared with a full refresh. The last one is before everything is rebuilt.
COMPARED = (2, 6, len(BUILDS) - 1)


def test_each_kind_of_arrival_reaches_all_affected_rows(lake: LakeFixture, warehouse: Warehouse) -> None:
    """Few arrivals per build: a later arrival in the same build could repair what an earlier one missed.

    Three of the builds are compared with a full refresh, and each of them with more than one seed. The comparison
    leaves staging as it is: test_ingestion.py compares that.
    """
    small_store(lake, records_items=False)
    warehouse.run("seed")
    warehouse.run("run", *INCREMENTAL)
    for number, arrivals in enumerate(BUILDS, start=1):
        queries = {query: arrive.__name__ for arrive, *of_arrival in arrivals for query in of_arrival}
        before = {query: warehouse.rows(query) for query in queries}
        for arrive, *_ in arrivals:
            arrive(lake)
        warehouse.run("run", *INCREMENTAL)
        for query, name in queries.items():
            assert warehouse.rows(query) != before[query], f"{name}: {query}"
        if len(SEEDS) > 1 or number in COMPARED:
            assert_equals_full_refresh(warehouse, *INCREMENTAL, "--exclude", "path:models/staging")
