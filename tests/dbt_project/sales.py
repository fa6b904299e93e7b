"""Compares sales, placement attempts and recoveries in the marts with those of a sandbox store."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from testkit.dbt.store import Warehouse

from .sandbox_stores import SandboxStore, Verdicts, verdicts_of

ZONE = ZoneInfo("America/New_York")
MARTS = ("--select", "+fct_placement_attempts", "+rpt_revenue_daily", "+dim_customers")
# The outcome of an order's items, by the order's status code.
ENDS = {5: "placed", 3: "rejected", 14: "rejected", 4: "cancelled", 17: "cancelled"}
RESULTS = {5: "placed", 3: "rejected", 14: "rejected", 4: "cancelled"}
_TOTALS = ("sub_total", "shipping_total", "discount_total", "total")


class Attempt(NamedTuple):
    """A row of `fct_placement_attempts`."""

    order_id: str
    attempt_number: int
    billing_attempt_id: str | None
    response_code: str | None
    result: str
    evidence: str
    precision: str
    attempted_at: datetime
    not_before_at: datetime
    not_after_at: datetime
    attempted_date: date
    recovered_at: datetime | None
    days_to_recovery: int | None


def utc(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=ZONE).astimezone(UTC)


def wall(instant: datetime | None) -> datetime | None:
    """The store's wall clock. It shows the same time twice in the hour when daylight saving time ends."""
    return instant and instant.astimezone(ZONE).replace(tzinfo=None, fold=0)


def build(warehouse: Warehouse) -> Verdicts:
    """Build the marts of sales with all their data tests; warnings are allowed."""
    warehouse.run("seed")
    return verdicts_of(warehouse.build(*MARTS))


def verdict(warehouse: Warehouse, test: str) -> tuple[str, int | None]:
    """Run one data test of the project: its status, and how many rows it finds."""
    return verdicts_of(warehouse.dbt("test", "--select", test))[test]


def attempts(warehouse: Warehouse) -> dict[tuple[str, int], Attempt]:
    query = f"select {', '.join(Attempt._fields)} from marts.fct_placement_attempts"
    found = [Attempt(*row) for row in warehouse.rows(query)]
    return {(row.order_id, row.attempt_number): row for row in found}


def assert_items_have_their_outcomes(
    store: SandboxStore, warehouse: Warehouse, *, deletions_are_reported: bool
) -> None:
    found = dict(warehouse.rows("select order_item_id, outcome from marts.fct_order_items"))
    expected = {row["id"]: ENDS.get(row["order_status"], "open") for row in store.truth.table("items")}
    if deletions_are_reported:
        expected |= {row["id"]: "deleted" for row in store.truth.table("deleted_items")}
        assert found == expected
    else:
        # Items created and deleted between two pulls are not known; known items that are missing were never sold.
        assert expected.items() <= found.items()
        assert {found[key] for key in found.keys() - expected.keys()} <= {"missing", "open"}
    assert {"placed", "open", "rejected", "cancelled"} <= set(found.values())


def assert_orders_have_their_money(
    store: SandboxStore, warehouse: Warehouse, verdicts: Verdicts, *, only_placed: bool = False
) -> None:
    truth = [row for row in store.truth.table("orders") if row["status"] == 5 or not only_placed]
    found = {key: row for key, *row in warehouse.rows(f"select order_id, {', '.join(_TOTALS)} from marts.fct_orders")}
    assert {row["id"]: [row[name] for name in _TOTALS] for row in truth}.items() <= found.items()
    placed = {row["id"]: row for row in truth if row["status"] == 5}
    sold = warehouse.rows(
        """
        select order_id, sum(total_price), sum(order_discount), sum(net_price)
        from marts.fct_order_items where outcome = 'placed' group by 1
        """
    )
    # The discount of a whole order: here from its total, in the marts from its discounts.
    off = {key: row["sub_total"] + row["shipping_total"] - row["total"] for key, row in placed.items()}
    assert {key: row for key, *row in sold} == {
        key: [row["sub_total"], off[key], row["sub_total"] - off[key]] for key, row in placed.items()
    }
    assert any(off.values()), "some orders have a discount of their own"
    assert verdicts["placed_items_add_up_to_sub_total"] == ("pass", 0)
    assert verdicts["discounts_of_placed_orders_can_be_split"] == ("pass", 0)


