"""A sample of the simulations: short cases of one seed. `make prove` runs a year of many seeds.

More cases: `SEEDS=5 DAYS=90 pytest tests/testkit/deletions/test_simulate.py`.
"""

import os
from pathlib import Path

import pytest

from testkit.dbt.runner import Dbt
from testkit.deletions.run import run_case
from testkit.deletions.scenarios import BY_NAME, Case
from testkit.deletions.simulate import compare_marts, simulate

SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
DAYS = {"during_placement": 20, "random": 45}


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    return Dbt(tmp_path_factory.mktemp("dbt"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scenario", DAYS)
def test_marts_know_every_knowable_deletion_and_no_other(tmp_path: Path, dbt: Dbt, scenario: str, seed: int) -> None:
    days = int(os.environ.get("DAYS", DAYS[scenario]))
    result = simulate(Case(scenario=BY_NAME[scenario], seed=seed, days=days, customers=30), tmp_path, dbt=dbt)
    assert result.comparison.problems == []
    assert all(result.comparison.found[kind] for kind in ("order", "item"))
    if scenario == "during_placement":
        assert result.orders_changed_during_listings, "orders were to change during a listing"
    if scenario == "random":
        assert result.interrupted_listings, "a listing was to be interrupted"


def test_comparison_finds_a_lake_that_lost_its_check_results(tmp_path: Path, dbt: Dbt) -> None:
    run = run_case(Case(scenario=BY_NAME["no_webhooks"], seed=1, days=12, customers=30), tmp_path)
    for file in (tmp_path / "lake" / "raw" / "deletion_checks").rglob("[!_]*.parquet"):
        file.unlink()
    comparison = compare_marts(run, tmp_path, dbt=dbt)
    assert comparison.missed == comparison.deletions - comparison.unknowable
    assert comparison.missed.total() == len(comparison.problems) > 0
