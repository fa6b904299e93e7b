"""A sandbox store told of by webhooks, or only polled: what its subscriptions were on any day is in the marts."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from ordergroove_sandbox import Store, serve
from ordergroove_sandbox.faults import Faults
from ordergroove_sandbox.webhooks import Webhooks
from testkit.dbt.store import LakeFixture, Warehouse

from .test_lifecycle_reports import told_store
from .test_truth import pull, take_in

ZONE = ZoneInfo("America/New_York")
UNTIL = datetime(2026, 6, 10, 14)
DAYS = 365
# More of them: `SEEDS=20 pytest tests/dbt_project/test_lifecycle_truth.py`.
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
LIFECYCLE = ("--select", "+fct_churn", "+dim_customers", "+rpt_kpi_monthly", "+rpt_subscriptions_daily")


class State(NamedTuple):
    """What a subscription is."""

    state: str
    product: str
    quantity: int
    every: int
    every_period: int


class Row(NamedTuple):
    """A period as the mart has it, and when it may have begun or ended."""

    state: State
    started: date
    ended: date | None
    not_before: datetime
    not_after: datetime
    seen_until: datetime


def utc(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=ZONE).astimezone(UTC)


def truth(store: Store) -> dict[tuple[str, date], State]:
    """The state of each subscription at the end of each day that is over."""
    return {
        (row["subscription"], day): State(*(row[name] for name in State._fields))
        for row in store.truth.table("subscription_periods")
        for day in days(row["started"].date(), row["ended"] and row["ended"].date(), today=store.now.date())
    }


def days(first: date, last: date | None, *, today: date) -> Iterator[date]:
    """The days at whose ends something holds that begins on the first and ends on the last."""
    day, last = first, min(last or today, today)
    while day < last:
        yield day
        day += timedelta(days=1)


def told(warehouse: Warehouse, *, today: date) -> tuple[dict[tuple[str, date], State], dict[str, list[Row]]]:
    """The same as the marts have it, and the periods themselves."""
    periods: dict[str, list[Row]] = {}
    for subscription, *state, started, ended, not_before, not_after, seen_until in warehouse.rows(
        """
        select
            subscription_id, state, product_id, quantity, every,
            list_position(['day', 'week', 'month', 'year'], every_period),
            started_date, ended_date, not_before_at, not_after_at, seen_until_at
        from marts.fct_subscription_periods order by subscription_id, period_number
        """
    ):
        row = Row(State(*state), started, ended, not_before, not_after, seen_until)
        periods.setdefault(subscription, []).append(row)
    found = {
        (subscription, day): row.state
        for subscription, rows in periods.items()
        for row in rows
        for day in days(row.started, row.ended, today=today)
    }
    return found, periods


def is_in_doubt(rows: list[Row], day: date) -> bool:
    """Whether the marts say that the state at the end of a day is not certain, because a change was near."""
    moment = utc(datetime.combine(day + timedelta(days=1), datetime.min.time()))
    return any(
        row.not_before <= moment <= row.not_after
        or (row.seen_until <= moment and later is not None and moment <= later.not_after)
        for row, later in zip(rows, [*rows[1:], None], strict=True)
    )


def happened(store: Store, kind: str) -> list[tuple[str, datetime]]:
    events = store.truth.table("events")
    return sorted((row["object_id"], utc(row["at"])) for row in events if row["type"] == f"subscription.{kind}")


def compare(store: Store, warehouse: Warehouse) -> tuple[int, list[tuple[str, date]], list[tuple[str, date]]]:
    """How many subscription-days there are, which are wrong, and which of these the marts did not mark as in doubt."""
    expected = truth(store)
    found, periods = told(warehouse, today=store.now.date())
    wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
    unmarked = [(key, day) for key, day in wrong if not is_in_doubt(periods.get(key, []), day)]
    return len(expected), wrong, unmarked


def build(warehouse: Warehouse) -> None:
    """Build the lifecycle with all its tests; what only warns may warn."""
    warehouse.run("seed")
    warehouse.build(*LIFECYCLE)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_day_and_every_second_are_right_where_all_events_came(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    store = told_store(lake, tmp_path, seed=seed)
    build(warehouse)

    count, wrong, _ = compare(store, warehouse)
    assert count > 10_000
    assert not wrong
    churn = "select subscription_id, cancelled_at from marts.fct_churn order by all"
    assert warehouse.rows(churn) == happened(store, "cancel")
    returns = (
        "select subscription_id, reactivated_at from marts.fct_churn where reactivated_at is not null order by all"
    )
    assert warehouse.rows(returns) == happened(store, "reactivate") != []
    assert warehouse.rows("select distinct precision from marts.fct_subscription_periods") == [("exact",)]
    assert_customers_and_reasons(store, warehouse)


def assert_customers_and_reasons(store: Store, warehouse: Warehouse) -> None:
    lost = "select customer_id, cancelled_at from marts.fct_churn where was_last_of_customer order by all"
    events = [row for row in store.truth.table("events") if row["type"] == "subscriber.cancel"]
    assert warehouse.rows(lost) == sorted((row["customer"], utc(row["at"])) for row in events) != []
    reasons = dict(
        warehouse.rows(
            "select subscription_id, cancel_reason_code from marts.fct_churn "
            "qualify churn_number = max(churn_number) over (partition by subscription_id)"
        )
    )
    gone = [row for row in store.truth.table("subscriptions") if not row["live"]]
    assert {row["id"]: int(row["cancel_reason"].partition("|")[0]) for row in gone}.items() <= reasons.items()
    origins: dict[str, Any] = dict(warehouse.rows("select origin, count(*) from marts.dim_subscriptions group by all"))
    assert origins["import"] == 9


def live_a_year(lake: LakeFixture, *, seed: int, hooks: Webhooks | None = None) -> Store:
    """A store that is polled every day from its first days on."""
    store = Store(seed=seed, customers=3, days=6, until=UNTIL - timedelta(days=DAYS), webhooks=hooks)
    with serve(store) as shop:
        end = pull(shop, lake, since=None, names=("subscriptions",))
        for _ in range(DAYS):
            store.advance(days=1)
            end = pull(shop, lake, since=end, names=("subscriptions",))
        pull(shop, lake, since=None, names=("customers", "orders", "items"))
    return store


def between_polls(store: Store) -> set[tuple[str, date]]:
    """The subscription-days whose state had begun after one poll and ended before the next."""
    since_midnight = timedelta(hours=UNTIL.hour)
    return {
        (row["subscription"], row["started"].date())
        for row in store.truth.table("subscription_periods")
        if row["ended"] and (row["started"] - since_midnight).date() == (row["ended"] - since_midnight).date()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_lost_events_cost_little_and_what_is_wrong_is_marked(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """One event in five never comes; polls every day."""
    hooks = Webhooks(faults=Faults(lose_event_every=5, double_event_every=7, shuffle_events=900))
    hooks.write_files_to(tmp_path / "dumps")
    store = live_a_year(lake, seed=seed, hooks=hooks)
    hooks.close()
    take_in(tmp_path / "dumps", lake)
    build(warehouse)
    count, wrong, unmarked = compare(store, warehouse)
    assert count > 10_000
    assert len(wrong) <= 0.005 * count
    assert not unmarked


@pytest.mark.parametrize("seed", SEEDS)
def test_daily_polls_alone_tell_nearly_every_day(lake: LakeFixture, warehouse: Warehouse, seed: int) -> None:
    """Lost is what was changed and changed back between two polls: it left no trace, so nothing can mark it."""
    store = live_a_year(lake, seed=seed)
    build(warehouse)
    count, wrong, unmarked = compare(store, warehouse)
    assert count > 10_000
    assert len(wrong) <= 0.02 * count
    assert set(unmarked) <= between_polls(store)
