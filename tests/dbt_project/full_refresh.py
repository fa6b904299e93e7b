"""Compares incremental builds with a full refresh: what test_arrivals.py and test_changes.py share."""

import os
import shutil
from collections.abc import Collection

from testkit.dbt.store import Warehouse

# `make prove` compares more often and over more seeds: SEEDS=5 pytest tests/dbt_project/test_changes.py
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
SCHEMAS = ("staging", "intermediate", "marts")
# Every incremental model with its parents, and as little else as possible.
INCREMENTAL = (
    "--select",
    "+fct_orders",
    "+fct_order_items",
    "+fct_churn",
    "+fct_mrr_movements",
    "+fct_subscription_events",
    "+fct_placement_attempts",
)


def assert_equals_full_refresh(warehouse: Warehouse, *select: str, except_for: Collection[str] = ()) -> None:
    """Compare all tables but `except_for` with a full refresh, and restore the warehouse."""
    incremental = warehouse.contents(*SCHEMAS)
    kept = warehouse.path.with_name("kept.duckdb")
    shutil.copy(warehouse.path, kept)
    warehouse.run("run", "--full-refresh", *select)
    whole = warehouse.contents(*SCHEMAS)
    for table in whole.keys() - set(except_for):
        assert incremental[table] == whole[table], table
    kept.replace(warehouse.path)
