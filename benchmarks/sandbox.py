"""What the sandbox costs: a year of 2,000 customers in time and memory, pages a second, and a store served from disk.

    python -m benchmarks.sandbox                      the small store
    python -m benchmarks.sandbox --archive DIR        and the archive in DIR, made if it is not there
    python -m benchmarks.sandbox --prove 200          no measuring: replay, laws and walks over so many seeds

Each server runs in a process of its own, on one core where the system allows that; the client only reads bytes, so what
is measured is the server.
"""

import argparse
import json
import os
import resource
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
LARGE_CUSTOMERS, LARGE_DAYS = 178_000, 2_000

_SERVE_MEMORY = """
import os, sys
from datetime import datetime
from time import perf_counter
if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
from og_assets.sandbox import Store, serve
began = perf_counter()
store = Store(seed=7, customers=2000, days=365, until=datetime(2026, 11, 22, 14))
seconds = perf_counter() - began
with serve(store) as running:
    print(running.url, seconds, len(store.world.items), flush=True)
    sys.stdin.read()
"""
_SERVE_DISK = """
import os, sys
from pathlib import Path
if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
from og_assets.sandbox.archive import serve_archive
with serve_archive(Path(sys.argv[1])) as running:
    print(running.url, 0, 0, flush=True)
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


def large(folder: Path) -> list[tuple[str, str, str]]:
    """An archive: what it takes to make (where it is not there yet) and to serve."""
    rows = []
    if not (folder / "store.sqlite").exists():
        from og_assets.sandbox.archive import build_archive

        began = perf_counter()
        counts = build_archive(folder, seed=7, customers=LARGE_CUSTOMERS, days=LARGE_DAYS, until=UNTIL)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        what = f"{counts['subscriptions']:,} subscriptions, {counts['items']:,} items made, truth included"
        rows.append((what, f"{(perf_counter() - began) / 60:.1f} min, {peak:,.0f} MB", "minutes"))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9
    rows.append(("size on disk", f"{size:.1f} GB", ""))
    with served(_SERVE_DISK, str(folder)) as server:
        for path in ("/items/", "/orders/"):
            count, seconds = walk(server.url, path, pages=3000)
            rows.append((f"`{path}` from disk, first {count:,} pages of 100", f"{count / seconds:,.0f} a second", ""))
        query = "page_size=100&order_updated_start=2026-11-21T14:00:00&order_updated_end=2026-11-22T14:00:00"
        count, seconds = walk(server.url, "/items/", query=query)
        rows.append((f"`/items/` of one day's window, {count:,} pages", f"{seconds:.1f} s", ""))
        rows.append(("memory of the server", f"{server.memory():,.0f} MB", "bounded"))
    return rows


def table(rows: list[tuple[str, str, str]]) -> str:
    """The measurements as Markdown."""
    lines = ["| sandbox | measured | wanted |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def main(archive: Path | None = None) -> str:
    """Measure; returns a Markdown table."""
    return table(small() + (large(archive) if archive else []))


def prove(seeds: int) -> None:
    """The promises that tests hold over a few seeds, over many: laws, replay, sameness."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from og_assets.sandbox import Store
    from tests.sandbox.laws import assert_lawful
    from tests.sandbox.receiving import life
    from tests.sandbox.test_replay import assert_rebuilt

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
        store, inbox = life(seed, **settings)
        assert_lawful(store)
        assert_rebuilt(store, inbox)
        assert Store(seed=seed, **settings).truth.tables() == store.truth.tables()
        print(f"\r{seed + 1} of {seeds} seeds", end="", flush=True)
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the sandbox costs.")
    parser.add_argument("--archive", type=Path)
    parser.add_argument("--prove", type=int, metavar="SEEDS")
    given = parser.parse_args()
    if given.prove:
        prove(given.prove)
    else:
        print(main(given.archive))
