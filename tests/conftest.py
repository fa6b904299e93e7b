"""What all tests share: an environment of their own, so that a developer's .env and data stay out of the tests."""

import os
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Clear the project's variables before anything reads them; code locations read them when imported."""
    for name in [name for name in os.environ if name.startswith(("ORDERGROOVE_", "OG_", "DAGSTER_"))]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test where no .env lies, with a data directory that nobody else has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OG_DATA_DIR", str(tmp_path / "data"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first: what begins last must not be what everybody waits for (`--no-loadscope-reorder`).

    A file is one worker's, for its tests share what takes long to make. Those of the dbt project share nothing, and are
    anybody's.
    """
    items.sort(key=lambda item: ("/e2e/" not in item.nodeid, "/dbt_project/" not in item.nodeid))
    for item in items:
        if "/dbt_project/" not in item.nodeid:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
