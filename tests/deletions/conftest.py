"""A sandbox store for each test, synced once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ordergroove_sandbox import Store, serve

from .synced_store import STORE_TIME, SyncedStore


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[SyncedStore]:
    """A store that was pulled, listed and checked once."""
    with serve(Store(seed=5, customers=60, days=100, until=STORE_TIME, emptied_orders="delete")) as server:
        synced = SyncedStore(server, tmp_path)
        synced.pull()
        synced.list_open_ids()
        synced.check()
        yield synced
