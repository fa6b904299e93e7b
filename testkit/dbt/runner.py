"""dbt in this process, over any data folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

PROJECT = Path(__file__).parents[2] / "dbt_project"


class Dbt:
    """dbt on the project, for one data folder at a time. Parses once: the manifest holds for every folder."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._runner = dbtRunner()
        self.manifest = cast(Manifest, self.invoke("parse", "--show-all-deprecations", data_dir=scratch).result)
        self._runner = dbtRunner(manifest=self.manifest)

    def invoke(self, *arguments: str, data_dir: Path, **environment: str) -> dbtRunnerResult:
        """Run one command; the database file is free afterwards."""
        where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        # Nobody reads a log or an artifact here, and both together are a third of what a build of so little takes.
        scratch = ["--target-path", str(self._scratch / "target"), "--log-level-file", "none", "--no-write-json"]
        with _environment(OG_DATA_DIR=str(data_dir), **environment):
            try:
                return self._runner.invoke([*arguments, *where, *scratch, "--quiet", "--no-use-colors"])
            finally:
                DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before, here = dict(os.environ), Path.cwd()
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        # dbt leaves the process in the project's folder.
        os.chdir(here)
