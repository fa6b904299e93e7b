"""Dagster's home and its development server, the same for every command of the project."""

import os
import shutil
import sys
from pathlib import Path

from og_assets.lake.errors import translate_os_errors
from og_assets.settings import PROJECT_ROOT, Settings, SettingsError


def prepare_dagster_home(settings: Settings) -> None:
    """Point `DAGSTER_HOME` at `OG_DATA_DIR/dagster`, with the project's dagster.yaml in it, unless one is set.

    One instance for all commands is what keeps two walks of an object type apart: the pools live in it.
    """
    chosen = os.environ.get("DAGSTER_HOME")
    if chosen:
        _refuse_without_pools(Path(chosen))
        return
    home = settings.data_dir / "dagster"
    with translate_os_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)


def _refuse_without_pools(home: Path) -> None:
    if not home.is_absolute() or not (home / "dagster.yaml").is_file():
        raise SettingsError(
            f"DAGSTER_HOME is {home}, which is no absolute path of a folder with a dagster.yaml. Copy the project's "
            "dagster.yaml there, or unset DAGSTER_HOME: without its pools, two runs would walk one object at once."
        )


def dagster_dev_command(*, port: int) -> list[str]:
    """Web server and daemon of this project, in one command."""
    return [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "--workspace",
        str(PROJECT_ROOT / "workspace.yaml"),
        "--port",
        str(port),
    ]
