"""A lake and a warehouse for each test, and dbt in this process."""

from pathlib import Path

import pytest

from testkit.dbt.runner import Dbt
from testkit.dbt.store import LakeFixture, Warehouse

PROJECT = Path(__file__).parents[2] / "dbt_project"
# Spaces, quotes and brackets, each of which has broken a path somewhere.
AWKWARD = "it's a [data] folder"


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    return Dbt(tmp_path_factory.mktemp("dbt"))


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
