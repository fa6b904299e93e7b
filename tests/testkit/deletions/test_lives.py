"""A sample of the simulations: shorter lives, a seed each. `make prove` lives a year of many.

More of them: `SEEDS=5 DAYS=90 pytest tests/testkit/deletions/test_lives.py`.
"""

import os
from pathlib import Path

import pytest

from testkit.dbt.runner import Dbt
from testkit.deletions.proving import prove, verdict_on
from testkit.deletions.run import live
from testkit.deletions.scenarios import BY_NAME, Case

SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
DAYS = {"garbled": 60, "stirred": 20, "random": 45}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", DAYS)
def test_every_deletion_that_was_ever_to_be_known_is_known_and_no_other(
    tmp_path: Path, dbt: Dbt, row: str, seed: int
) -> None:
    days = int(os.environ.get("DAYS", DAYS[row]))
    proof = prove(Case(world=BY_NAME[row], seed=seed, days=days, customers=30), tmp_path, dbt=dbt)
    assert proof.verdict.problems == []
    assert all(proof.verdict.found[kind] for kind in ("order", "item"))
    assert proof.overtaken or row != "stirred", "the placement was to run under the census"
    assert proof.cut or row != "random", "a census was to be cut"


def test_a_lake_that_has_lost_its_answers_is_found_out(tmp_path: Path, dbt: Dbt) -> None:
    """A proof that cannot fail proves nothing: here what was answered is taken away before the life is judged."""
    lived = live(Case(world=BY_NAME["untold"], seed=1, days=12, customers=30), tmp_path)
    answers = list((tmp_path / "lake" / "raw" / "deletion_checks").rglob("[!_]*.parquet"))
    for file in answers:
        file.unlink()
    verdict = verdict_on(lived, tmp_path, dbt=dbt)
    assert verdict.missed == verdict.deletions - verdict.unknowable
    assert verdict.missed.total() == len(verdict.problems) > 0
