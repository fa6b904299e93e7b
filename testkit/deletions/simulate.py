"""Simulate one case: run it, build the marts, and compare them with the truth.

Belongs here: folders, and one dbt per process. Does not belong here: which cases run (`simulations/__main__.py`).
"""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

from testkit.dbt.runner import Dbt
from testkit.dbt.store import Warehouse

from .comparison import Comparison, compare
from .marts import build
from .run import CompletedRun, run_case
from .scenarios import Case


@dataclass(frozen=True, kw_only=True)
class SimulationResult:
    """The comparison of one case, and counts of its `CompletedRun`. Can be sent between processes, unlike a store."""

    comparison: Comparison
    requests: int
    events: int
    interrupted_listings: int
    orders_changed_during_listings: int
    run_seconds: float
    build_seconds: float


def simulate(case: Case, folder: Path, *, dbt: Dbt) -> SimulationResult:
    """Run a case in an empty folder, build its marts and compare them."""
    began = perf_counter()
    run = run_case(case, folder)
    run_ended = perf_counter()
    return SimulationResult(
        comparison=compare_marts(run, folder, dbt=dbt),
        requests=run.requests,
        events=run.events,
        interrupted_listings=run.interrupted_listings,
        orders_changed_during_listings=run.orders_changed_during_listings,
        run_seconds=run_ended - began,
        build_seconds=perf_counter() - run_ended,
    )


def compare_marts(run: CompletedRun, folder: Path, *, dbt: Dbt) -> Comparison:
    """Build a new warehouse from the lake in `folder`, and compare it with the truth of the run's store."""
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    (folder / "warehouse").mkdir(parents=True)
    return compare(
        build(Warehouse(folder, dbt=dbt)),
        run.store.truth.tables(),
        run.observed,
        scenario=run.case.scenario,
        started_at=run.started_at,
        zone=run.store.state.zone,
    )


def simulate_in_worker(case: Case, keep: Path | None) -> SimulationResult:
    """Simulate a case in a worker process; keep its lake and warehouse below `keep`, if given."""
    folder = keep / case.name if keep else Path(tempfile.mkdtemp(prefix=f"{case.name}-"))
    try:
        return simulate(case, folder, dbt=_dbt())
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def _dbt() -> Dbt:
    """One per process: parsing the project takes seconds."""
    return Dbt(Path(tempfile.mkdtemp(prefix="simulations-dbt-")))
