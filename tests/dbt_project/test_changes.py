"""Incremental builds recompute the affected keys: in any order of arrival, marts equal those of a full refresh."""

import random
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from testkit.dbt.runner import PROJECT, Dbt
from testkit.dbt.store import LakeFixture, Row, Warehouse, event
from testkit.deletions.run import run_case
from testkit.deletions.scenarios import BY_NAME, Case

from .full_refresh import INCREMENTAL, SEEDS, assert_equals_full_refresh

# Parts of the project that somebody may build by hand, while the rest stays behind.
PARTS = ("path:models/staging", "int_changes+", "fct_churn", "int_deletions", "+fct_orders", "path:models/marts")
NOT_INCREMENTAL = """
    select model from build_log.followed
    where model in ('int_changes', 'int_known_items', 'int_order_items', 'int_subscription_states', 'fct_orders',
        'fct_order_items', 'fct_churn', 'fct_subscription_events', 'fct_subscription_periods')
"""
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def last_arrivals(lake: Path, rng: random.Random) -> tuple[list[Path], list[list[Path]]]:
    """The files of a lake: most of them, and the last ones in small batches of mixed order."""
    files = [file for file in lake.rglob("*.parquet") if file.name != "_schema.parquet"]
    files.sort(key=lambda file: (file.stat().st_mtime_ns, file.name))
    late = [*files[-8:], *rng.sample(files[:-8], 4)]
    rng.shuffle(late)
    return [file for file in files if file not in late], [late[start : start + 6] for start in range(0, 12, 6)]


@pytest.mark.parametrize("seed", SEEDS)
def test_incremental_equals_full_refresh_row_by_row(
    lake: LakeFixture, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """A simulation with lost events, incomplete listings and checks.

    Its files arrive in any order, over builds of the whole project, of parts, and one that fails.
    """
    rng = random.Random(seed)
    case = Case(scenario=BY_NAME[rng.choice(["random", "lossy"])], seed=seed, days=60, customers=25)
    run_case(case, tmp_path / "run")
    pulled = tmp_path / "run" / "lake"

    def arrive(files: list[Path]) -> None:
        for file in files:
            target = lake.root / file.relative_to(pulled)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)

    first, batches = last_arrivals(pulled, rng)
    arrive(first)
    warehouse.run("seed")
    warehouse.run("run")
    for number, batch in enumerate(batches):
        arrive(batch)
        if number == 1:
            broken = lake.root / "raw" / rng.choice(["items", "orders", "subscriptions"]) / "broken.parquet"
            broken.write_bytes(b"PAR1 and no more")
            assert not warehouse.dbt("run").success
            broken.unlink()
        else:
            warehouse.run("run", "--select", rng.choice(PARTS))
        warehouse.run("run")
        # Files of weeks ago arrive here. A forecast is judged for a week after its end, and not again (decision 10).
        assert_equals_full_refresh(warehouse, except_for={"marts.rpt_forecast_accuracy"})
    assert not warehouse.rows(f"{NOT_INCREMENTAL} and began > 2"), "every model was built incrementally, not rebuilt"
    assert warehouse.rows("select * from marts.fct_deletions limit 1")
    assert warehouse.rows("select * from marts.fct_churn limit 1")


def test_mart_built_before_its_parents_is_built_again(small_lake: LakeFixture, small_warehouse: Warehouse) -> None:
    """A model has processed no more builds than its parents, so rows that its parents lacked are not lost."""
    lake, warehouse = small_lake, small_warehouse
    known = "select count(*) from marts.fct_order_items where order_item_id = 'I90'"
    lake.deliver([event("E90", "item.create", "I90", at=NOON, order="O1", subscription="S1")])
    warehouse.run("run", "--select", "path:models/staging", "int_list_prices", "int_changes", "fct_order_items")
    assert warehouse.rows(known) == [(0,)]
    warehouse.run("run", *INCREMENTAL)
    assert warehouse.rows(known) == [(1,)]


