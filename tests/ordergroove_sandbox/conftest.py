"""Stores for tests: one shared by all tests that nothing may change, and fresh ones."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from ordergroove_sandbox import RunningStore, Store, serve
from testkit.sandbox.client import SandboxClient

UNTIL = datetime(2026, 11, 22, 14, 0, 0)


@pytest.fixture(scope="session")
def store() -> Store:
    """A year of 120 customers, shared by all tests; read only."""
    return Store(seed=11, customers=120, until=UNTIL)


@pytest.fixture(scope="session")
def shared_client(store: Store) -> Iterator[SandboxClient]:
    """A client of the shared store."""
    with serve(store) as running:
        client = SandboxClient(running.url)
        yield client
        client.http.close()


@pytest.fixture
def fresh_store() -> Store:
    """A small store for one test."""
    return Store(seed=5, customers=40, days=120, until=UNTIL)


@pytest.fixture
def running(fresh_store: Store) -> Iterator[RunningStore]:
    """The fresh store, served over HTTP."""
    with serve(fresh_store) as running:
        yield running


@pytest.fixture
def client(running: RunningStore) -> Iterator[SandboxClient]:
    """A client of the fresh store."""
    client = SandboxClient(running.url)
    yield client
    client.http.close()
