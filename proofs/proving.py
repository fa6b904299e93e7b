"""One case from beginning to end: lived, built, judged.

Belongs here: folders, and a dbt for each process. Not here: which cases, and what is written of them (the command).
"""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

from tests.dbt_project.conftest import Dbt
from tests.dbt_project.store import Warehouse

from .life import live
from .marts import build
from .verdict import Verdict, judge
from .worlds import Case


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What came of one case, and what it took."""

    case: Case
    verdict: Verdict
    requests: int
    events: int
    life_seconds: float
    build_seconds: float


def prove(case: Case, folder: Path, *, dbt: Dbt) -> Proof:
    """Live, build and compare, in an empty folder."""
    (folder / "warehouse").mkdir(parents=True)
    began = perf_counter()
    lived = live(case, folder)
    lived_at = perf_counter()
    marts = build(Warehouse(folder, dbt=dbt))
    verdict = judge(
        marts,
        lived.store.truth.tables(),
        lived.shown,
        world=lived.case.world,
        begun=lived.begun,
        zone=lived.store.world.zone,
    )
    return Proof(
        case=case,
        verdict=verdict,
        requests=lived.requests,
        events=lived.events,
        life_seconds=lived_at - began,
        build_seconds=perf_counter() - lived_at,
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
    return Dbt(Path(tempfile.mkdtemp(prefix="proofs-dbt-")))
