"""One case from beginning to end: lived, built, judged.

Belongs here: folders, and a dbt for each process. Not here: which cases, and what is written of them (the command).
"""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

from testkit.dbt.runner import Dbt
from testkit.dbt.store import Warehouse

from .comparison import Verdict, judge
from .marts import build
from .run import Lived, live
from .scenarios import Case


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What came of one case, and what it took; of its censuses, see `Lived`."""

    case: Case
    verdict: Verdict
    requests: int
    events: int
    cut: int
    overtaken: int
    life_seconds: float
    build_seconds: float


def prove(case: Case, folder: Path, *, dbt: Dbt) -> Proof:
    """Live, build and compare, in an empty folder."""
    began = perf_counter()
    lived = live(case, folder)
    lived_at = perf_counter()
    return Proof(
        case=case,
        verdict=verdict_on(lived, folder, dbt=dbt),
        requests=lived.requests,
        events=lived.events,
        cut=lived.cut,
        overtaken=lived.overtaken,
        life_seconds=lived_at - began,
        build_seconds=perf_counter() - lived_at,
    )


def verdict_on(lived: Lived, folder: Path, *, dbt: Dbt) -> Verdict:
    """Build a warehouse anew from what is known of a life, and judge it."""
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    (folder / "warehouse").mkdir(parents=True)
    return judge(
        build(Warehouse(folder, dbt=dbt)),
        lived.store.truth.tables(),
        lived.shown,
        world=lived.case.world,
        begun=lived.begun,
        zone=lived.store.world.zone,
    )


def prove_apart(case: Case, keep: Path | None) -> Proof:
    """Prove in a process that proves others too; lake and warehouse stay where they are kept."""
    folder = keep / case.name if keep else Path(tempfile.mkdtemp(prefix=f"{case.name}-"))
    try:
        return prove(case, folder, dbt=_dbt())
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def _dbt() -> Dbt:
    """One for each process: it takes seconds to read the project."""
    return Dbt(Path(tempfile.mkdtemp(prefix="simulations-dbt-")))
