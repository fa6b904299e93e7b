"""What all tests share: an environment of their own, so that a developer's .env and data stay out of the tests."""

import os
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling


def pytest_configure() -> None:
    """Clear the project's variables before anything reads them; code locations read them when imported."""
    for name in [name for name in os.environ if name.startswith(("ORDERGROOVE_", "OG_", "DAGSTER_"))]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test where no .env lies, with a data directory that nobody else has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OG_DATA_DIR", str(tmp_path / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first: what begins last must not be what everybody waits for (`--no-loadscope-reorder`)."""
    items.sort(key=lambda item: ("/e2e/" not in item.nodeid, "/dbt_project/" not in item.nodeid))


class FilesAndModels(LoadFileScheduling):
    """A file is one worker's, for its tests share what takes long to make. Those of the dbt project share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if "/dbt_project/" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Let `--dist loadfile` be `FilesAndModels`; the other ways stay xdist's."""
    return FilesAndModels(config, log) if config.getoption("dist") == "loadfile" else None
