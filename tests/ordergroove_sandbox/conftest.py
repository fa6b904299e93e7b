"""Stores to ask: one that nobody may change, shared by all tests, and fresh ones."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import SandboxClient

UNTIL = datetime(2026, 11, 22, 14, 0, 0)


@pytest.fixture(scope="session")
def store() -> Store:
    """A year of 120 customers; not to be changed."""
    return Store(seed=11, customers=120, until=UNTIL)


@pytest.fixture(scope="session")
def asking(store: Store) -> Iterator[SandboxClient]:
    """The shared store, over HTTP."""
    with serve(store) as running:
        client = SandboxClient(running.url)
        yield client
        client.http.close()


@pytest.fixture
def living() -> Store:
    """A small store of the test's own."""
    return Store(seed=5, customers=40, days=120, until=UNTIL)


@pytest.fixture
def running(living: Store) -> Iterator[RunningStore]:
    """That store, over HTTP."""
    with serve(living) as running:
        yield running


@pytest.fixture
def client(running: RunningStore) -> Iterator[SandboxClient]:
    """A client of that store."""
    client = SandboxClient(running.url)
    yield client
    client.http.close()
