"""Measure how fast items are pulled from the API into the lake, compared with a loop that only fetches the pages.

The sandbox and each measured pull run in their own processes, so that peak memory is the pull's alone. The fetch-only
loop requests the same pages with the same HTTP library, parses them to find `next`, and keeps nothing. It is the lower
bound for any extractor that sends one request at a time.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from og_assets.extraction.pull import Extractor, Window
from og_assets.lake.lake import Lake
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings

CUSTOMERS = 33_000
PORT = 8771
URL = f"http://127.0.0.1:{PORT}"
HEADERS = {"x-api-key": "sandbox-key", "X-OG-API-VERSION": "2"}
ITEMS = BY_NAME["items"]
PAGE_DELAY = 0.020
ROUNDS = 2


def measure() -> str:
    """Measure with and without a delay per page; returns a Markdown section."""
    rows = []
    with _sandbox():
        _in_process("fetch")  # Not counted: in its first listing, the sandbox renders and caches each row.
        for delay in (PAGE_DELAY, 0.0):
            httpx.post(f"{URL}/sandbox/faults", json={"delay": delay}).raise_for_status()
            fetches, pulls = [], []
            for _ in range(ROUNDS):
                fetches.append(_in_process("fetch"))
                pulls.append(_in_process("pull"))
            pulled, fetched = min(pulls, key=_seconds), min(fetches, key=_seconds)
            cells = (
                f"{delay * 1000:.0f} ms",
                f"{pulled['rows']:,}",
                f"{pulled['pages']:,}",
                f"{fetched['seconds']:.1f} s",
                f"{pulled['seconds']:.1f} s",
                f"{pulled['seconds'] / fetched['seconds']:.3f}",
                f"{pulled['rows'] / pulled['seconds']:,.0f}",
                f"{max(pull['peak_mb'] for pull in pulls):.0f} MB",
            )
            rows.append(f"| {' | '.join(cells)} |")
    header = (
        "| delay per page | items | pages | fetch only | pull into the lake | ratio | rows/s | peak memory |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    target = (
        f"Target: ratio at most 1.10 at {PAGE_DELAY * 1000:.0f} ms, at least 20,000 rows/s without a delay, peak "
        f"under 400 MB. Best of {ROUNDS} alternating rounds."
    )
    return "\n".join(["## Extraction: items into the lake", "", header, *rows, "", target, ""])


def _seconds(result: dict[str, float]) -> float:
    return result["seconds"]


def _in_process(name: str) -> dict[str, float]:
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.extraction", name], check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, float] = json.loads(output.stdout)
    return result


@contextmanager
def _sandbox() -> Iterator[None]:
    command = [sys.executable, "-m", "og_assets", "sandbox", "--customers", str(CUSTOMERS), "--port", str(PORT)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_until_healthy(process)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until_healthy(process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            httpx.get(f"{URL}/sandbox/health").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(f"the sandbox exited with status {process.returncode}")


def fetch() -> dict[str, float]:
    """Fetch every page and discard it."""
    pages = rows = 0
    url: str | None = f"{URL}{ITEMS.path}?page_size={ITEMS.page_size}"
    with httpx.Client(headers=HEADERS, timeout=60) as client:
        while url:
            body = client.get(url).json()
            pages += 1
            rows += len(body["results"])
            url = body["next"]
    return {"pages": pages, "rows": rows}


def pull() -> dict[str, float]:
    """Pull every page into a lake."""
    settings = Settings(_env_file=None, ordergroove_api_key="sandbox-key", ordergroove_base_url=URL)
    window = Window(key="all", start=None, end=datetime.now(UTC) + timedelta(days=1))
    with tempfile.TemporaryDirectory() as folder:
        extractor = Extractor(settings, Lake(Path(folder)))
        (pulled,) = extractor.pull_windows(ITEMS, [window], run_id="benchmark", progress=lambda _: None)
    return {"pages": pulled.pages, "rows": pulled.rows}


if __name__ == "__main__":
    started = time.perf_counter()
    counts = {"fetch": fetch, "pull": pull}[sys.argv[1]]()
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**counts, "seconds": seconds, "peak_mb": peak_mb}))