def test_only_affected_rows_are_recomputed(small_lake: LakeFixture, small_warehouse: Warehouse) -> None:
    """A changed value is corrected when its row is recomputed: that depends on the dependency scope of the mart."""
    lake, warehouse = small_lake, small_warehouse
    of_order = ("marts.fct_orders", "order_status", "order_id = 'O1'")
    of_subscription = ("marts.fct_order_items", "discount_basis", "order_item_id = 'I1'")
    of_customer = ("marts.fct_mrr_movements", "movement", "subscriber_id = 'C1'")
    marts = (of_order, of_subscription, of_customer)
    warehouse.execute(*(f"update {mart} set {column} = 'tampered' where {row}" for mart, column, row in marts))

    def recomputed_after(*deliveries: Row) -> list[str]:
        lake.deliver(deliveries)
        warehouse.run("run", *INCREMENTAL)
        return [
            mart
            for mart, column, row in marts
            if not warehouse.rows(f"select * from {mart} where {row} and {column} = 'tampered'")
        ]

    item: Row = {"customer": "C1", "order": "O91", "subscription": "S1"}
    assert recomputed_after() == [], "no row arrived"
    assert recomputed_after(event("E90", "order.create", "O90", at=NOON, customer="C9")) == [], "another customer's"
    assert warehouse.rows("select customer_id from marts.fct_orders where order_id = 'O90'") == [("C9",)]
    assert recomputed_after(event("E91", "order.create", "O91", at=NOON, customer="C1")) == [], "another order"
    assert recomputed_after(event("E92", "subscription.create", "S20", at=NOON, customer="C1")) == [of_customer[0]]
    recomputed = [of_subscription[0], of_customer[0]]
    assert recomputed_after(event("E93", "item.create", "I91", at=NOON, **item)) == recomputed
    # It was in the order once.
    moved: Row = {"customer": "C2", "order": "O2", "subscription": "S2"}
    assert recomputed_after(event("E94", "item.out_of_stock", "I3", at=NOON, **moved)) == [of_order[0], *recomputed]


def test_changed_definitions_rebuild_old_rows(small_lake: LakeFixture, small_warehouse: Warehouse) -> None:
    """A changed variable, a changed seed, and a staging table that lost a row."""
    lake, warehouse = small_lake, small_warehouse
    dates = "select churn_date from marts.fct_churn"
    assert warehouse.rows(dates) == [(date(2026, 5, 2),)]
    warehouse.run("run", "--vars", "churn_date_rule: day_after")
    assert warehouse.rows(dates) == [(date(2026, 5, 3),)]
    warehouse.run("run", *INCREMENTAL)
    assert warehouse.rows(dates) == [(date(2026, 5, 2),)]

    types = "select churn_type from marts.fct_churn"
    assert warehouse.rows(types) == [("involuntary",)]
    warehouse.execute("update intermediate.cancel_reasons set churn_type = 'voluntary' where cancel_reason_code = 9")
    warehouse.run("run", *INCREMENTAL)
    assert warehouse.rows(types) == [("voluntary",)]

    orders = "select count(*) from marts.fct_orders where order_id = 'O9'"
    assert warehouse.rows(orders) == [(1,)]
    (file,) = [file for file in (lake.root / "raw" / "orders").rglob("0*.parquet") if b"O9" in file.read_bytes()]
    file.unlink()
    warehouse.run("run", "--full-refresh", "--select", "stg_ordergroove__orders")
    warehouse.run("run", *INCREMENTAL)
    assert warehouse.rows(orders) == [(0,)]


def test_build_numbers_grow_after_their_log_is_emptied(small_lake: LakeFixture, small_warehouse: Warehouse) -> None:
    lake, warehouse = small_lake, small_warehouse
    warehouse.execute("delete from build_log.invocations")
    lake.deliver([event("E90", "order.create", "O90", at=NOON, customer="C9")])
    warehouse.run("run", *INCREMENTAL)
    assert warehouse.rows("select customer_id from marts.fct_orders where order_id = 'O90'") == [("C9",)]


def test_no_model_has_a_parent_with_a_wider_scope(dbt: Dbt) -> None:
    """Rows of such a parent would be recomputed that the model does not process. Full tables between them count too."""
    reaches = ["order", "subscription", "customer"]
    models = dbt.models
    # Models of events process them as they arrive.
    incremental = {key for key in models if models[key].config.meta.get("follows", "event_id") != "event_id"}
    reach = {key: reaches.index(models[key].config.meta["reach"]) for key in incremental}
    assert set(reach.values()) == {0, 1, 2}

    def ancestors(key: str) -> set[str]:
        parents = models.keys() & models[key].depends_on.nodes
        return parents.union(*(ancestors(parent) for parent in parents))

    for key in incremental:
        for parent in incremental & ancestors(key):
            assert reach[parent] <= reach[key], f"{key} has the parent {parent}"
        # The changed keys do not include orders and items of a customer's other subscriptions.
        if reach[key] == reaches.index("customer"):
            assert "'order" not in "".join(re.findall(r"changed_only\(.*", models[key].raw_code)), key
            assert not models[key].config.meta["follows"].startswith("order"), key


def test_every_variable_is_part_of_the_fingerprint(dbt: Dbt) -> None:
    """Otherwise old rows would keep the old meaning after a change."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    macro = dbt.manifest.macros["macro.og_assets.definitions"].macro_sql
    listed = re.findall(r"'(\w+)'", macro.partition("names = [")[2].partition("]")[0])
    assert project["vars"].keys() - {"macros"} == set(listed)
