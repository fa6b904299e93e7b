"""What all tests share: no variables, no .env and no data of the developer."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling


@pytest.fixture(scope="session", autouse=True)
def _no_project_variables() -> Iterator[None]:
    """Hide the developer's variables while tests run. Imports read none, so this need not come before collection."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("ORDERGROOVE_", "OG_", "DAGSTER_"))]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in an empty folder, with a data directory of its own."""
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
