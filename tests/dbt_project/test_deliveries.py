"""Duplicate, late and out-of-order webhook events give the same marts as a clean delivery."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from og_assets.deletions.check_rows import ExistenceCheckRow
from testkit.dbt.store import LakeFixture, ListingTimes, Row, Warehouse, day, event, small_store

MARTS = ("--select", "+fct_orders", "+fct_order_items", "+dim_customers", "+fct_item_moves", "+rpt_deleted_value")
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def items(warehouse: Warehouse) -> dict[str, tuple[str, str | None, bool]]:
    rows = warehouse.rows("select order_item_id, outcome, order_id, deleted_at is not null from marts.fct_order_items")
    return {key: (outcome, order, is_deleted) for key, outcome, order, is_deleted in rows}


def test_deletions_and_moves_reach_the_marts_and_the_build_passes(lake: LakeFixture, warehouse: Warehouse) -> None:
    """Events out of order, some with ids only, of objects that were pulled and of others."""
    small_store(lake)
    june = datetime(2026, 6, 10, 20, tzinfo=UTC)
    lake.deliver(
        [
            # The item of the upcoming order was removed, and another was created in its place.
            event("E2", "item.remove", "I2", at=june + timedelta(seconds=1), order="O2"),
            event("E3", "item.create", "I20", at=june + timedelta(seconds=1), order="O2", subscription="S1"),
            event("E1", "item.change_quantity", "I2", at=june, order="O2", quantity=3),
            # The order was placed; the event that removed the item before that arrives late.
            event("E4", "item.remove", "I3", at=datetime(2026, 5, 1, 17, tzinfo=UTC)),
            # Only the id of an unknown item.
            event("E5", "item.remove", "I50", at=june),
            # The only item of an order moved to a new one, and the old order was deleted.
            event("F1", "order.create", "O30", at=june, customer="C1", status=1, place="2026-07-30", total="20.00"),
            event("F3", "order.delete", "O3", at=june, customer="C1", status=1, total="0.00"),
            event("F2", "item.change_order", "I8", at=june, order="O30", product="P1"),
            # Created and deleted between two pulls.
            event("G2", "order.delete", "O40", at=june, customer="C1", status=1, place="2026-07-01", total="0.00"),
            event("G1", "order.create", "O40", at=june, customer="C1", status=1, place="2026-07-01", total="20.00"),
            event("G3", "item.create", "I40", at=june, order="O40", subscription="S1", total_price="20.00"),
            # Unknown types and invalid objects.
            event("H1", "order.new_at_ordergroove", "O2", at=june, status={"odd": True}),
            {"event_id": "H2", "type": "item.remove", "object": "prose"},
            {"event_id": "H3", "type": None, "object": None},
        ]
    )
    assert contradicted_deletions(warehouse.build()) == {"orders": ("pass", 0), "items": ("pass", 0)}

    assert items(warehouse) == {
        "I1": ("placed", "O1", False),
        "I2": ("deleted", "O2", True),
        "I20": ("open", "O2", False),
        "I3": ("deleted", "O1", True),
        "I50": ("deleted", None, True),
        "I8": ("open", "O30", False),
        "I9": ("unknown", "O9", False),
        "I40": ("missing", "O40", False),
    }
    orders = "select order_id, outcome, items, cast(total as varchar), deleted_at from marts.fct_orders order by 1"
    assert warehouse.rows(orders) == [
        ("O1", "placed", 1, "20.00", None),
        ("O2", "upcoming", 1, "20.00", None),
        ("O3", "deleted", 0, None, june),
        ("O30", "upcoming", 1, "20.00", None),
        ("O40", "deleted", 0, "20.00", june),
        ("O9", "unknown", 1, None, None),
    ]
    # The next date and the price come from existing items, not from the removed one.
    next_order = "select cast(next_order_date as varchar), price_basis from marts.dim_subscriptions"
    assert warehouse.rows(f"{next_order} where subscription_id = 'S1'") == [("2026-06-30", "last_placed_item")]

    once = warehouse.contents("staging", "intermediate", "marts")
    warehouse.run("run")
    assert warehouse.contents("staging", "intermediate", "marts") == once


def history(rng: random.Random) -> list[Row]:
    """Events of a few orders and items: many in one second, some of them contradictory."""
    happened = []
    for number in range(60):
        at = JUNE + timedelta(hours=rng.randrange(12))
        fields: Row = rng.choice(
            [{}, {"status": rng.choice([1, 5]), "total": f"{rng.randrange(90)}.00", "place": "2026-07-01"}]
        )
        if rng.random() < 0.4:
            kind = rng.choice(["create", "change_payment", "success", "delete"])
            happened.append(event(f"E{number}", f"order.{kind}", f"O{rng.randrange(8)}", at=at, **fields))
        else:
            kind = rng.choice(["create", "change_order", "change_quantity", "remove"])
            place: Row = rng.choice([{}, {"order": f"O{rng.randrange(8)}", "subscription": f"S{rng.randrange(3)}"}])
            worth: Row = rng.choice([{}, {"quantity": 1, "total_price": f"{rng.randrange(90)}.00"}])
            happened.append(event(f"E{number}", f"item.{kind}", f"I{rng.randrange(12)}", at=at, **place, **worth))
    return happened


def pulled(lake: LakeFixture, rng: random.Random) -> None:
    """Some of these orders and items, as the API returns them."""
    at = [day(f"2026-06-01 {hour:02}:00:00") for hour in range(8)]
    rows = [{"public_id": f"O{n}", "status": rng.choice([1, 5]), "updated": rng.choice(at)} for n in range(4)]
    lake.pull("orders", rows, seen_at=JUNE + timedelta(hours=6))
    lines = [{"public_id": f"I{n}", "order": f"O{n % 4}", "order_updated": rng.choice(at)} for n in range(6)]
    lake.pull("items", lines, seen_at=JUNE + timedelta(hours=6))
    lake.record_pull("items", start=None, end=JUNE + timedelta(hours=8))


@pytest.mark.parametrize("seed", [1])
def test_marts_of_any_delivery_are_those_of_a_clean_one(lake: LakeFixture, warehouse: Warehouse, seed: int) -> None:
    """Duplicates, out of order, a tenth three days late, files ingested again under other names."""
    rng = random.Random(seed)
    warehouse.run("seed")
    pulled(lake, rng)
    clean = [{**row, "received_at": row["created"] + timedelta(seconds=2)} for row in history(rng)]

    deliveries = []
    for row in clean:
        late = timedelta(days=3) if rng.random() < 0.1 else timedelta(0)
        for retry in range(2):
            received_at = row["received_at"] + late + timedelta(minutes=retry * rng.randrange(20))
            deliveries.append({**row, "received_at": rng.choice([received_at, received_at, None])})
    rng.shuffle(deliveries)
    files = [deliveries[start::5] for start in range(5)]
    for build in range(3):
        for file in files[build * 2 : build * 2 + 2]:
            lake.deliver(file)
        if build:
            # The same events in another file, and a copy of a file.
            lake.deliver(rng.choice(files[: build * 2]))
            again = sorted((lake.root / "events").rglob("0*.parquet"))[0]
            (again.parent / f"0-again-{build}.parquet").write_bytes(again.read_bytes())
        warehouse.run("run", *MARTS)
    schemas = ("staging", "intermediate", "marts")
    dirty = warehouse.contents(*schemas)
    warehouse.run("run", *MARTS, "--full-refresh")
    assert warehouse.contents(*schemas) == dirty

    for path in (lake.root / "events").rglob("0*.parquet"):
        path.unlink()
    lake.deliver(clean)
    warehouse.run("run", *MARTS, "--full-refresh")
    for schema in ("intermediate", "marts"):
        rows = warehouse.contents(schema)
        assert rows == {table: dirty[table] for table in rows}
    outcomes = {outcome for (outcome,) in warehouse.rows("select outcome from marts.fct_order_items")}
    assert {"deleted", "open", "missing"} <= outcomes


def test_earlier_delivery_that_arrives_late_reaches_the_typed_events_too(
    lake: LakeFixture, warehouse: Warehouse
) -> None:
    """Deliveries of one event do not differ. If they did, the first one would count in every model."""
    warehouse.run("seed")
    late, early = (JUNE + timedelta(minutes=minutes) for minutes in (5, 1))
    lake.deliver([event("E1", "item.create", "I1", at=JUNE, received_at=late, quantity=2)])
    warehouse.run("run", *MARTS)
    lake.deliver([event("E1", "item.create", "I1", at=JUNE, received_at=early, quantity=1)])
    warehouse.run("run", *MARTS)
    assert warehouse.rows("select quantity from staging.stg_ordergroove__item_events") == [(1,)]
    assert warehouse.rows("select quantity from marts.fct_order_items") == [(1,)]


def contradicted_deletions(result: Any) -> dict[str, tuple[str, int]]:
    """Return status and number of rows of the two checks for contradicted webhook deletions."""
    checks = {f"webhook_{kind}_deletions_are_not_contradicted": f"{kind}s" for kind in ("order", "item")}
    return {checks[node.node.name]: (node.status, node.failures) for node in result.result if node.node.name in checks}


def test_contradicted_deletion_is_listed_with_its_contradiction(lake: LakeFixture, warehouse: Warehouse) -> None:
    """The check warns and the build passes. It does not list objects that were deleted again, or reported twice."""
    before, alive, after = (datetime(2026, 6, 1, hour, tzinfo=UTC) for hour in (3, 4, 5))
    lake.pull("orders", [{"public_id": key, "updated": day("2026-06-01")} for key in ("O1", "O2", "O3")], seen_at=alive)
    lake.pull("items", [{"public_id": "I1", "order": "O1", "order_updated": day("2026-06-01")}], seen_at=alive)
    listed: ListingTimes = {"last_listed_at": alive, "first_missed_at": after}
    lake.check(
        ExistenceCheckRow(object_type="order", object_id="O5", reason="left_census", **listed),
        ExistenceCheckRow(object_type="item", object_id="I4", reason="came_back", checked_at=alive, status=200),
    )
    lake.deliver(
        [
            event("E1", "order.delete", "O1", at=before),
            event("E2", "order.delete", "O2", at=alive),
            event("E3", "order.delete", "O3", at=before),
            event("E4", "order.delete", "O3", at=after),
            event("E5", "order.delete", "O4", at=after - timedelta(seconds=1)),
            event("E6", "order.change_payment", "O4", at=after),
            event("E7", "order.delete", "O5", at=before),
            event("F1", "item.remove", "I1", at=before),
            event("F2", "item.change_quantity", "I2", at=before),
            event("F3", "item.remove", "I2", at=alive),
            event("F3", "item.remove", "I2", at=alive),
            event("F4", "item.remove", "I2", at=after),
            event("F5", "item.remove", "I3", at=before),
            event("F6", "item.sku_swap", "I3", at=alive),
            event("F7", "item.remove", "I3", at=after),
            event("F8", "item.remove", "I4", at=before),
        ]
    )
    build = ("build", "--select", "+int_known_orders", "+int_known_items")
    # The store's time zone does not matter: both times come from Ordergroove's clock.
    for zone in ("America/New_York", "Etc/UTC"):
        assert contradicted_deletions(warehouse.run(*build, ORDERGROOVE_TIMEZONE=zone)) == {
            "orders": ("warn", 3),
            "items": ("warn", 2),
        }
        orders = "select * from warnings.webhook_order_deletions_are_not_contradicted order by 1"
        assert warehouse.rows(orders) == [
            ("O1", before, alive, "the API"),
            ("O4", after - timedelta(seconds=1), after, "E6"),
            ("O5", before, alive, "a census"),
        ]
        items = "select * from warnings.webhook_item_deletions_are_not_contradicted order by 1"
        assert warehouse.rows(items) == [("I1", before, alive, "the API"), ("I4", before, alive, "a retrieve call")]
