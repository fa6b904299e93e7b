"""dbt's manifest, parsed again only when the dbt project or the installed dbt changed.

A parse takes 5 s, and each of Dagster's processes loads the code location, so parsing in each of them would cost more
than a day's pulls. The digest of the project's files lies beside the manifest and shows whether it is current.
"""

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

from dagster_dbt import DbtCliResource, DbtProject
from filelock import FileLock

PROJECT_DIR = Path(__file__).parents[2] / "dbt_project"
_SOURCES = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests")


def prepared_project() -> DbtProject:
    """Return the dbt project with a current manifest. Of two processes, one parses and the other waits."""
    project = DbtProject(project_dir=PROJECT_DIR)
    stamp = project.manifest_path.with_name("manifest.digest")
    digest = _digest(project.project_dir)
    if not _is_current(stamp, digest=digest):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(stamp.with_suffix(".lock")):
            if not _is_current(stamp, digest=digest):
                dbt_cli().cli(["parse", "--quiet"], target_path=project.target_path).wait()
                stamp.write_text(digest)
    return project


def dbt_cli() -> DbtCliResource:
    """Return dbt as installed beside this Python, whether or not its environment is activated."""
    beside = Path(sys.executable).with_name("dbt")
    return DbtCliResource(project_dir=PROJECT_DIR, dbt_executable=str(beside) if beside.exists() else "dbt")


def _is_current(stamp: Path, *, digest: str) -> bool:
    return stamp.exists() and stamp.read_text() == digest and stamp.with_name("manifest.json").exists()


def _digest(project_dir: Path) -> str:
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for source in _SOURCES:
        root = project_dir / source
        for path in sorted([root] if root.is_file() else root.rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(project_dir)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
