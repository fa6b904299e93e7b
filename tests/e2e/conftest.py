"""The whole thing, as a user runs it: `og-assets sync` against the sandbox over real HTTP."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from ordergroove_sandbox import RunningStore, Store, serve

from .installation import Project, last_window_end


@pytest.fixture(scope="module")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    def make(server: RunningStore, *, start_date: str) -> Project:
        return Project(data_dir=tmp_path_factory.mktemp("installation"), server=server, start_date=start_date)

    return make


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[..., RunningStore]]:
    """Serve stores until the module's tests are over."""
    running = []

    def start(*, customers: int, days: int, seed: int = 7) -> RunningStore:
        # A day before the newest window's end: what is changed by hand in a test still falls into that window.
        store = Store(seed=seed, customers=customers, days=days, until=last_window_end() - timedelta(days=1))
        context = serve(store)
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)
