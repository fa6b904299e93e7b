"""Measure the sandbox: time and memory for a year of 2,000 customers, pages per second.

    python -m benchmarks.sandbox

The server runs in its own process, on one core where the system allows that. The client only reads bytes, so that the
server is the bottleneck.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

HEADERS = {"x-api-key": "sandbox-key", "X-OG-API-VERSION": "2"}

_SERVE_MEMORY = """
import os, sys
from datetime import datetime
from time import perf_counter
if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
from ordergroove_sandbox import Store, serve
start = perf_counter()
store = Store(seed=7, customers=2000, days=365, until=datetime(2026, 11, 22, 14))
seconds = perf_counter() - start
with serve(store) as running:
    print(running.url, seconds, len(store.state.items), flush=True)
    sys.stdin.read()
"""


class Served:
    """A server in its own process."""

    def __init__(self, process: "subprocess.Popen[str]", first_line: str) -> None:
        self.process = process
        self.url, seconds, items = first_line.split()
        self.seconds, self.items = float(seconds), int(items)

    def memory(self) -> float:
        """Return the peak resident memory in MB; 0 where the system does not report it."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return 0.0
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextmanager
def served(code: str, *arguments: str) -> Iterator[Served]:
    """Run a server for the duration of the block."""
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
    """Walk over a list from its first page; return the number of pages and the seconds."""
    connection = HTTPConnection(url.removeprefix("http://"))
    link: str | None = f"{path}?{query}"
    count, start = 0, perf_counter()
    while link is not None and (pages is None or count < pages):
        connection.request("GET", link, headers=HEADERS)
        body = connection.getresponse().read()
        # Only the head of the page is parsed, so that the client costs little.
        head = body[: body.index(b',"results"')] + b"}"
        following = json.loads(head)["next"]
        link = following and following.removeprefix(url)
        count += 1
    seconds = perf_counter() - start
    connection.close()
    return count, seconds


def small() -> list[tuple[str, str, str]]:
    """Measure a store: creation, memory, serving."""
    rows = []
    with served(_SERVE_MEMORY) as server:
        rows.append(("creation of a year of 2,000 customers", f"{server.seconds:.2f} s", "< 5 s"))
        for path in ("/customers/", "/subscriptions/", "/orders/", "/items/", "/addresses/", "/payments/"):
            walk(server.url, path)
        rows.append(("memory after a walk over every list", f"{server.memory():,.0f} MB", "< 300 MB"))
        for path in ("/items/", "/orders/"):
            pages = seconds = 0.0
            while seconds < 2:
                count, took = walk(server.url, path)
                pages, seconds = pages + count, seconds + took
            rows.append((f"`{path}` pages of 100, one core, one client", f"{pages / seconds:,.0f} a second", "> 1,000"))
    return rows


def table(rows: list[tuple[str, str, str]]) -> str:
    """Return the measurements as a Markdown table."""
    lines = ["| sandbox | measured | wanted |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def main() -> str:
    """Measure; return a Markdown table."""
    return table(small())


if __name__ == "__main__":
    print(main())
