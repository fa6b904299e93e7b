"""What all tests share: an environment of their own, so that a developer's .env and data stay out of the tests."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from testkit.dbt.runner import Dbt


def pytest_configure() -> None:
    """Clear the project's variables before anything reads them; code locations read them when imported."""
    for name in [name for name in os.environ if name.startswith(("ORDERGROOVE_", "OG_", "DAGSTER_"))]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test where no .env lies, with a data directory that nobody else has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OG_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of the session: what is expensive to make is made in it once, under a file lock."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> "Dbt":
    # dbt takes seconds to import, and most workers' tests need none.
    from testkit.dbt.runner import Dbt

    return Dbt(tmp_path_factory.mktemp("dbt"), shared=shared_folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first: what begins last must not be what everybody waits for (`--no-loadscope-reorder`)."""
    items.sort(key=lambda item: ("/e2e/" not in item.nodeid, "/dbt_project/" not in item.nodeid))
