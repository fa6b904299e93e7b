"""Run the benchmarks and write what they say to `benchmarks/RESULTS.md`: `make bench`."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import extraction, ingestion, marts, receiver, sandbox

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Measure and write."""
    sections = [
        extraction.measure(),
        receiver.measure(),
        ingestion.measure(),
        *map(marts.measure, marts.SCOPES),
        sandbox.main(),
    ]
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("httpx", "pydantic", "pyarrow", "duckdb", "dagster"))
    RESULTS.write_text(
        f"# Results of `make bench`\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {machine}; {libraries}.\n\n"
        + "\n".join(sections)
    )
    sys.stdout.write(RESULTS.read_text())


main()
