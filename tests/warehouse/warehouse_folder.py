"""A warehouse folder whose build file is filled as dbt fills it, and short methods to read the published file."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from og_assets.warehouse.warehouse import Warehouse


class WarehouseFolder:
    """A warehouse, and methods that do what dbt and analysts do with its files."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = Warehouse(folder)

    def sql(self, statement: str) -> None:
        """Run a statement in the build file."""
        self.warehouse.folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.warehouse.build_file)) as connection:
            connection.execute(statement)

    def record_invocation(self, *, day: int, full: bool = True, passed: bool = True, finished: bool = True) -> None:
        """Add one dbt command to the build log, as dbt_project/macros/build_log.sql does."""
        end = f"timestamptz '2026-06-{day:02} 12:05:00+00'" if finished else "null"
        self.sql(
            f"""
            create schema if not exists build_log;
            create table if not exists build_log.invocations (
                invocation_id varchar not null,
                started_at timestamp with time zone not null,
                finished_at timestamp with time zone,
                is_full boolean not null,
                passed boolean not null
            );
            insert into build_log.invocations
            values (uuid()::varchar, '2026-06-{day:02} 12:00:00+00', {end}, {full}, {passed});
            """
        )

    def create_mart(self, rows: int, *, name: str = "fct_orders") -> None:
        """Create a mart with this number of rows, not in the order of their key."""
        self.sql(
            f"""
            create schema if not exists marts;
            create or replace table marts."{name}" as
            select hash(range) as order_id, range as n from range({rows}) order by n;
            """
        )

    def build(self, rows: int = 10) -> None:
        """Create a mart and record a full build that passed."""
        self.create_mart(rows)
        self.record_invocation(day=1)

    def query_published(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query on the published file over a new connection."""
        with duckdb.connect(str(self.warehouse.published_file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def files(self) -> set[str]:
        """Return the names of all files in the folder."""
        return {path.name for path in self.warehouse.folder.iterdir()}

    @contextmanager
    def locked(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Let another process hold the lock of the build file; yields the process."""
        script = "import duckdb, sys; lock = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(self.warehouse.build_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
