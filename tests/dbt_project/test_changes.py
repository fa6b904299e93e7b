"""Builds that follow what changed: whatever comes in whatever order, the marts are those of a build of everything."""

import os
import re
import random
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from proofs.life import live
from proofs.worlds import BY_NAME, Case

from .conftest import PROJECT, Dbt
from .store import LakeOfTests, Warehouse, day, event, small_store

# More of them: `SEEDS=20 pytest tests/dbt_project/test_changes.py`.
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
SCHEMAS = ("staging", "intermediate", "marts")
# What somebody may build by hand, and so leave the rest behind.
PARTS = ("path:models/staging", "int_changes+", "fct_churn", "int_deletions", "+fct_orders", "path:models/marts")
# These hold nothing but the newest state of what changed, so that a row that is tampered with there comes back only
# when it is computed anew.
TAMPERED = "select total_price from marts.fct_order_items where order_item_id = 'I1'"


def arrivals(lake: Path, rng: random.Random) -> list[list[Path]]:
    """The files of a lake in batches: mostly as they came, and some of them much later."""
    files = [file for file in lake.rglob("*.parquet") if file.name != "_schema.parquet"]
    files.sort(key=lambda file: (file.stat().st_mtime_ns, file.name))
    due = {file: number + (rng.random() < 0.1) * rng.randrange(len(files)) for number, file in enumerate(files)}
    files.sort(key=lambda file: due[file])
    cuts = sorted(rng.sample(range(1, len(files)), 5))
    return [files[start:end] for start, end in zip([0, *cuts], [*cuts, len(files)], strict=True)]


@pytest.mark.parametrize("seed", SEEDS)
def test_following_equals_a_full_refresh_row_by_row(
    lake: LakeOfTests, warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    """A life with lost events, cut censuses and checks, whose files come in any order, over builds of the whole and of
    parts, one of which breaks."""
    rng = random.Random(seed)
    case = Case(world=BY_NAME[rng.choice(["random", "lossy"])], seed=seed, days=60, customers=25)
    live(case, tmp_path / "life")
    lived = tmp_path / "life" / "lake"
    batches = arrivals(lived, rng)
    assert all(batches)
    warehouse.run("seed")
    for number, batch in enumerate(batches):
        for file in batch:
            target = lake.root / file.relative_to(lived)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        prices = [{"external_product_id": f"P{n}", "price": Decimal(rng.randrange(8, 12))} for n in range(1, 40)]
        lake.pull("products", prices, pulled_at=datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=number))
        if number == 3:
            broken = lake.root / "raw" / "customers" / "broken.parquet"
            broken.write_bytes(b"PAR1 and no more")
            assert not warehouse.dbt("run").success
            broken.unlink()
        elif number:
            warehouse.run("run", "--select", rng.choice(PARTS))
        if number != 1:
            warehouse.run("run")
    followed = warehouse.contents(*SCHEMAS)
    built_in = warehouse.rows("select count(distinct _built_in) from staging.stg_ordergroove__orders")
    assert built_in[0][0] > 1
    began = "select model from build_log.followed where model in ('fct_order_items', 'fct_churn') and began > 2"
    assert not warehouse.rows(began), "they followed, and did not start afresh"
    warehouse.run("run", "--full-refresh")
    whole = warehouse.contents(*SCHEMAS)
    for table in whole:
        assert followed[table] == whole[table], table
    assert whole["marts.fct_deletions"]
    assert whole["marts.fct_churn"]


def test_only_what_changed_is_computed_again(lake: LakeOfTests, warehouse: Warehouse) -> None:
    small_store(lake)
    warehouse.run("build")
    warehouse.execute("update marts.fct_order_items set total_price = 99 where order_item_id = 'I1'")
    tampered = [(Decimal("99.00"),)]
    warehouse.run("run")
    assert warehouse.rows(TAMPERED) == tampered, "nothing came"
    lake.deliver([event("E90", "order.create", "O90", at=day("2026-06-10 12:00:00+00:00"), customer="C9")])
    warehouse.run("run")
    assert warehouse.rows("select customer_id from marts.fct_orders where order_id = 'O90'") == [("C9",)]
    assert warehouse.rows(TAMPERED) == tampered, "what came is another customer's"
    lake.deliver([event("E91", "order.create", "O91", at=day("2026-06-10 12:00:00+00:00"), customer="C1")])
    warehouse.run("run")
    assert warehouse.rows(TAMPERED) == [(Decimal("20.00"),)], "what came is of the same customer"


def test_what_a_number_means_can_change_and_old_rows_follow(lake: LakeOfTests, warehouse: Warehouse) -> None:
    """A variable, and a price that only the list tells."""
    small_store(lake)
    warehouse.run("build")
    dates = "select churn_date from marts.fct_churn"
    assert warehouse.rows(dates) == [(date(2026, 5, 2),)]
    warehouse.run("run", "--vars", "churn_date_rule: day_after")
    assert warehouse.rows(dates) == [(date(2026, 5, 3),)]
    warehouse.run("run")
    assert warehouse.rows(dates) == [(date(2026, 5, 2),)]

    prices = "select distinct list_price from marts.fct_order_items where product_id = 'P1'"
    assert warehouse.rows(prices) == [(Decimal("12.00"),)]
    later = datetime(2026, 6, 20, tzinfo=UTC)
    lake.pull("products", [{"external_product_id": "P1", "price": Decimal("13.00")}], pulled_at=later)
    warehouse.run("run")
    assert warehouse.rows(prices) == [(Decimal("13.00"),)]


def test_every_definition_is_part_of_the_recipe(dbt: Dbt) -> None:
    """Otherwise a changed one would leave old rows with the old meaning."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    macro = dbt.manifest.macros["macro.og_assets.definitions"].macro_sql
    listed = re.findall(r"'(\w+)'", macro.partition("names = [")[2].partition("]")[0])
    assert project["vars"].keys() - {"unit_tests", "macros"} == set(listed)
