"""What the sandbox costs: a year of 2,000 customers in time and memory, pages a second.

    python -m benchmarks.sandbox                      the small store
    python -m benchmarks.sandbox --prove 200          no measuring: replay, laws and walks over so many seeds

Each server runs in a process of its own, on one core where the system allows that; the client only reads bytes, so what
is measured is the server.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import Any

UNTIL = datetime(2026, 11, 22, 14)
HEADERS = {"x-api-key": "sandbox-key", "X-OG-API-VERSION": "2"}

_SERVE_MEMORY = """
import os, sys
from datetime import datetime
from time import perf_counter
if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
from ordergroove_sandbox import Store, serve
began = perf_counter()
store = Store(seed=7, customers=2000, days=365, until=datetime(2026, 11, 22, 14))
seconds = perf_counter() - began
with serve(store) as running:
    print(running.url, seconds, len(store.state.items), flush=True)
    sys.stdin.read()
"""


class Served:
    """A server in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", first_line: str) -> None:
        self.process = process
        self.url, seconds, items = first_line.split()
        self.seconds, self.items = float(seconds), int(items)

    def memory(self) -> float:
        """The most memory it ever had resident, in MB; 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return 0.0
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextmanager
def served(code: str, *arguments: str) -> Iterator[Served]:
    """Start a server, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert process.stdout is not None
    try:
        yield Served(process, process.stdout.readline())
    finally:
        process.communicate(timeout=30)


def walk(url: str, path: str, *, pages: int | None = None, query: str = "page_size=100") -> tuple[int, float]:
    """Walk a list from its beginning; returns how many pages there were and how long it took."""
    connection = HTTPConnection(url.removeprefix("http://"))
    link: str | None = f"{path}?{query}"
    count, began = 0, perf_counter()
    while link is not None and (pages is None or count < pages):
        connection.request("GET", link, headers=HEADERS)
        body = connection.getresponse().read()
        # Only the head of the page is read: parsing rows is the business of clients that want them.
        head = body[: body.index(b',"results"')] + b"}"
        following = json.loads(head)["next"]
        link = following and following.removeprefix(url)
        count += 1
    seconds = perf_counter() - began
    connection.close()
    return count, seconds


def small() -> list[tuple[str, str, str]]:
    """The store of the demo's kind: what it takes to make, to hold and to serve."""
    rows = []
    with served(_SERVE_MEMORY) as server:
        rows.append(("a year of 2,000 customers is made in", f"{server.seconds:.2f} s", "< 5 s"))
        for path in ("/customers/", "/subscriptions/", "/orders/", "/items/", "/addresses/", "/payments/"):
            walk(server.url, path)
        rows.append(("memory after every list was walked", f"{server.memory():,.0f} MB", "< 300 MB"))
        for path in ("/items/", "/orders/"):
            pages = seconds = 0.0
            while seconds < 2:
                count, took = walk(server.url, path)
                pages, seconds = pages + count, seconds + took
            rows.append((f"`{path}` pages of 100, one core, one client", f"{pages / seconds:,.0f} a second", "> 1,000"))
    return rows


def table(rows: list[tuple[str, str, str]]) -> str:
    """The measurements as Markdown."""
    lines = ["| sandbox | measured | wanted |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def main() -> str:
    """Measure; returns a Markdown table."""
    return table(small())


def prove(seeds: int) -> None:
    """The promises that tests hold over a few seeds, over many: laws, replay, sameness."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from ordergroove_sandbox import Store
    from testkit.sandbox.event_replay import assert_events_rebuild_store
    from testkit.sandbox.invariants import assert_invariants
    from testkit.sandbox.webhook_inbox import store_with_events

    for seed in range(seeds):
        settings: dict[str, Any] = {
            "customers": 10 + seed % 90,
            "days": 60 + seed * 7 % 700,
            "until": UNTIL,
            "emptied_orders": ("keep", "delete")[seed % 2],
            "placement": ("direct", "direct", "batch")[seed % 3],
            "currencies": (("USD",), ("USD", "CAD", "EUR"))[seed % 2],
            "imported": seed % 4,
        }
        store, inbox = store_with_events(seed, **settings)
        assert_invariants(store)
        assert_events_rebuild_store(store, inbox)
        assert Store(seed=seed, **settings).truth.tables() == store.truth.tables()
        print(f"\r{seed + 1} of {seeds} seeds", end="", flush=True)
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the sandbox costs.")
    parser.add_argument("--prove", type=int, metavar="SEEDS")
    given = parser.parse_args()
    if given.prove:
        prove(given.prove)
    else:
        print(main())
