"""What all tests share: an environment without a developer's .env and data, and one dbt manifest per session.

Workers take whole files (`--dist loadfile`), because tests of a file share module fixtures.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from testkit.dbt.runner import Dbt


# The longest first, so that no worker is left alone with one of them at the end. xdist keeps the order only with
# `--no-loadscope-reorder`.
LONGEST = ("e2e", "test_arrivals.py", "test_changes.py", "test_building.py", "dbt_project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the tests that take minutes before all others."""
    items.sort(key=lambda item: next((n for n, part in enumerate(LONGEST) if part in item.path.parts), len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def _no_project_variables() -> Iterator[None]:
    """Hide the developer's variables while tests run. Imports read none, so this need not come before collection."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("ORDERGROOVE_", "OG_", "DAGSTER_"))]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in a folder without .env, with its own data directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OG_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of the session, where `load_or_make` makes expensive objects once."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> "Dbt":
    # Imported here because dbt takes seconds to import, and most tests do not need it.
    from testkit.dbt.runner import Dbt

    return Dbt(tmp_path_factory.mktemp("dbt"), shared=shared_folder)
