"""The state of each subscription of the sandbox stores, on every day, is in the marts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from testkit.dbt.runner import Dbt
from testkit.dbt.store import Warehouse

from .sandbox_stores import UNTIL, SandboxStore

ZONE = ZoneInfo("America/New_York")


class State(NamedTuple):
    """The state and terms of a subscription."""

    state: str
    product: str
    quantity: int
    every: int
    every_period: int


class Row(NamedTuple):
    """A period in the mart, and the bounds of its start and end."""

    state: State
    started: date
    ended: date | None
    not_before: datetime
    not_after: datetime
    observed_until: datetime


def utc(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=ZONE).astimezone(UTC)


def truth(store: SandboxStore) -> dict[tuple[str, date], State]:
    """The state of each subscription at the end of each day that is over."""
    return {
        (row["subscription"], day): State(*(row[name] for name in State._fields))
        for row in store.truth.table("subscription_periods")
        for day in days(row["started"].date(), row["ended"] and row["ended"].date(), today=store.now.date())
    }


def days(first: date, last: date | None, *, today: date) -> Iterator[date]:
    """The days at whose ends a state holds that starts on `first` and ends on `last`."""
    day, last = first, min(last or today, today)
    while day < last:
        yield day
        day += timedelta(days=1)


def found_states(warehouse: Warehouse, *, today: date) -> tuple[dict[tuple[str, date], State], dict[str, list[Row]]]:
    """The same in the marts, and the periods themselves."""
    periods: dict[str, list[Row]] = {}
    for subscription, *state, started, ended, not_before, not_after, observed_until in warehouse.rows(
        """
        select
            subscription_id, state, product_id, quantity, every,
            list_position(['day', 'week', 'month', 'year'], every_period),
            started_date, ended_date, not_before_at, not_after_at, seen_until_at
        from marts.fct_subscription_periods order by subscription_id, period_number
        """
    ):
        row = Row(State(*state), started, ended, not_before, not_after, observed_until)
        periods.setdefault(subscription, []).append(row)
    found = {
        (subscription, day): row.state
        for subscription, rows in periods.items()
        for row in rows
        for day in days(row.started, row.ended, today=today)
    }
    return found, periods


def is_in_doubt(rows: list[Row], day: date) -> bool:
    """Whether a change may have been before or after the end of the day, according to its bounds in the marts."""
    moment = utc(datetime.combine(day + timedelta(days=1), datetime.min.time()))
    return any(
        row.not_before <= moment <= row.not_after
        or (row.observed_until <= moment and later is not None and moment <= later.not_after)
        for row, later in zip_longest(rows, rows[1:])
    )


def happened(store: SandboxStore, kind: str) -> list[tuple[str, datetime]]:
    events = store.truth.table("events")
    return sorted((row["object_id"], utc(row["at"])) for row in events if row["type"] == f"subscription.{kind}")


def compare(store: SandboxStore, warehouse: Warehouse) -> tuple[int, list[tuple[str, date]], list[tuple[str, date]]]:
    """The number of subscription-days, the wrong ones, and those of them that the marts do not mark as in doubt."""
    expected = truth(store)
    found, periods = found_states(warehouse, today=store.now.date())
    wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
    unmarked = [(key, day) for key, day in wrong if not is_in_doubt(periods.get(key, []), day)]
    return len(expected), wrong, unmarked


def test_all_events_make_every_day_and_second_exact(all_events: SandboxStore, dbt: Dbt) -> None:
    store, warehouse = all_events, all_events.warehouse(dbt)
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


def assert_customers_and_reasons(store: SandboxStore, warehouse: Warehouse) -> None:
    lost = "select customer_id, cancelled_at from marts.fct_churn where was_last_of_customer order by all"
    events = [row for row in store.truth.table("events") if row["type"] == "subscriber.cancel"]
    assert warehouse.rows(lost) == sorted((row["customer"], utc(row["at"])) for row in events) != []
    reasons = dict(
        warehouse.rows(
            "select subscription_id, cancel_reason_code from marts.fct_churn "
            "qualify churn_number = max(churn_number) over (partition by subscription_id)"
        )
    )
    cancelled = [row for row in store.truth.table("subscriptions") if not row["live"]]
    assert {row["id"]: int(row["cancel_reason"].partition("|")[0]) for row in cancelled}.items() <= reasons.items()
    origins: dict[str, Any] = dict(warehouse.rows("select origin, count(*) from marts.dim_subscriptions group by all"))
    assert origins["import"] == 9


def between_polls(store: SandboxStore) -> set[tuple[str, date]]:
    """The subscription-days whose state had begun after one poll and ended before the next."""
    since_midnight = timedelta(hours=UNTIL.hour)
    return {
        (row["subscription"], row["started"].date())
        for row in store.truth.table("subscription_periods")
        if row["ended"] and (row["started"] - since_midnight).date() == (row["ended"] - since_midnight).date()
    }


def test_lost_events_make_few_days_wrong_and_all_of_them_are_marked(lossy_events: SandboxStore, dbt: Dbt) -> None:
    """One event in five never arrives; subscriptions are pulled every day."""
    count, wrong, unmarked = compare(lossy_events, lossy_events.warehouse(dbt))
    assert count > 10_000
    assert len(wrong) <= 0.005 * count
    assert not unmarked


def test_daily_pulls_alone_give_nearly_every_day(no_events: SandboxStore, dbt: Dbt) -> None:
    """A change that is undone before the next pull leaves no trace: its days are wrong and cannot be marked."""
    count, wrong, unmarked = compare(no_events, no_events.warehouse(dbt))
    assert count > 10_000
    assert len(wrong) <= 0.02 * count
    assert set(unmarked) <= between_polls(no_events)
