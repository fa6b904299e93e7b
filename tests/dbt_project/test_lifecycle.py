"""The history of subscriptions: late events correct it, and it can be queried as of any past day."""

from datetime import UTC, date, datetime

import duckdb

from og_assets.warehouse.publish import publish
from og_assets.warehouse.warehouse import Warehouse as WarehouseFolder
from testkit.dbt.store import LakeFixture, Row, Warehouse, day, event

MODELS = (
    "--select",
    "+fct_churn",
    "+fct_subscription_events",
    "+dim_customers",
    "--exclude-resource-type",
    "unit_test",
)
EVENTS = """
    select event_type, occurred_at, evidence, precision, before, after
    from marts.fct_subscription_events order by occurred_at, event_type
"""


def noon(day_of_june: int, *, hour: int = 12) -> datetime:
    return datetime(2026, 6, day_of_june, hour, tzinfo=UTC)


def version(*, updated: str, **fields: object) -> Row:
    """A subscription as the API returns it, with wall-clock times of New York."""
    body = {"public_id": "S1", "customer": "C1", "product": "P1", "quantity": 1, "every": 1, "every_period": 3}
    return body | {"live": True, "created": day("2026-06-01 08:00:00"), "updated": day(updated)} | fields


def polls(lake: LakeFixture) -> None:
    lake.pull("customers", [{"merchant_user_id": "C1", "live": True}])
    lake.pull("subscriptions", [version(updated="2026-06-01 08:00:00")], pulled_at=noon(1, hour=18))
    lake.pull("subscriptions", [version(updated="2026-06-05 08:00:00", quantity=2)], pulled_at=noon(5, hour=18))
    cancelled = {"live": False, "cancelled": day("2026-06-08 08:00:00"), "cancel_reason": "8|Too dear"}
    lake.pull(
        "subscriptions", [version(updated="2026-06-08 08:00:00", quantity=2, **cancelled)], pulled_at=noon(8, hour=18)
    )
    lake.record_pull("subscriptions", start=None, end=noon(10))


def late_events(lake: LakeFixture) -> None:
    """Changes on the third and the fifth, and a cancellation of two hours on the sixth."""
    body: Row = {"customer": "C1", "product": "P1", "every": 1, "every_period": 3}
    lake.deliver(
        [
            event("E2", "subscription.change_quantity", "S1", at=noon(3), quantity=3, live=True, **body),
            event("E3", "subscription.change_quantity", "S1", at=noon(5), quantity=2, live=True, **body),
            event("E5", "subscription.reactivate", "S1", at=noon(6, hour=14), quantity=2, live=True, **body),
            event("E4", "subscription.cancel", "S1", at=noon(6), quantity=2, live=False, **body),
        ]
    )


def test_late_events_correct_the_past_and_equal_a_full_refresh(lake: LakeFixture, warehouse: Warehouse) -> None:
    polls(lake)
    warehouse.build(*MODELS)
    assert warehouse.rows(EVENTS) == [
        ("created", noon(1), "field", "exact", None, None),
        ("quantity_changed", noon(5), "poll_diff", "bounded", "1", "2"),
        ("cancelled", noon(8), "field", "exact", "live", "cancelled"),
    ]
    late_events(lake)
    warehouse.build(*MODELS)
    corrected = [
        ("created", noon(1), "field", "exact", None, None),
        ("quantity_changed", noon(3), "webhook", "exact", "1", "3"),
        ("quantity_changed", noon(5), "webhook", "exact", "3", "2"),
        ("cancelled", noon(6), "webhook", "exact", "live", "cancelled"),
        ("reactivated", noon(6, hour=14), "webhook", "exact", "cancelled", "live"),
        ("cancelled", noon(8), "field", "exact", "live", "cancelled"),
    ]
    assert warehouse.rows(EVENTS) == corrected
    churn = "select churn_number, cancelled_at, reactivated_at, reason from marts.fct_churn order by 1"
    assert warehouse.rows(churn) == [(1, noon(6), noon(6, hour=14), None), (2, noon(8), None, "Too dear")]
    late = warehouse.contents("intermediate", "marts")
    warehouse.run("run", "--full-refresh", *MODELS[:-2])
    assert warehouse.contents("intermediate", "marts") == late


def test_published_file_answers_as_of_any_past_day(lake: LakeFixture, warehouse: Warehouse) -> None:
    polls(lake)
    late_events(lake)
    warehouse.build()
    folder = WarehouseFolder(warehouse.data_dir / "warehouse")
    publish(folder)

    def as_of(asked: date) -> list[tuple[object, ...]]:
        with duckdb.connect(str(folder.published_file), read_only=True) as connection:
            query = "select as_of_date, state, quantity from subscriptions_as_of(?) order by subscription_id"
            return connection.execute(query, [asked]).fetchall()

    asked = [date(2026, 6, number) for number in (1, 3, 5, 6, 8)]
    states = [("live", 1), ("live", 3), ("live", 2), ("live", 2), ("cancelled", 2)]
    assert [as_of(past) for past in asked] == [[(past, *state)] for past, state in zip(asked, states, strict=True)]
    assert as_of(date(2026, 5, 31)) == [], "before its creation"
    assert as_of(date(2027, 1, 1)) == [], "a future date"
