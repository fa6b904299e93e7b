"""Measure how long the marts of two years take: a full build, and the build after a day that changed 1 %.

The generated history is written directly into a lake, one file per object and day, in the format of pulls and webhook
events. It is the same in every run. Each dbt command runs in its own process, so that peak memory is its alone.
`python -m benchmarks.marts lifecycle --subscriptions 5000` measures a small store.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from og_assets.deletions.check_rows import DELETION_CHECKS
from og_assets.events.land import EVENTS as EVENTS_TABLE
from og_assets.lake.files import write_table
from og_assets.lake.lake import Lake
from og_assets.lake.manifest import PULLS
from og_assets.settings import PROJECT_ROOT

from .history import EVENTS, MACROS, NEXT_DAY, ORDER_TABLE, RAW_OBJECTS, SUBSCRIPTION_TABLE, VERSION_TABLE

# The models to build and the number of subscriptions. 300,000 subscriptions have three million items.
SCOPES = {"lifecycle": ("path:models/marts/lifecycle", 200_000), "all": ("path:models/marts", 300_000)}
# The end of the newest window in the first build, two years after the first subscription.
NOW = datetime(2026, 6, 1, 14)
UPDATED = ("subscriptions", "orders", "items")
LOGGED = ("billing_attempts",)
PULLED = ("customers", "products", *UPDATED, *LOGGED)


def measure(scope: str, subscriptions: int | None = None) -> str:
    """Write two years, build, write one more day, build; returns a Markdown section."""
    subscriptions = subscriptions or SCOPES[scope][1]
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        (data_dir / "warehouse").mkdir()
        with duckdb.connect() as store:
            store.execute("set TimeZone = 'UTC'")
            store.execute(MACROS)
            store.execute("set variable subscriptions = ?", [subscriptions])
            _set_clock(store, since=NOW - timedelta(days=731), now=NOW)
            for table in (SUBSCRIPTION_TABLE, VERSION_TABLE, ORDER_TABLE):
                store.execute(table)
            counts = _write_into_lake(store, data_dir / "lake", since=None, now=NOW, names=PULLED)
            full = _in_process(scope, data_dir)
            _set_clock(store, since=NOW, now=NOW + timedelta(days=1))
            store.execute(NEXT_DAY)
            tomorrow = NOW + timedelta(days=1)
            changed = _write_into_lake(store, data_dir / "lake", since=NOW, now=tomorrow, names=(*UPDATED, *LOGGED))
            daily = _in_process(scope, data_dir)
            marts = _in_process(scope, data_dir, "--marts")
    rows = [
        _row("two years: staging and marts", counts, full),
        _row("one more day: staging and marts", changed, daily),
        _row("two years: full refresh of the marts only", counts, marts),
    ]
    header = (
        "| lake | versions | events | items | models | rows/s | data tests | slowest models | peak memory |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    return (
        f"## Marts, {scope}: {subscriptions:,} subscriptions\n\n{header}\n" + "\n".join(rows) + "\n\n"
        f"The models of one more day take {daily['models'] / full['models']:.0%} of the time of two years. Times are "
        "of complete dbt commands. dbt builds four models at a time, so each model takes longer than it would alone.\n"
    )


def _row(name: str, counts: dict[str, int], done: dict[str, Any]) -> str:
    cells = (
        name,
        f"{counts['subscriptions']:,}",
        f"{counts['events']:,}",
        f"{counts['orders']:,}",
        f"{done['models']:.1f} s",
        f"{sum(counts.values()) / done['models']:,.0f}",
        f"{done['tests']:.1f} s",
        ", ".join(f"`{model}` {seconds:.1f} s" for model, seconds in done["slowest"]),
        f"{done['peak_mb']:,.0f} MB",
    )
    return f"| {' | '.join(cells)} |"


def _set_clock(store: duckdb.DuckDBPyConnection, *, since: datetime, now: datetime) -> None:
    store.execute("set variable since = ?::timestamp", [since])
    store.execute("set variable now = ?::timestamp", [now])
    store.execute("set variable observed_at = timezone('America/New_York', getvariable('now'))")


def _write_into_lake(
    store: duckdb.DuckDBPyConnection, lake: Path, *, since: datetime | None, now: datetime, names: tuple[str, ...]
) -> dict[str, int]:
    """Write the rows of each object as one file per day; returns the number of rows per object."""
    Lake(lake).prepare(EVENTS_TABLE, DELETION_CHECKS)
    counts = {}
    for name in names:
        select = f'select * exclude (origin), unnest(origin), origin._window as "window" from ({RAW_OBJECTS[name]})'
        counts[name] = _copy(store, select, lake / "raw" / name, by="window", run=f"{now:%Y%m%d}")
        window = {"window_start": since and _eastern(since), "window_end": _eastern(now)}
        pull = {"object": name, "run_id": "bench", **window}
        table = pa.Table.from_pylist([pull], schema=PULLS.schema)
        write_table(table, lake / "pulls" / name / f"{now:%Y%m%d}.parquet")
    counts["events"] = _copy(store, EVENTS, lake / "events", by="day", run=f"{now:%Y%m%d}")
    return counts


def _eastern(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=ZoneInfo("America/New_York"))


def _copy(store: duckdb.DuckDBPyConnection, select: str, folder: Path, *, by: str, run: str) -> int:
    files = f"overwrite_or_ignore, filename_pattern '{run}-{{i}}'"
    options = f'format parquet, compression zstd, partition_by ("{by}"), {files}'
    (rows,) = store.execute(f"copy ({select}) to '{folder}' ({options})").fetchone() or (0,)
    return int(rows)


def _in_process(scope: str, data_dir: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.marts", scope, "--build", str(data_dir), *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def build(scope: str, data_dir: Path, *, only_marts: bool = False) -> dict[str, Any]:
    """Build the marts of a lake, then run all data tests. Raises if a model or a test fails.

    `only_marts` keeps staging and does a full refresh of everything that depends on it.
    """
    os.environ["OG_DATA_DIR"] = str(data_dir)
    os.environ["ORDERGROOVE_TIMEZONE"] = "America/New_York"
    project = str(PROJECT_ROOT / "dbt_project")
    project_options = ["--project-dir", project, "--profiles-dir", project]
    output_options = ["--target-path", str(data_dir / "target"), "--log-path", str(data_dir / "logs")]
    started = time.perf_counter()
    select = ["--select", f"+{SCOPES[scope][0]}"]
    options = ["--full-refresh", "--exclude", "path:models/staging"] if only_marts else []
    built = _dbt(
        ["build", *select, "--exclude-resource-type", "unit_test", "test", *options, *project_options, *output_options]
    )
    built_at = time.perf_counter()
    _dbt(["test", *select, "--exclude-resource-type", "unit_test", *project_options, *output_options])
    models = {node.node.name: node.execution_time for node in built if node.node.resource_type == "model"}
    return {
        "models": built_at - started,
        "tests": time.perf_counter() - built_at,
        "slowest": sorted(models.items(), key=lambda model: -model[1])[:3],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _dbt(arguments: list[str]) -> Any:
    from dbt.cli.main import dbtRunner

    # The log level of a build in Dagster.
    done: Any = dbtRunner().invoke([*arguments, "--quiet", "--log-level-file", "info"])
    if not done.success:
        raise RuntimeError(done.exception or [node.message for node in done.result if node.status in ("error", "fail")])
    return done.result


def main() -> None:
    """Measure, or with `--build`, build in this process."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("scope", choices=SCOPES)
    parser.add_argument("--subscriptions", type=int)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--marts", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        sys.stdout.write(json.dumps(build(arguments.scope, arguments.build, only_marts=arguments.marts)))
    else:
        sys.stdout.write(measure(arguments.scope, arguments.subscriptions))


if __name__ == "__main__":
    main()
