"""A watched store for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ordergroove_sandbox import Store, serve

from .synced_store import UNTIL, Watch


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A store that was pulled and counted once."""
    with serve(Store(seed=5, customers=60, days=100, until=UNTIL, emptied_orders="delete")) as shop:
        watch = Watch(shop, tmp_path)
        watch.pull()
        watch.count()
        watch.ask()
        yield watch
