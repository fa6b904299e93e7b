"""A warehouse with a build file like the one that dbt leaves behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from og_assets.warehouse.warehouse import Warehouse


class Yard:
    """A warehouse, and the short way to build in it and to look at it."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = Warehouse(folder)

    def sql(self, statement: str) -> None:
        """Run statements in the build file."""
        self.warehouse.folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.warehouse.build_file)) as connection:
            connection.execute(statement)

    def invocation(self, *, day: int, full: bool = True, passed: bool = True, finished: bool = True) -> None:
        """Write down one dbt command, as dbt_project/macros/build_log.sql does."""
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

    def mart(self, rows: int, *, name: str = "fct_orders") -> None:
        """Make a mart with so many rows, in no order."""
        self.sql(
            f"""
            create schema if not exists marts;
            create or replace table marts."{name}" as
            select hash(range) as order_id, range as n from range({rows}) order by n;
            """
        )

    def built(self, rows: int = 10) -> None:
        """Make a build that passed."""
        self.mart(rows)
        self.invocation(day=1)

    def published(self, query: str) -> list[tuple[object, ...]]:
        """Ask the published file, as somebody who has just opened it."""
        with duckdb.connect(str(self.warehouse.published_file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def files(self) -> set[str]:
        """Everything that lies in the folder."""
        return {path.name for path in self.warehouse.folder.iterdir()}

    @contextmanager
    def held(self, *, seconds: float = 60) -> Iterator[int]:
        """Let another process hold the build file; gives its id."""
        script = "import duckdb, time; held = duckdb.connect({!r}); print(flush=True); time.sleep({!r})"
        process = subprocess.Popen(
            [sys.executable, "-c", script.format(str(self.warehouse.build_file), seconds)], stdout=subprocess.PIPE
        )
        assert process.stdout
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "it's a [ware] house")


@pytest.fixture
def project_path() -> dict[str, str]:
    """An environment in which another Python finds this project."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
