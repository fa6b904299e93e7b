"""Pages are fetched ahead: at most two, one request at a time, and none after the caller has stopped."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Semaphore

import pytest

from og_assets.extraction.prefetch import prefetch
from og_assets.lake.errors import NotWritableError
from og_assets.ordergroove import errors
from ordergroove_sandbox import RunningStore
from ordergroove_sandbox.request_log import LoggedRequest

from .store_extraction import LAST_DAY, StoreExtraction, daily_windows


def wait_for_prefetch_thread() -> None:
    """Wait until nothing more can be requested."""
    for thread in threading.enumerate():
        if thread.name == "prefetch":
            thread.join(timeout=30)
            assert not thread.is_alive()


def test_listing_has_one_request_in_flight(extraction: StoreExtraction) -> None:
    extraction.server.faults.delay = 0.01
    extraction.pull("items", windows=daily_windows(LAST_DAY, LAST_DAY))
    assert extraction.server.requests.count("items") > 3
    assert extraction.server.requests.peak_in_flight("items") == 1


def test_next_page_is_fetched_while_the_caller_processes_the_current_one() -> None:
    fetched = Event()

    def pages() -> Iterator[list[int]]:
        yield [1]
        fetched.set()
        yield [2]

    listing = prefetch(pages())
    assert next(listing) == [1]
    assert fetched.wait(timeout=30)
    assert list(listing) == [[2]]


def test_error_is_raised_after_the_pages_before_it() -> None:
    def pages() -> Iterator[list[int]]:
        yield [1]
        raise errors.CursorError("lost.", what_to_do="Run again.")

    listing = prefetch(pages())
    assert next(listing) == [1]
    with pytest.raises(errors.CursorError):
        next(listing)


def test_at_most_two_pages_are_fetched_ahead() -> None:
    started: list[int] = []
    one_started, fourth_started = Semaphore(0), Event()

    def pages() -> Iterator[list[int]]:
        for number in range(10):
            started.append(number)
            one_started.release()
            if number == 3:
                fourth_started.set()
            yield [number]

    listing = prefetch(pages())
    next(listing)
    for _ in range(3):
        assert one_started.acquire(timeout=30)
    assert not fourth_started.wait(timeout=0.2)
    listing.close()
    wait_for_prefetch_thread()
    assert started == [0, 1, 2]


def test_failed_caller_requests_no_further_page(server: RunningStore, tmp_path: Path) -> None:
    newest = max(server.store.truth.table("items"), key=lambda row: row["created"])
    server.override("items", newest["id"], {"price": "undefined"})
    StoreExtraction(server, tmp_path / "complete").pull("items", windows=daily_windows(LAST_DAY, LAST_DAY))
    pages = server.requests.count()
    server.requests.clear()
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError):
        StoreExtraction(server, tmp_path / "file").pull("items", windows=daily_windows(LAST_DAY, LAST_DAY))
    wait_for_prefetch_thread()
    assert server.requests.count() <= 3 < pages


def test_process_exits_without_waiting_for_the_request_in_flight(
    server: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import sys
from og_assets.extraction.prefetch import prefetch
from og_assets.ordergroove.client import Endpoint, OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME
with OrdergrooveClient(Endpoint(base_url=sys.argv[1], api_key="sandbox-key"), read_timeout=600) as client:
    for page in prefetch(client.pages(BY_NAME["items"])):
        print(len(page), flush=True)
        sys.stdin.readline()
        raise SystemExit(7)
"""
    second_request = Event()
    add = server.requests.add

    def add_and_signal(request: LoggedRequest) -> int:
        number = add(request)
        if server.requests.count() == 2:
            second_request.set()
        return number

    monkeypatch.setattr(server.requests, "add", add_and_signal)
    server.faults.hang_every = server.requests.total + 2
    process = subprocess.Popen(
        [sys.executable, "-c", script, server.url],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "100\n"
        assert second_request.wait(timeout=30)
        # The second request hangs for 120 s. A process that waited for it would exceed this time-out.
        process.communicate("\n", timeout=30)
        assert process.returncode == 7
    finally:
        process.kill()
