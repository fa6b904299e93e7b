"""Deletions from the lake to the marts: evidence, bounds, moves, undeleted objects; incremental equals full refresh."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from og_assets.deletions.check_rows import ExistenceCheckRow
from testkit.dbt.store import LakeFixture, ListingTimes, Row, Warehouse, day, event, small_store

from .sales import verdict

MARTS = ("--select", "+fct_deletions", "+fct_item_moves", "+rpt_deleted_value", "+fct_orders")
JUNE = datetime(2026, 6, 10, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def deletions(warehouse: Warehouse) -> dict[tuple[str, int], tuple[Any, ...]]:
    rows = warehouse.rows(
        "select object_id, deletion_number, all_evidence, precision, not_before_at, deleted_at, undeleted_at "
        "from marts.fct_deletions"
    )
    return {(key, number): tuple(rest) for key, number, *rest in rows}


def not_found(key: str, *, at: datetime, kind: Any = "item", **known: Any) -> ExistenceCheckRow:
    return ExistenceCheckRow(object_type=kind, object_id=key, reason="left_census", checked_at=at, status=404, **known)


def test_each_proof_is_a_bounded_deletion_and_absence_alone_is_none(lake: LakeFixture, warehouse: Warehouse) -> None:
    small_store(lake)
    noon = JUNE + timedelta(hours=16)
    missed: ListingTimes = {"last_listed_at": JUNE, "first_missed_at": noon}
    lake.check(
        # Proved by a 404; reported by a late event, too; absent from a listing, and not checked yet.
        not_found("I2", at=noon + SECOND, **missed),
        not_found("O2", kind="order", at=noon + SECOND, **missed),
        not_found("O3", kind="order", at=noon + SECOND, **missed),
        ExistenceCheckRow(object_type="item", object_id="I9", reason="left_census", **missed),
        # Only the ids of these are known.
        not_found("I70", at=noon, **missed),
        not_found("O70", kind="order", at=noon),
        ExistenceCheckRow(object_type="item", object_id="I71", reason="left_census", **missed),
        # Deleted, undeleted, and deleted again.
        not_found("I8", at=JUNE),
        ExistenceCheckRow(object_type="item", object_id="I8", reason="came_back", checked_at=noon, status=200),
        not_found("I8", at=noon + timedelta(days=1)),
    )
    lake.deliver([event("E1", "order.delete", "O3", at=JUNE + SECOND)])
    warehouse.build()

    observed, reported = datetime(2026, 6, 3, 18, tzinfo=UTC), JUNE + SECOND
    assert deletions(warehouse) == {
        ("I2", 1): ("retrieve_404, census", "bounded", JUNE, noon + 2 * SECOND, None),
        ("O2", 1): ("retrieve_404, census", "bounded", JUNE, noon + 2 * SECOND, None),
        ("O3", 1): ("webhook, retrieve_404, census", "exact", reported, reported, None),
        ("I70", 1): ("retrieve_404, census", "bounded", JUNE, noon + SECOND, None),
        ("O70", 1): ("retrieve_404", "bounded", None, noon + SECOND, None),
        ("I8", 1): ("retrieve_404", "bounded", observed, JUNE + SECOND, noon),
        ("I8", 2): ("retrieve_404", "bounded", noon, noon + timedelta(days=1) + SECOND, None),
    }
    outcomes = dict(warehouse.rows("select order_item_id, outcome from marts.fct_order_items"))
    assert outcomes == {
        "I1": "placed",
        "I2": "deleted",
        "I3": "missing",
        "I8": "deleted",
        "I9": "unknown",
        "I70": "deleted",
        "I71": "unknown",
    }
    assert dict(warehouse.rows("select order_id, outcome from marts.fct_orders")) == {
        "O1": "placed",
        "O2": "deleted",
        "O3": "deleted",
        "O9": "unknown",
        "O70": "deleted",
    }
    # The value of deleted items in one currency, and its share of the value planned for June.
    report = "select cast(month_date as varchar), items, gross_value, round(share_of_scheduled, 4)"
    assert warehouse.rows(f"{report} from marts.rpt_deleted_value where currency_code = 'USD'") == [
        ("2026-06-01", 1, Decimal("20.00"), 0.5)
    ]


def test_deletion_of_a_placed_order_warns(small_lake: LakeFixture, small_warehouse: Warehouse) -> None:
    """Ordergroove may report a placed order as deleted: the marts believe it, and a check warns."""
    lake, warehouse = small_lake, small_warehouse
    check = "deleted_orders_were_not_placed"
    assert verdict(warehouse, check) == ("pass", 0)
    at = JUNE + timedelta(days=1)
    lake.deliver([event("E1", "order.delete", "O1", at=at), event("E2", "order.delete", "O2", at=at)])
    warehouse.run("run", "--select", "+fct_orders")
    outcomes = dict(warehouse.rows("select order_id, outcome from marts.fct_orders"))
    assert (outcomes["O1"], outcomes["O2"]) == ("deleted", "deleted")
    assert verdict(warehouse, check) == ("warn", 1)
    assert warehouse.rows(f"select order_id from warnings.{check}") == [("O1",)]


def test_item_absent_from_a_listing_is_missing_until_its_check(
    small_lake: LakeFixture, small_warehouse: Warehouse
) -> None:
    lake, warehouse = small_lake, small_warehouse
    outcome = "select outcome from marts.fct_order_items where order_item_id = 'I2'"
    waiting: ListingTimes = {"last_listed_at": JUNE, "first_missed_at": JUNE + timedelta(days=1)}
    lake.check(ExistenceCheckRow(object_type="item", object_id="I2", reason="left_census", **waiting))
    warehouse.run("run", *MARTS)
    assert warehouse.rows(outcome) == [("missing",)]
    checked_at = JUNE + timedelta(days=2)
    lake.check(
        ExistenceCheckRow(
            object_type="item", object_id="I2", reason="left_census", checked_at=checked_at, status=200, **waiting
        )
    )
    warehouse.run("run", *MARTS)
    assert warehouse.rows(outcome) == [("open",)]
    assert deletions(warehouse) == {}


def test_moves_are_known_from_pulls_and_reported_ones_count_once(lake: LakeFixture, warehouse: Warehouse) -> None:
    orders = [{"public_id": f"O{n}", "place": day(f"2026-07-{n:02}"), "updated": day("2026-06-01")} for n in (1, 2, 3)]
    lake.pull("orders", orders)
    seen = [("I1", "O1", 1), ("I1", "O2", 3), ("I1", "O1", 5), ("I2", "O1", 1), ("I2", "O2", 3), ("I3", "O1", 1)]
    for key, order, number in seen:
        row = {"public_id": key, "order": order, "order_updated": day(f"2026-06-{number:02} 12:00:00")}
        lake.pull("items", [row], seen_at=datetime(2026, 6, number, 18, tzinfo=UTC))
    at = datetime(2026, 6, 3, 16, tzinfo=UTC)
    lake.deliver(
        [
            # The same second in which the pulled order was updated.
            event("E1", "item.change_order", "I2", at=at, order="O2"),
            event("E2", "item.out_of_stock", "I2", at=at, order="O2"),
            event("E3", "item.change_order", "I2", at=at + timedelta(days=2), order="O3"),
        ]
    )
    warehouse.run("seed")
    warehouse.run("run", *MARTS)
    moves = """
        select
            order_item_id, from_order_id, to_order_id, precision, day(not_before_at), day(moved_at), days_shifted, cause
        from marts.fct_item_moves order by order_item_id, move_number
    """
    assert warehouse.rows(moves) == [
        ("I1", "O1", "O2", "bounded", 1, 3, 1, "unknown"),
        ("I1", "O2", "O1", "bounded", 3, 5, -1, "unknown"),
        ("I2", "O1", "O2", "exact", 3, 3, 1, "out_of_stock"),
        ("I2", "O2", "O3", "exact", 5, 5, 1, "unknown"),
    ]
    items = "select order_item_id, first_order_id, order_id, moves from marts.fct_order_items order by 1"
    assert warehouse.rows(items) == [("I1", "O1", "O1", 2), ("I2", "O1", "O3", 2), ("I3", "O1", "O1", 0)]


@pytest.mark.parametrize("seed", [1])
def test_incremental_equals_full_refresh_for_places_and_checks(
    lake: LakeFixture, warehouse: Warehouse, seed: int
) -> None:
    """Files in any order, repeated and late, over several builds, against a build that reads all of them at once."""
    rng = random.Random(seed)
    warehouse.run("seed")
    files = []
    for _ in range(6):
        seen_at = JUNE + timedelta(hours=rng.randrange(48), milliseconds=rng.randrange(1000))
        rows: list[Row] = [
            {"public_id": f"I{rng.randrange(6)}", "order": rng.choice([None, "O1", "O2", "O3"])}
            | {"order_updated": rng.choice([None, day(f"2026-06-{rng.randrange(1, 9):02}")])}
            for _ in range(5)
        ]
        checks = [
            not_found(f"I{rng.randrange(6)}", at=JUNE + timedelta(hours=rng.randrange(48)), first_missed_at=JUNE)
            for _ in range(2)
        ]
        files.append((rows, seen_at, checks))
    for number in range(3):
        for rows, seen_at, checks in rng.sample(files, 3) + files[number * 2 : number * 2 + 2]:
            lake.pull("items", rows, pulled_at=seen_at, seen_at=rng.choice([None, seen_at]))
            lake.check(*checks)
        warehouse.run("run", *MARTS)
    schemas = ("staging", "intermediate", "marts")
    incremental = warehouse.contents(*schemas)
    warehouse.run("run", *MARTS, "--full-refresh")
    assert warehouse.contents(*schemas) == incremental
    assert len(incremental["staging.stg_ordergroove__item_places"]) > 8
    assert incremental["marts.fct_deletions"]
    assert incremental["marts.fct_item_moves"]
