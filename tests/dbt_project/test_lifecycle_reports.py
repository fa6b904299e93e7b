"""The lifecycle reports count what happened in a sandbox store, day by day and month by month."""

import shutil
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from testkit.dbt.runner import Dbt
from testkit.dbt.store import LakeFixture, Row, Warehouse, event

from .sandbox_stores import DAYS, SandboxStore

REPORTS = ("fct_mrr_movements", "rpt_kpi_monthly", "rpt_subscriptions_daily")
# These two compare with the present state, which differs where a cancellation counts a day later.
PRESENT = ("last_day_matches_current_subscriptions", "mrr_agrees_between_reports")


def live_customers(store: SandboxStore) -> dict[date, set[str]]:
    """The customers with a live subscription at the end of each day."""
    customers = {row["id"]: row["customer"] for row in store.truth.table("subscriptions")}
    live: defaultdict[date, set[str]] = defaultdict(set)
    for row in store.truth.table("subscription_periods"):
        last = row["ended"].date() if row["ended"] else store.now.date() + timedelta(days=1)
        day = row["started"].date()
        while day < last and row["state"] == "live":
            live[day].add(customers[row["subscription"]])
            day += timedelta(days=1)
    return live


def expected_movements(live: dict[date, set[str]], ends: list[date]) -> Counter[tuple[date, str]]:
    """How many customers began, left and came back in each month, given the last day of each."""
    found: Counter[tuple[date, str]] = Counter()
    seen: set[str] = set()
    for before, end in pairwise([date.min, *ends]):
        month, was, now = end.replace(day=1), live.get(before, set()), live.get(end, set())
        found[month, "new"] += len(now - seen)
        found[month, "reactivation"] += len((now & seen) - was)
        found[month, "churn"] += len(was - now)
        seen |= now
    return +found


def test_every_day_and_month_is_counted(all_events: SandboxStore, dbt: Dbt) -> None:
    store, warehouse = all_events, all_events.warehouse(dbt)
    daily: dict[date, list[Any]] = {
        day: counts
        for day, *counts in warehouse.rows(
            "select day_date, created, reactivated, cancelled, live_end from marts.rpt_subscriptions_daily"
        )
    }
    truth = {
        row["day"]: [row["created"], row["reactivated"], row["cancelled"], row["live_end"]]
        for row in store.truth.table("daily")
    }
    # The report has no days before the first subscription and after the last change.
    quiet = truth.keys() - daily.keys()
    assert all(truth[day][:3] == [0, 0, 0] for day in quiet)
    assert daily == {day: truth[day] for day in truth.keys() - quiet}
    assert len(daily) > DAYS - 30
    assert sum(counts[1] for counts in truth.values()) > 0, "a store without reactivations does not test them"

    # Events and the oldest orders have no currency: they count in the only one of the store.
    assert warehouse.rows("select distinct currency_code from marts.rpt_kpi_monthly") == [("USD",)]
    live = live_customers(store)
    subscribers = warehouse.rows("select day_date, subscribers_live_end from marts.rpt_subscriptions_daily")
    assert dict(subscribers) == {day: len(live.get(day, ())) for day in daily}
    assert_months(warehouse, live, days=sorted(daily))


def assert_months(warehouse: Warehouse, live: dict[date, set[str]], *, days: list[date]) -> None:
    ends = [day for day, following in pairwise([*days, date.max]) if day.month != following.month]
    expected = expected_movements(live, ends)
    found = warehouse.rows(
        "select month_date, movement, count(*) from marts.fct_mrr_movements "
        "where movement in ('new', 'reactivation', 'churn') group by all"
    )
    assert {(month, movement): count for month, movement, count in found} == expected
    # In two of twenty stores no customer comes back in a later month.
    assert {movement for _, movement in expected} >= {"new", "churn"}
    kpis = warehouse.rows("select month_date, subscribers from marts.rpt_kpi_monthly")
    assert dict(kpis) == {end.replace(day=1): len(live.get(end, ())) for end in ends}


def test_cancellation_can_count_on_the_day_after(all_events: SandboxStore, warehouse: Warehouse) -> None:
    shutil.copy(all_events.data_dir / "warehouse" / "build.duckdb", warehouse.path)
    rule = ("--vars", "{churn_date_rule: day_after}")
    warehouse.build("--select", "fct_churn", "int_live_spans+", "--exclude", *PRESENT, *rule)
    truth = {row["day"]: row["cancelled"] for row in all_events.truth.table("daily")}
    cancelled = dict(warehouse.rows("select day_date, cancelled from marts.rpt_subscriptions_daily"))
    days = sorted(cancelled)
    assert {day: cancelled[day] for day in days[1:]} == {day: truth[before] for before, day in pairwise(days)}


def five_months(lake: LakeFixture) -> None:
    """Ten a month from January, cancelled in March, back in May."""
    body: Row = {"customer": "C1", "product": "P1", "quantity": 1, "every": 1, "every_period": 3, "price": "10.00"}
    lake.deliver(
        event(f"E{month}", f"subscription.{kind}", "S1", at=datetime(2026, month, 15, 12, tzinfo=UTC), **body)
        for month, kind in ((1, "create"), (3, "cancel"), (5, "reactivate"))
    )


# A statement that breaks a mart, by the check that must fail then.
BROKEN = {
    "update marts.fct_mrr_movements set movement = case movement when 'new' then 'reactivation' else 'new' end "
    "where movement in ('new', 'reactivation')": "fct_mrr_movements_months_are_consecutive",
    "update marts.fct_mrr_movements set movement = 'inactive' where movement = 'churn'": (
        "fct_mrr_movements_months_are_consecutive"
    ),
    "delete from marts.fct_mrr_movements where movement = 'inactive'": "fct_mrr_movements_months_are_consecutive",
    "update marts.fct_mrr_movements set ending_mrr = ending_mrr + 0.01": "fct_mrr_movements_amounts_add_up",
    "update marts.rpt_subscriptions_daily set reactivated = 0": "rpt_subscriptions_daily_subscriptions_add_up",
    "update marts.rpt_subscriptions_daily set subscribers_reactivated = 0": (
        "rpt_subscriptions_daily_subscribers_add_up"
    ),
    "delete from marts.rpt_subscriptions_daily where cancelled > 0": "rpt_subscriptions_daily_days_are_consecutive",
    "update marts.rpt_kpi_monthly set reactivated_subscribers = 0": "rpt_kpi_monthly_subscribers_add_up",
}


def test_five_months_are_five_movements_and_each_broken_identity_is_found(
    lake: LakeFixture, warehouse: Warehouse
) -> None:
    five_months(lake)
    selected = ("--select", *(f"+{report}" for report in REPORTS))
    warehouse.run("seed")
    warehouse.build(*selected)
    movements = warehouse.rows("select movement, ending_mrr from marts.fct_mrr_movements order by month_date")
    assert movements == [("new", 10), ("unchanged", 10), ("churn", 0), ("inactive", 0), ("reactivation", 10)]
    for broken, identity in BROKEN.items():
        warehouse.run("run", "--select", *REPORTS)
        warehouse.execute(broken)
        tested = warehouse.dbt("test", "--select", *REPORTS, "--exclude-resource-type", "unit_test")
        failed = [node.node.name for node in tested.result if node.status == "fail"]
        assert identity in failed, (broken, failed)
