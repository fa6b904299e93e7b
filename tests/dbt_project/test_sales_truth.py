"""Sales, placement attempts and recoveries of the sandbox stores are in the marts exactly."""

import shutil
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from testkit.dbt.runner import Dbt
from testkit.dbt.store import LakeFixture, Warehouse, day

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
    truth_of_attempts,
    utc,
    verdict,
    wall,
)
from .sandbox_stores import RARE_ANSWERS, SandboxStore


def test_all_events_and_a_pull_make_sales_and_attempts_exact(
    all_events: SandboxStore, lake: LakeFixture, warehouse: Warehouse
) -> None:
    """A pulled order keeps the values of its pull, so the next pull is added, by an incremental build."""
    store = all_events
    for pulled in (store.data_dir / "lake", store.next_pull):
        shutil.copytree(pulled, lake.root, dirs_exist_ok=True)
    shutil.copy(store.data_dir / "warehouse" / "build.duckdb", warehouse.path)
    verdicts = build(warehouse)
    assert_items_have_their_outcomes(store, warehouse, deletions_are_reported=True)
    assert_orders_have_their_money(store, warehouse, verdicts)
    assert_days_have_their_revenue(store, warehouse)
    assert_customers_have_their_revenue(store, warehouse)
    found = assert_attempts(store, warehouse)
    truth = truth_of_attempts(store)
    # The answer to a batch is final.
    retried = set() if store.placement == "batch" else {"retried"}
    assert {row.result for row in found.values()} == {"placed", "rejected", "cancelled"} | retried
    exact = {key for key, row in found.items() if row.precision == "exact"}
    assert {found[key].attempted_at == utc(truth[key]["at"]) for key in exact} == {True}
    # No event reports a lost connection, or an answer that could not be read.
    assert {truth[key]["response_code"] for key in found.keys() - exact} <= {""}
    assert {row["response_code"] for row in truth.values()} >= set(RARE_ANSWERS)
    assert_recoveries(store, warehouse)


def test_pulls_alone_make_sales_exact_and_daily_pulls_date_attempts(no_events: SandboxStore, dbt: Dbt) -> None:
    """The log of one pull is in order, and gives the result of each attempt. The store sells in two currencies.

    An order is not tried twice between two daily pulls, and its update time is that of the attempt.
    """
    store, warehouse = no_events, no_events.warehouse(dbt)
    assert_items_have_their_outcomes(store, warehouse, deletions_are_reported=False)
    assert_orders_have_their_money(store, warehouse, store.verdicts)
    assert_days_have_their_revenue(store, warehouse)
    assert_customers_have_their_revenue(store, warehouse)
    found, truth = assert_attempts(store, warehouse), truth_of_attempts(store)
    assert {row["response_code"] for row in truth.values()} >= set(RARE_ANSWERS)
    watched = {key: row for key, row in truth.items() if row["at"] > store.watched_since}
    assert {found[key].evidence for key in watched} == {"field", "poll_diff"}
    assert {key: wall(found[key].attempted_at) for key in watched} == {key: row["at"] for key, row in watched.items()}
    assert_recoveries(store, warehouse)


def test_events_alone_give_all_sales(all_events: SandboxStore, lake: LakeFixture, warehouse: Warehouse) -> None:
    """The events of the store, in a lake without any pull. An attempt without an event is known once a later one is."""
    shutil.copytree(all_events.data_dir / "lake" / "events", lake.root / "events", dirs_exist_ok=True)
    verdicts = build(warehouse)
    store = all_events
    assert_orders_have_their_money(store, warehouse, verdicts, only_placed=True)
    assert_days_have_their_revenue(store, warehouse, currency_is_known=False)
    truth, found = truth_of_attempts(store), attempts(warehouse)
    assert found.keys() <= truth.keys()
    reported = {key: row for key, row in found.items() if row.evidence == "webhook"}
    assert {key: row.attempted_at for key, row in reported.items()} == {key: utc(truth[key]["at"]) for key in reported}
    assert {truth[key]["response_code"] for key in truth.keys() - reported.keys()} <= {""}
    assert {key: row.result for key, row in found.items()} == {
        key: RESULTS.get(truth[key]["status_after"], "retried") for key in found
    }


def test_discount_is_known_when_sub_total_already_includes_it(lossy_events: SandboxStore, dbt: Dbt) -> None:
    """`total` is `sub_total` and `shipping_total` in this store, as Ordergroove's reference describes it."""
    store, warehouse = lossy_events, lossy_events.warehouse(dbt)
    items: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in store.truth.table("items"):
        items[row["order"]] += row["total_price"]
    placed = {row["id"]: row for row in store.truth.table("orders") if row["status"] == 5}
    assert all(row["total"] == row["sub_total"] + row["shipping_total"] for row in placed.values())
    net = "select order_id, sum(net_price) from marts.fct_order_items where outcome = 'placed' group by 1"
    assert dict(warehouse.rows(net)) == {key: row["sub_total"] for key, row in placed.items()}
    discounted = [key for key, row in placed.items() if row["sub_total"] != items[key]]
    assert discounted
    assert store.verdicts["discounts_of_placed_orders_can_be_split"] == ("pass", 0)
    assert store.verdicts["placed_items_add_up_to_sub_total"] == ("warn", len(discounted))


def test_orders_whose_sums_contradict_their_items_are_counted(
    small_lake: LakeFixture, small_warehouse: Warehouse
) -> None:
    """Ordergroove's own sums are not corrected. A sum that is off by three cents causes a warning."""
    warehouse = small_warehouse
    sums, split = "placed_items_add_up_to_sub_total", "discounts_of_placed_orders_can_be_split"
    assert (verdict(warehouse, sums), verdict(warehouse, split)) == (("pass", 0), ("pass", 0))
    placed = day("2026-06-05 01:00:00")
    order = {"customer": "C1", "status": 5, "place": day("2026-06-05 00:00:00"), "updated": placed}
    money: dict[str, Decimal | str] = {
        "sub_total": Decimal("20.00"),
        "shipping_total": Decimal("0.00"),
        "total": Decimal("20.00"),
    }
    money |= {"discount_total": Decimal("0.00"), "currency_code": "USD"}
    off, negative = money | {"sub_total": Decimal("20.03")}, money | {"discount_total": Decimal("-1.00")}
    small_lake.pull("orders", [{"public_id": "O41", **order, **off}, {"public_id": "O42", **order, **negative}])
    line = {"subscription": "S1", "product": "P1", "quantity": 2, "total_price": Decimal("20.00")}
    line |= {"price": Decimal("12.00"), "order_updated": placed, "first_placed": placed}
    small_lake.pull("items", [{"public_id": f"I4{n}", "order": f"O4{n}", **line} for n in (1, 2)])
    warehouse.run("run", "--select", "+rpt_revenue_daily", "+fct_orders")
    assert verdict(warehouse, sums) == ("warn", 1)
    assert verdict(warehouse, split) == ("warn", 2)
    unknown = "select distinct order_id from marts.fct_order_items where discount_basis = 'unknown' order by 1"
    assert [row for row in warehouse.rows(unknown) if row[0] in ("O41", "O42")] == [("O41",), ("O42",)]
    # Revenue is the sum of the items.
    assert warehouse.rows("select sum(revenue) from marts.rpt_revenue_daily") == [(Decimal("60.00"),)]


def test_contradictory_items_are_counted(small_lake: LakeFixture, small_warehouse: Warehouse) -> None:
    """Items of one order that were placed two days apart, and a one-time item with a subscription."""
    lake, warehouse = small_lake, small_warehouse
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
