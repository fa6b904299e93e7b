"""A sandbox store told of by webhooks, or only asked: what was sold, tried and recovered is in the marts exactly."""

import os
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ordergroove_sandbox import Store, serve
from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.webhooks import Webhooks
from testkit.dbt.store import LakeFixture, Warehouse, day, small_store

from .sales import (
    RESULTS,
    assert_attempts,
    assert_customers_have_their_revenue,
    assert_days_have_their_revenue,
    assert_items_have_their_outcomes,
    assert_orders_have_their_money,
    assert_recoveries,
    attempts,
    build,
    let_the_shop_answer,
    truth_of_attempts,
    utc,
    verdict,
    wall,
)
from .test_truth import OBJECTS, pull, take_in

UNTIL = datetime(2026, 6, 10, 14)
ALL = (*OBJECTS, "one_time_incentives", "billing_attempts")
# More of them: `SEEDS=20 pytest tests/dbt_project/test_order_items_truth.py`.
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_sold_and_tried_is_exact_where_all_events_came(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """Doubled and shuffled events, and one pull at the end, in a store of two currencies."""
    hooks = Webhooks(faults=Faults(double_event_every=3, shuffle_events=900))
    hooks.write_files_to(tmp_path / "dumps")
    store = Store(
        seed=seed,
        customers=120,
        days=300,
        until=UNTIL,
        webhooks=hooks,
        out_of_stock="event",
        currencies=("USD", "CAD"),
        placement="batch" if seed % 3 == 0 else "direct",
        emptied_orders="delete" if seed % 2 else "keep",
    )
    let_the_shop_answer(store, "110", "030")
    with serve(store) as shop:
        pull(shop, lake, since=None, names=ALL)
    hooks.close()
    take_in(tmp_path / "dumps", lake)
    build(warehouse)

    assert_items_have_their_outcomes(store, warehouse, deletions_are_told=True)
    assert_orders_have_their_money(store, warehouse)
    assert_days_have_their_revenue(store, warehouse)
    assert_customers_have_their_revenue(store, warehouse)
    found = assert_attempts(store, warehouse)
    truth = truth_of_attempts(store)
    # What comes back of a batch is final.
    retried = set() if store.state.placement == "batch" else {"retried"}
    assert {row.result for row in found.values()} == {"placed", "rejected", "cancelled"} | retried
    exact = {key for key, row in found.items() if row.precision == "exact"}
    assert {found[key].attempted_at == utc(truth[key]["at"]) for key in exact} == {True}
    # Of a lost connection, and of an answer that could not be read, no event tells.
    assert {truth[key]["response_code"] for key in found.keys() - exact} <= {""}
    assert_recoveries(store, warehouse)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_pull_tells_all_that_was_sold_and_tried(lake: LakeFixture, warehouse: Warehouse, seed: int) -> None:
    """No event, no earlier version: the log is in order, and says how each attempt ended."""
    store = Store(seed=seed, customers=120, days=300, until=UNTIL)
    let_the_shop_answer(store, "110", "030")
    with serve(store) as shop:
        pull(shop, lake, since=None, names=ALL)
    build(warehouse)
    assert_items_have_their_outcomes(store, warehouse, deletions_are_told=False)
    assert_orders_have_their_money(store, warehouse)
    assert_days_have_their_revenue(store, warehouse)
    assert_customers_have_their_revenue(store, warehouse)
    assert_attempts(store, warehouse)
    assert_recoveries(store, warehouse)


@pytest.mark.parametrize("seed", SEEDS)
def test_daily_polls_date_every_attempt(lake: LakeFixture, warehouse: Warehouse, seed: int) -> None:
    """An order is not tried twice between two polls, and is stamped by each attempt."""
    store = Store(seed=seed, customers=120, days=200, until=UNTIL - timedelta(days=50))
    begin = store.now
    with serve(store) as shop:
        end = pull(shop, lake, since=None, names=ALL)
        for _ in range(50):
            store.advance(days=1)
            end = pull(shop, lake, since=end, names=ALL)
    build(warehouse)
    assert_items_have_their_outcomes(store, warehouse, deletions_are_told=False)
    assert_orders_have_their_money(store, warehouse)
    assert_days_have_their_revenue(store, warehouse)
    found = assert_attempts(store, warehouse)
    watched = {key: row for key, row in truth_of_attempts(store).items() if row["at"] > begin}
    assert {found[key].evidence for key in watched} == {"field", "poll_diff"}
    assert {key: wall(found[key].attempted_at) for key in watched} == {key: row["at"] for key, row in watched.items()}
    assert_recoveries(store, warehouse)


@pytest.mark.parametrize("seed", SEEDS)
def test_events_alone_tell_all_that_was_sold(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """Nothing was pulled. Attempts that no event tells of are known by their number, once a later one is told."""
    hooks = Webhooks(faults=Faults(double_event_every=3, shuffle_events=900))
    hooks.write_files_to(tmp_path / "dumps")
    store = Store(seed=seed, customers=120, days=300, until=UNTIL, webhooks=hooks, out_of_stock="event")
    hooks.close()
    take_in(tmp_path / "dumps", lake)
    build(warehouse)
    assert_orders_have_their_money(store, warehouse, only_placed=True)
    assert_days_have_their_revenue(store, warehouse, currency_is_known=False)
    truth, found = truth_of_attempts(store), attempts(warehouse)
    assert found.keys() <= truth.keys()
    told = {key: row for key, row in found.items() if row.evidence == "webhook"}
    assert {key: row.attempted_at for key, row in told.items()} == {key: utc(truth[key]["at"]) for key in told}
    assert {truth[key]["response_code"] for key in truth.keys() - told.keys()} <= {""}
    assert {key: row.result for key, row in found.items()} == {
        key: RESULTS.get(truth[key]["status_after"], "retried") for key in found
    }


def test_a_discount_is_known_from_whichever_sum_it_was_taken_off(lake: LakeFixture, warehouse: Warehouse) -> None:
    """Here off `sub_total`, too: `total` is `sub_total` and `shipping_total`, as Ordergroove's reference has it."""
    store = Store(seed=1, customers=120, days=300, until=UNTIL, order_discounts="off sub_total")
    with serve(store) as shop:
        pull(shop, lake, since=None, names=ALL)
    build(warehouse)
    items: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in store.truth.table("items"):
        items[row["order"]] += row["total_price"]
    placed = {row["id"]: row for row in store.truth.table("orders") if row["status"] == 5}
    assert all(row["total"] == row["sub_total"] + row["shipping_total"] for row in placed.values())
    net = "select order_id, sum(net_price) from marts.fct_order_items where outcome = 'placed' group by 1"
    assert dict(warehouse.rows(net)) == {key: row["sub_total"] for key, row in placed.items()}
    discounted = [key for key, row in placed.items() if row["sub_total"] != items[key]]
    assert discounted
    assert verdict(warehouse, "discounts_of_placed_orders_can_be_split") == ("pass", 0)
    assert verdict(warehouse, "placed_items_add_up_to_sub_total") == ("warn", len(discounted))


def test_an_order_that_states_otherwise_is_counted(lake: LakeFixture, warehouse: Warehouse) -> None:
    """Ordergroove's own sums are not corrected: one that is off by three cents is shown."""
    store = Store(seed=3, customers=30, days=120, until=UNTIL)
    first, second = [row for row in store.truth.table("orders") if row["status"] == 5][:2]
    store.override("orders", first["id"], {"sub_total": str(first["sub_total"] + Decimal("0.03"))})
    store.override("orders", second["id"], {"discount_total": "-1.00"})
    with serve(store) as shop:
        pull(shop, lake, since=None, names=ALL)
    build(warehouse)
    assert verdict(warehouse, "placed_items_add_up_to_sub_total") == ("warn", 1)
    assert verdict(warehouse, "discounts_of_placed_orders_can_be_split") == ("warn", 2)
    unknown = "select distinct order_id from marts.fct_order_items where discount_basis = 'unknown' order by 1"
    assert warehouse.rows(unknown) == sorted([(first["id"],), (second["id"],)])
    # Revenue is what the items say.
    truth = sum(row["sub_total"] for row in store.truth.table("revenue_daily"))
    assert warehouse.rows("select sum(revenue) from marts.rpt_revenue_daily") == [(truth,)]


def test_items_that_contradict_their_order_or_themselves_are_counted(lake: LakeFixture, warehouse: Warehouse) -> None:
    """Of one order, placed two days apart; and a one-time item that names a subscription."""
    small_store(lake)
    warehouse.run("seed")
    warehouse.run("run", "--select", "+int_order_items")
    apart, both = "items_of_an_order_are_placed_together", "one_time_items_have_no_subscription"
    assert (verdict(warehouse, apart), verdict(warehouse, both)) == (("pass", 0), ("pass", 0))

    placed = day("2026-06-04 01:00:00")
    lake.pull("orders", [{"public_id": "O4", "customer": "C1", "status": 5, "updated": placed}])
    here = {"order": "O4", "subscription": "S1", "order_updated": placed}
    items = [
        {"public_id": "I40", "first_placed": placed, **here},
        {"public_id": "I41", "first_placed": placed - timedelta(days=2), "one_time": True, **here},
    ]
    lake.pull("items", items)
    warehouse.run("run", "--select", "+int_order_items")
    assert (verdict(warehouse, apart), verdict(warehouse, both)) == (("warn", 1), ("warn", 1))
    assert warehouse.rows(f"select order_id from warnings.{apart}") == [("O4",)]
