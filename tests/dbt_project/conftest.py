"""A lake and a warehouse for each test; sandbox stores and the small store, built once per session."""

import shutil
from pathlib import Path

import pytest

from testkit.dbt.runner import Dbt
from testkit.dbt.shared import load_or_make
from testkit.dbt.store import LakeFixture, Warehouse, small_store

from . import sandbox_stores
from .full_refresh import SEEDS
from .sandbox_stores import SandboxStore

# Spaces, quotes and brackets, each of which has broken a path somewhere.
AWKWARD = "it's a [data] folder"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / AWKWARD
    (folder / "warehouse").mkdir(parents=True)
    return folder


@pytest.fixture
def lake(data_dir: Path) -> LakeFixture:
    """An empty lake: the schema of each object, and no row."""
    return LakeFixture(data_dir / "lake")


@pytest.fixture
def warehouse(data_dir: Path, dbt: Dbt, lake: LakeFixture) -> Warehouse:  # noqa: ARG001
    return Warehouse(data_dir, dbt=dbt)


@pytest.fixture(scope="session")
def small_store_folder(shared_folder: Path, dbt: Dbt) -> Path:
    """The small store after a build of the whole project with all data tests. Tests work on copies."""

    def make() -> Path:
        folder = shared_folder / "small store"
        (folder / "warehouse").mkdir(parents=True)
        small_store(LakeFixture(folder / "lake"))
        Warehouse(folder, dbt=dbt).build()
        return folder

    return load_or_make(shared_folder / "small_store.pickle", make)


@pytest.fixture
def small_lake(small_store_folder: Path, data_dir: Path) -> LakeFixture:
    """A copy of the small store's lake. Files that a test adds are numbered after those that are there."""
    shutil.copytree(small_store_folder / "lake", data_dir / "lake")
    return LakeFixture(data_dir / "lake", first_number=1000)


@pytest.fixture
def small_warehouse(small_store_folder: Path, data_dir: Path, dbt: Dbt, small_lake: LakeFixture) -> Warehouse:  # noqa: ARG001
    """A copy of the small store's warehouse: seeds and all models are built from `small_lake`."""
    warehouse = Warehouse(data_dir, dbt=dbt)
    shutil.copy(small_store_folder / "warehouse" / "build.duckdb", warehouse.path)
    return warehouse


@pytest.fixture(scope="session", params=SEEDS)
def all_events(request: pytest.FixtureRequest, shared_folder: Path, dbt: Dbt) -> SandboxStore:
    return sandbox_store(shared_folder, "all_events", seed=request.param, dbt=dbt)


@pytest.fixture(scope="session", params=SEEDS)
def lossy_events(request: pytest.FixtureRequest, shared_folder: Path, dbt: Dbt) -> SandboxStore:
    return sandbox_store(shared_folder, "lossy_events", seed=request.param, dbt=dbt)


@pytest.fixture(scope="session", params=SEEDS)
def no_events(request: pytest.FixtureRequest, shared_folder: Path, dbt: Dbt) -> SandboxStore:
    return sandbox_store(shared_folder, "no_events", seed=request.param, dbt=dbt)


def sandbox_store(shared_folder: Path, name: str, *, seed: int, dbt: Dbt) -> SandboxStore:
    """The store of that name, from the folder of the session."""
    folder = shared_folder / f"{name}-{seed}"
    simulate = getattr(sandbox_stores, name)
    return load_or_make(folder / "store.pickle", lambda: sandbox_stores.built(folder, simulate, seed=seed, dbt=dbt))
