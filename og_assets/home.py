"""Dagster's home and its development server, the same for every command of the project."""

import os
import shutil
import sys

from og_assets.lake.errors import explained
from og_assets.settings import PROJECT_ROOT, Settings


def prepare_dagster_home(settings: Settings) -> None:
    """Point `DAGSTER_HOME` at `OG_DATA_DIR/dagster`, with the project's dagster.yaml in it, unless one is set.

    One instance for all commands is what keeps two walks of an object type apart: the pools live in it.
    """
    if os.environ.get("DAGSTER_HOME"):
        return
    home = settings.data_dir / "dagster"
    with explained(home):
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)


def dagster_dev_command(*, port: int) -> list[str]:
    """Web server and daemon of this project, in one command; to be run in the project's folder."""
    return [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml", "--port", str(port)]
