"""Cohorts and survival curves of a sandbox store: retention, placed orders, and how long subscriptions last."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

import pytest
from dateutil.relativedelta import relativedelta
from lifelines import KaplanMeierFitter

from testkit.dbt.runner import Dbt

from .sandbox_stores import UNTIL, SandboxStore

# Reports end on the last whole day before the last pull; webhooks of later days do not count yet.
KNOWN_UNTIL = UNTIL.date() - timedelta(days=1)

# What a curve is grouped by, and its cohort quarter or its product.
Curve = tuple[str, date | None, str | None]


class Subscription(NamedTuple):
    """A subscription as it truly was: its live spells, by days."""

    customer: str
    product: str
    spells: list[tuple[date, date | None]]

    @property
    def started(self) -> date:
        return self.spells[0][0]

    def is_live(self, day: date) -> bool:
        """At the end of the day."""
        return any(start <= day and (end is None or day < end) for start, end in self.spells)


def subscriptions_of(store: SandboxStore) -> dict[str, Subscription]:
    """Every subscription that began on a day that is known."""
    customers = {row["id"]: row["customer"] for row in store.truth.table("subscriptions")}
    states = defaultdict(list)
    for row in sorted(store.truth.table("subscription_periods"), key=lambda row: row["started"]):
        states[row["subscription"]].append(row)
    by_id = {}
    for subscription, rows in states.items():
        spells = [
            (row["started"].date(), row["ended"] and row["ended"].date()) for row in rows if row["state"] == "live"
        ]
        if spells[0][0] <= KNOWN_UNTIL:
            by_id[subscription] = Subscription(customers[subscription], rows[0]["product"], spells)
    return by_id


def first_cancellations(store: SandboxStore) -> dict[str, date]:
    events = [row for row in store.truth.table("events") if row["type"] == "subscription.cancel"]
    days: dict[str, date] = {}
    for row in sorted(events, key=lambda row: row["at"]):
        days.setdefault(row["object_id"], row["at"].date())
    return {subscription: day for subscription, day in days.items() if day <= KNOWN_UNTIL}


def observations(store: SandboxStore) -> dict[Curve, list[tuple[int, bool]]]:
    """The days that each subscription of a curve lived, and whether it ended then or was only known so long."""
    ended = first_cancellations(store)
    curves: defaultdict[Curve, list[tuple[int, bool]]] = defaultdict(list)
    for subscription, row in subscriptions_of(store).items():
        end = ended.get(subscription)
        observed = ((end or KNOWN_UNTIL) - row.started).days, end is not None
        quarter = row.started.replace(month=(row.started.month - 1) // 3 * 3 + 1, day=1)
        curves["cohort_quarter", quarter, None].append(observed)
        curves["product", None, row.product].append(observed)
    return curves


def expected_survival(seen: list[tuple[int, bool]], ages: list[int]) -> Iterator[list[float]]:
    """Survival and its bounds at each age, as the library has them."""
    days, ended = zip(*seen, strict=True)
    curve = KaplanMeierFitter().fit(days, ended, timeline=ages)
    for survival, bounds in zip(
        curve.survival_function_.values.tolist(), curve.confidence_interval_.values.tolist(), strict=True
    ):
        yield survival + bounds


def test_survival_is_what_the_library_says_of_the_truth(all_events: SandboxStore, dbt: Dbt) -> None:
    store, warehouse = all_events, all_events.warehouse(dbt)
    found: defaultdict[Curve, list[tuple[int, float, float, float]]] = defaultdict(list)
    for grouped_by, quarter, product, *point in warehouse.rows(
        """
        select grouped_by, cohort_quarter, product_id, age_days, survival, lower, upper
        from marts.rpt_survival order by all
        """
    ):
        age, survival, lower, upper = point
        found[grouped_by, quarter, product].append((age, survival, lower, upper))
    truth = observations(store)
    assert found.keys() == truth.keys()
    assert len(found) > 10
    for curve, rows in found.items():
        ages = [age for age, *_ in rows]
        assert ages == list(range(0, max(day for day, _ in truth[curve]) + 7, 7))
        for (age, *values), expected in zip(rows, expected_survival(truth[curve], ages), strict=True):
            assert values == pytest.approx(expected, abs=1e-9, rel=0), (curve, age)
    assert any(survival < 0.5 for rows in found.values() for _, survival, *_ in rows)


def months_later(day: date, months: int) -> date:
    later: date = day + relativedelta(months=months)
    return later


def cohorts_of(store: SandboxStore) -> dict[date, dict[str, list[str]]]:
    """The subscriptions of each customer, in the month of the customer's first one."""
    by_id = subscriptions_of(store)
    customers = defaultdict(list)
    for subscription, row in by_id.items():
        customers[row.customer].append(subscription)
    cohorts: dict[date, dict[str, list[str]]] = defaultdict(dict)
    for customer, subscriptions in customers.items():
        started = min(by_id[subscription].started for subscription in subscriptions)
        cohorts[started.replace(day=1)][customer] = subscriptions
    return cohorts


