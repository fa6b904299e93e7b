"""Runs dbt in this process on any data folder, with one parsed manifest for all processes of a test session.

Belongs here: parsing and invoking dbt. Does not belong here: what a test writes into a lake (`store`).
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from testkit.dbt.shared import load_or_make

PROJECT = Path(__file__).parents[2] / "dbt_project"


class Dbt:
    """dbt on the project, for one data folder at a time. One manifest is valid for every folder.

    `shared` is a folder of all processes that use the same checkout: the first of them parses the project and stores
    the manifest there, the others load it, which takes a twentieth of the CPU time.
    """

    def __init__(self, scratch: Path, *, shared: Path | None = None) -> None:
        self._scratch = scratch
        self._runner = dbtRunner()
        shared = shared or scratch
        packed = load_or_make(shared / "manifest.pickle", lambda: self._parse().to_msgpack())
        # dbt's own format for partial parsing: a pickled manifest loses its lookup of nodes.
        self.manifest: Manifest = Manifest.from_msgpack(packed)
        self.manifest.build_flat_graph()  # type: ignore[no-untyped-call]
        self._runner = dbtRunner(manifest=self.manifest)
        # The manifest stays for the whole session: without this, each garbage collection traverses it.
        gc.collect()
        gc.freeze()

    @property
    def models(self) -> dict[str, ModelNode]:
        """The models of the project, by unique id."""
        return {key: node for key, node in self.manifest.nodes.items() if isinstance(node, ModelNode)}

    def _parse(self) -> Manifest:
        result = self.invoke("parse", "--show-all-deprecations", data_dir=self._scratch)
        if not result.success:
            raise RuntimeError("dbt cannot parse the project") from result.exception
        return cast(Manifest, result.result)

    def invoke(self, *arguments: str, data_dir: Path, **environment: str) -> dbtRunnerResult:
        """Run one command; the database file is free afterwards."""
        where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        # Logs and artifacts are not read here, and cost a third of the time of a build of few rows.
        scratch = ["--target-path", str(self._scratch / "target"), "--log-level-file", "none", "--no-write-json"]
        with _environment(OG_DATA_DIR=str(data_dir), **environment):
            try:
                return self._runner.invoke([*arguments, *where, *scratch, "--log-level", "none", "--no-use-colors"])
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
        # dbt changes the working directory of the process to the project's folder.
        os.chdir(here)