def assert_days_have_their_revenue(
    store: SandboxStore, warehouse: Warehouse, *, currency_is_known: bool = True
) -> None:
    # The oldest rows and all events have no currency. They count in the only currency of the store, if it has one.
    several = len(store.currencies) > 1
    currency = ("coalesce(currency_code, 'USD')" if several else "currency_code") if currency_is_known else "'all'"
    rows = warehouse.rows(
        f"""
        with sales as (
            select
                day_date as day,
                {currency} as currency,
                sum(items) as items,
                sum(revenue) filter (revenue_type != 'one_time') as recurring,
                sum(revenue) filter (revenue_type = 'one_time') as one_time,
                sum(revenue + item_discounts) as list_price,
                sum(net_revenue) as net
            from marts.rpt_revenue_daily group by all
        ),
        boxes as (
            select placed_date as day, {currency} as currency, count(*) as orders, sum(shipping_total) as shipping
            from marts.fct_orders where outcome = 'placed' group by all
        )
        select day, currency, orders, items, coalesce(recurring, 0), coalesce(one_time, 0), list_price, net + shipping
        from sales full join boxes using (day, currency)
        """
    )
    names = ("orders", "items", "recurring", "one_time", "list_price", "total")
    expected: dict[tuple[date, str], list[Decimal]] = {}
    for row in store.truth.table("revenue_daily"):
        key = (row["day"], row["currency_code"] if currency_is_known else "all")
        before = expected.get(key, [Decimal(0)] * len(names))
        expected[key] = [old + row[name] for old, name in zip(before, names, strict=True)]
    assert {(day, code): list(values) for day, code, *values in rows} == expected
    assert any(row[3] for row in expected.values())


def assert_customers_have_their_revenue(store: SandboxStore, warehouse: Warehouse) -> None:
    expected: dict[str, tuple[int, Decimal]] = {}
    for row in store.truth.table("orders"):
        if row["status"] == 5:
            orders, revenue = expected.get(row["customer"], (0, Decimal(0)))
            expected[row["customer"]] = (orders + 1, revenue + row["sub_total"])
    rows = warehouse.rows(
        "select customer_id, orders_placed, revenue_placed from marts.dim_customers where orders_placed > 0"
    )
    assert {key: (orders, revenue) for key, orders, revenue in rows} == expected


def truth_of_attempts(store: SandboxStore) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["order"], row["attempt"]): row for row in store.truth.table("placement_attempts")}


def assert_attempts(store: SandboxStore, warehouse: Warehouse) -> dict[tuple[str, int], Attempt]:
    """Each attempt once, with its number, answer and result, dated within its bounds."""
    truth, found = truth_of_attempts(store), attempts(warehouse)
    assert found.keys() == truth.keys()
    for key, row in truth.items():
        attempt = found[key]
        assert attempt.billing_attempt_id == row["id"]
        assert (attempt.response_code or "") == row["response_code"]
        assert attempt.result == RESULTS.get(row["status_after"], "retried")
        assert attempt.not_before_at <= utc(row["at"]) <= attempt.not_after_at
    return found


def assert_recoveries(store: SandboxStore, warehouse: Warehouse) -> None:
    """Failed attempts whose orders were placed later: when, and with which value; and the value of lost orders."""
    truth, known = truth_of_attempts(store), attempts(warehouse)
    worth = {row["id"]: row["sub_total"] for row in store.truth.table("orders")}
    ends = {row["id"]: row["status"] for row in store.truth.table("orders")}
    failed = {key: row for key, row in truth.items() if row["status_after"] != 5 and key in known}
    placed_at = {order: row["at"] for (order, _), row in truth.items() if row["status_after"] == 5}
    expected = {key: placed_at[key[0]] for key in failed if key[0] in placed_at}
    found = {key: row for key, row in known.items() if row.recovered_at}
    assert {key: wall(row.recovered_at) for key, row in found.items()} == expected
    # The number of days is null where the day of the failure is not known.
    days = {key: (placed_at[key[0]].date() - truth[key]["at"].date()).days for key in expected}
    is_dated = {key: row.not_before_at.astimezone(ZONE).date() == row.attempted_date for key, row in found.items()}
    assert {key: row.days_to_recovery for key, row in found.items()} == {
        key: days[key] if is_dated[key] else None for key in expected
    }
    # The answer to a batch is final: its orders are not tried again.
    is_tried_again = store.placement == "direct"
    assert (len(expected) > 5) == is_tried_again

    orders = {order for order, _ in failed}
    sums = warehouse.rows("select sum(recovered_revenue), sum(lost_revenue) from marts.fct_placement_attempts")
    recovered = sum(worth[order] for order in orders if order in placed_at)
    lost = sum(worth[order] for order in orders if ends[order] in (3, 4, 14))
    assert sums == [(recovered, lost)]
    assert bool(recovered) == is_tried_again
    assert lost
