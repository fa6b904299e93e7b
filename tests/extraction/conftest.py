"""One sandbox store per file, and an empty lake for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ordergroove_sandbox import RunningStore, Store, serve

from .store_extraction import STORE_TIME, StoreExtraction


@pytest.fixture(scope="module")
def running() -> Iterator[RunningStore]:
    with serve(Store(seed=5, customers=120, days=100, until=STORE_TIME)) as running:
        yield running


@pytest.fixture
def server(running: RunningStore) -> Iterator[RunningStore]:
    """The file's store with an empty request log. Faults and overrides of a test end with it."""
    running.requests.clear()
    yield running
    running.faults.clear()
    running.store.overrides.clear()


@pytest.fixture
def extraction(server: RunningStore, tmp_path: Path) -> StoreExtraction:
    return StoreExtraction(server, tmp_path)