def placed_orders(store: SandboxStore) -> dict[str, list[tuple[date, Decimal]]]:
    """The days and the worth of each customer's orders, the oldest first; of subscriptions' items alone."""
    orders: dict[str, dict[str, Any]] = defaultdict(dict)
    customers = {row["id"]: row["customer"] for row in store.truth.table("orders")}
    for row in store.truth.table("items"):
        if row["order_status"] == 5 and row["subscription"] and row["first_placed"].date() <= KNOWN_UNTIL:
            mine = orders[customers[row["order"]]]
            _, worth = mine.get(row["order"], (None, Decimal(0)))
            mine[row["order"]] = row["first_placed"], worth + row["total_price"]
    return {customer: [(at.date(), worth) for at, worth in sorted(mine.values())] for customer, mine in orders.items()}


def expected_months(store: SandboxStore) -> Iterator[tuple[Any, ...]]:
    by_id, orders = subscriptions_of(store), placed_orders(store)
    for month, customers in sorted(cohorts_of(store).items()):
        started = {
            customer: min(by_id[subscription].started for subscription in subscriptions)
            for customer, subscriptions in customers.items()
        }
        last_day = months_later(month, 1) - timedelta(days=1)
        total = Decimal(0)
        for age in count():
            reached = {
                customer: day for customer, start in started.items() if (day := months_later(start, age)) <= KNOWN_UNTIL
            }
            retained = sum(
                any(by_id[subscription].is_live(day) for subscription in customers[customer])
                for customer, day in reached.items()
            )
            placed = [
                worth
                for customer, start in started.items()
                for day, worth in orders.get(customer, [])
                if (age == 0 or months_later(start, age - 1) < day) and day <= months_later(start, age)
            ]
            total += sum(placed)
            is_complete = months_later(last_day, age) <= KNOWN_UNTIL
            yield month, age, len(customers), len(reached), retained, len(placed), sum(placed), total, is_complete
            if months_later(min(started.values()), age) >= KNOWN_UNTIL:
                break


def expected_order_numbers(store: SandboxStore) -> Iterator[tuple[Any, ...]]:
    by_id, orders = subscriptions_of(store), placed_orders(store)
    for month, customers in sorted(cohorts_of(store).items()):
        counts = {customer: len(orders.get(customer, [])) for customer in customers}
        live = [
            customer
            for customer, subscriptions in customers.items()
            if any(by_id[subscription].is_live(KNOWN_UNTIL) for subscription in subscriptions)
        ]
        total = Decimal(0)
        by_number = Counter(number for reached in counts.values() for number in range(1, reached + 1))
        for number, retained in sorted(by_number.items()):
            placed = [orders[customer][number - 1][1] for customer, reached in counts.items() if reached >= number]
            total += sum(placed)
            is_complete = months_later(month, 1) <= KNOWN_UNTIL and all(counts[customer] >= number for customer in live)
            size = len(customers)
            yield month, number, size, size, retained, len(placed), sum(placed), total, is_complete


def test_cohorts_are_what_was_true(all_events: SandboxStore, dbt: Dbt) -> None:
    store, warehouse = all_events, all_events.warehouse(dbt)
    for unit, expected in (("month", expected_months(store)), ("order", expected_order_numbers(store))):
        found = warehouse.rows(
            f"""
            select
                cohort_month, age, cohort_size, observed, retained, orders, revenue,
                sum(revenue) over (partition by cohort_month order by age), is_complete, retention
            from marts.rpt_cohort_retention where age_unit = '{unit}' order by all
            """
        )
        rows = list(expected)
        assert [row[:-1] for row in found] == rows
        assert {True, False} == {row[-2] for row in found}
        assert [row[-1] for row in found] == [row[4] / row[3] if row[3] else None for row in rows]
